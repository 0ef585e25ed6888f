#include "ops/telemetry/broker_monitor.h"

#include <httplib.h>
#include <simdjson.h>

namespace vsim::telemetry {
namespace {

std::string read_trouble(httplib::Client& client) {
  const auto answer = client.Get("/healthz");
  if (!answer || answer->status == 200) {
    return {};
  }
  simdjson::dom::parser parser;
  std::string_view error;
  const bool known = parser.parse(answer->body).at_key("error").get(error) == simdjson::SUCCESS;
  return known ? std::string(error) : "its /healthz answers " + std::to_string(answer->status);
}

}  // namespace

std::optional<BrokerMonitor> ask_broker_monitor(const std::string& url) {
  if (url.empty()) {
    return std::nullopt;
  }
  httplib::Client client(url);
  client.set_connection_timeout(1);
  client.set_read_timeout(1);
  const auto answer = client.Get("/varz");
  if (!answer || answer->status != 200) {
    return std::nullopt;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element config;
  if (parser.parse(answer->body).at_pointer("/jetstream/config").get(config) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  BrokerMonitor monitor;
  bool always = false;
  std::uint64_t interval_ns = 0;
  if (config["sync_always"].get(always) == simdjson::SUCCESS && always) {
    monitor.sync = LogSync{};
  } else if (config["sync_interval"].get(interval_ns) == simdjson::SUCCESS && interval_ns > 0) {
    monitor.sync = LogSync{std::chrono::nanoseconds(interval_ns)};
  }
  std::int64_t most = 0;
  if (config["max_storage"].get(most) == simdjson::SUCCESS && most > 0) {
    monitor.store_bytes_max = static_cast<std::uint64_t>(most);
  }
  monitor.trouble = read_trouble(client);
  return monitor;
}

}  // namespace vsim::telemetry
