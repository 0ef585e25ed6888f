#include "workers/worker_connections.h"

#include <array>
#include <chrono>

#include "ops/process/broker_connection.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Broker;

constexpr auto broker_wait_at_stop_max = 4s;  // what is in hand needs it to be finished
constexpr auto broker_unheard_max = 2s;       // the clock asks each second

tl::expected<std::unique_ptr<Broker>, std::string> connect(const process::WorkerSettings& settings,
                                                           const std::string& name, bool unbuffered,
                                                           const std::stop_token& stop) {
  auto options = process::broker_options(settings, name);
  options.timeout = 5s;
  options.send_at_once = unbuffered;
  auto broker = process::connect_when_there(options, 1s, stop, [](const std::string& why) {
    log::warn("waiting for the broker", {{"reason", why}});
  });
  if (!broker) {
    return tl::unexpected(broker.error().detail);
  }
  if (*broker == nullptr) {
    return tl::unexpected<std::string>("stopped before it had started");
  }
  return std::move(*broker);
}

}  // namespace

tl::expected<Connections, std::string> Connections::make(const process::WorkerSettings& settings,
                                                         const std::stop_token& stop) {
  struct Wanted {
    std::unique_ptr<Broker>* connection;
    const char* name;
    bool unbuffered = false;
  };
  Connections made;
  const std::array<Wanted, 4> wanted = {{
      {&made.appends, "vsim-worker appends"},
      {&made.unbuffered, "vsim-worker prompt", true},
      {&made.taking, "vsim-worker taking", true},
      {&made.feeds, "vsim-worker feeds"},
  }};
  for (const auto& [connection, name, unbuffered] : wanted) {
    auto broker = connect(settings, name, unbuffered, stop);
    if (!broker) {
      return tl::unexpected(broker.error());
    }
    *connection = std::move(*broker);
  }
  return made;
}

void Connections::give_up() const {
  for (const auto* broker : {&appends, &unbuffered, &taking, &feeds}) {
    (*broker)->give_up();
  }
}

std::optional<std::string> silence_of(const Broker& broker, const eventstore::BrokerClock& time) {
  if (!broker.connected()) {
    return "not connected to NATS; is nats-server running?";
  }
  const auto status = time.status();
  if (!status.known || status.age < broker_unheard_max) {
    return std::nullopt;
  }
  return "NATS has not answered for " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(status.age).count()) +
         " s; is nats-server frozen, or the way to it?";
}

void give_up_after_stop(const Connections& connections, const std::stop_token& stop,
                        const std::stop_token& finished) {
  std::stop_source either;
  const std::stop_callback stopped(stop, [&] { either.request_stop(); });
  const std::stop_callback done(finished, [&] { either.request_stop(); });
  process::pause(either.get_token(), std::chrono::hours(24 * 365));
  process::pause(finished, broker_wait_at_stop_max);
  if (finished.stop_requested()) {
    return;
  }
  log::warn("the broker does not answer; what is in hand stays with it");
  connections.give_up();
}

}  // namespace vsim::workers
