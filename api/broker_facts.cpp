#include "api/broker_facts.h"

#include <httplib.h>
#include <simdjson.h>

namespace vsim::api {
namespace {

using eventstore::Error;

/// The number behind a JSON pointer; 0 when there is none.
std::uint64_t number_at(const simdjson::dom::element& root, std::string_view pointer) {
  std::uint64_t value = 0;
  if (root.at_pointer(pointer).get(value) != simdjson::SUCCESS) {
    return 0;
  }
  return value;
}

template <typename Read>
auto ask(const eventstore::Broker& broker, const std::string& subject, Read&& read)
    -> eventstore::Result<decltype(read(std::declval<simdjson::dom::element>()))> {
  const auto json = broker.api(subject, "");
  if (!json) {
    return tl::unexpected(json.error());
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(*json).get(root) != simdjson::SUCCESS) {
    return eventstore::fail(Error::Kind::unknown, "the broker's answer is no JSON");
  }
  return read(root);
}

}  // namespace

eventstore::Result<StreamFacts> stream_facts(const eventstore::Broker& broker,
                                             std::string_view stream) {
  return ask(
      broker, "$JS.API.STREAM.INFO." + std::string(stream), [](const simdjson::dom::element& root) {
        return StreamFacts{number_at(root, "/state/messages"), number_at(root, "/state/last_seq"),
                           number_at(root, "/config/num_replicas")};
      });
}

eventstore::Result<ConsumerFacts> consumer_facts(const eventstore::Broker& broker,
                                                 std::string_view stream,
                                                 std::string_view consumer) {
  return ask(
      broker, "$JS.API.CONSUMER.INFO." + std::string(stream) + "." + std::string(consumer),
      [](const simdjson::dom::element& root) {
        return ConsumerFacts{number_at(root, "/num_waiting"), number_at(root, "/num_ack_pending")};
      });
}

std::string ask_sync_interval(const std::string& monitor_url) {
  httplib::Client client(monitor_url);
  client.set_connection_timeout(1);
  client.set_read_timeout(1);
  const auto answer = client.Get("/varz");
  if (!answer || answer->status != 200) {
    return {};
  }
  simdjson::dom::parser parser;
  simdjson::dom::element config;
  if (parser.parse(answer->body).at_pointer("/jetstream/config").get(config) != simdjson::SUCCESS) {
    return {};
  }
  bool always = false;
  if (config["sync_always"].get(always) == simdjson::SUCCESS && always) {
    return "always";
  }
  const std::uint64_t interval_ns = number_at(config, "/sync_interval");
  return interval_ns == 0 ? std::string() : std::to_string(interval_ns / 1'000'000'000) + "s";
}

}  // namespace vsim::api
