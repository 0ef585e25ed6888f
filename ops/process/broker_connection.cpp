#include "ops/process/broker_connection.h"

#include <utility>

#include "ops/process/pause.h"

namespace vsim::process {

using eventstore::Broker;

namespace {
constexpr std::chrono::minutes report_interval{1};
}  // namespace

eventstore::BrokerOptions broker_options(const CommonSettings& settings, std::string name) {
  return {.url = settings.nats_url,
          .name = std::move(name),
          .tls = {.authorities = settings.nats_authorities,
                  .certificate = settings.nats_certificate.certificate,
                  .key = settings.nats_certificate.key}};
}

eventstore::Result<std::unique_ptr<Broker>> connect_when_there(
    const eventstore::BrokerOptions& options, std::chrono::milliseconds interval,
    const std::stop_token& stop, const std::function<void(const std::string& why)>& on_wait) {
  std::string last;
  auto reported_at = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    auto broker = Broker::connect(options);
    if (broker || broker.error().kind == eventstore::Error::Kind::refused) {
      return broker;
    }
    const auto now = std::chrono::steady_clock::now();
    if (last != broker.error().detail || now - reported_at >= report_interval) {
      last = broker.error().detail;
      reported_at = now;
      on_wait(last);
    }
    pause(stop, interval);
  }
  return nullptr;
}

}  // namespace vsim::process
