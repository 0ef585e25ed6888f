#include "workers/gauges/broker_gauges.h"

#include "eventstore/direct_get.h"
#include "ops/process/pause.h"
#include "ops/telemetry/broker_monitor.h"
#include "ops/telemetry/log.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Error;
using eventstore::Result;

constexpr auto ask_interval = 2s;

double seconds(std::chrono::nanoseconds length) {
  return std::chrono::duration<double>(length).count();
}

}  // namespace

BrokerGauges::BrokerGauges(std::vector<const eventstore::Broker*> connections,
                           std::string monitor_url, Projected projected,
                           NewestCommand newest_command, telemetry::Metrics& metrics)
    : connections_(std::move(connections)),
      monitor_url_(std::move(monitor_url)),
      projected_(std::move(projected)),
      newest_command_(std::move(newest_command)),
      up_(metrics.gauge("vsim_nats_up", "1 while NATS answers this process, else 0")),
      commands_(metrics.gauge("vsim_queue_commands", "Commands in COMMANDS that have no outcome")),
      numbers_broken_(metrics.gauge("vsim_queue_numbers_broken",
                                    "1 while the numbers of COMMANDS cannot be relied on: commands "
                                    "wait for ever, or look old")),
      oldest_(metrics.gauge("vsim_queue_oldest_seconds",
                            "Seconds of the wall that the oldest of them has waited; 0: none")),
      paused_(metrics.gauge("vsim_consumer_paused",
                            "1 while the consumer commands is paused: no worker gets a command")),
      dead_letters_(metrics.gauge("vsim_dead_letters", "Commands in DEAD_LETTERS now")),
      store_(metrics.gauge("vsim_broker_store_bytes", "Bytes that all streams hold on disk")),
      store_max_(metrics.gauge("vsim_broker_store_bytes_max",
                               "Bytes that they may hold; 0: the broker does not tell")),
      trouble_(metrics.gauge("vsim_broker_trouble",
                             "1 while the broker says that it is not well, as after a write that "
                             "failed, else 0")),
      lag_events_(metrics.gauge("vsim_projection_lag_events", "Events not yet in the read models")),
      lag_seconds_(metrics.gauge("vsim_projection_lag_seconds",
                                 "Seconds of the wall since the oldest of them was stored; 0: "
                                 "there is none")),
      permission_errors_(metrics.counter(
          "vsim_nats_permission_errors_total",
          "Publishes and requests of this process that NATS forbade to its user")) {}

void BrokerGauges::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto asked = ask();
    // A refusal is an answer too.
    up_.set(asked || asked.error().kind == Error::Kind::refused ? 1 : 0);
    count_permission_errors();
    process::pause(stop, ask_interval);
  }
}

// Ends at the first question without an answer: the next would get none either, each after seconds.
Result<void> BrokerGauges::ask() {
  if (!connections_.front()->connected()) {
    return eventstore::fail(Error::Kind::unavailable, "not connected");
  }
  if (auto ok = ask_queue(); !ok) {
    return ok;
  }
  if (auto ok = ask_lag(); !ok) {
    return ok;
  }
  return ask_storage();
}

Result<void> BrokerGauges::ask_queue() {
  const auto& broker = *connections_.front();
  // The end of the queue last: it may have grown since the others were asked for, never shrunk.
  const auto known = newest_command_();
  const auto consumer =
      eventstore::consumer_facts(broker, messages::commands_stream, messages::commands_consumer);
  const auto queue = eventstore::stream_facts(broker, messages::commands_stream);
  if (!queue) {
    return tl::unexpected(queue.error());
  }
  commands_.set(static_cast<double>(queue->messages));
  oldest_.set(seconds(queue->oldest_age));
  judge({queue->last_sequence, consumer ? consumer->delivered : 0, known},
        !consumer && consumer.error().kind == Error::Kind::refused);
  if (!consumer) {
    return tl::unexpected(consumer.error());
  }
  paused_.set(consumer->paused ? 1 : 0);
  const auto dead = eventstore::stream_facts(broker, messages::dead_letters_stream);
  if (!dead) {
    return tl::unexpected(dead.error());
  }
  dead_letters_.set(static_cast<double>(dead->messages));
  return {};
}

void BrokerGauges::judge(const QueueNumbers& numbers, bool consumer_is_gone) {
  auto fault = fault_of(numbers);
  numbers_broken_.set(fault ? 1 : 0);
  if (!fault && consumer_is_gone) {
    fault =
        "the consumer commands of COMMANDS is gone, so no worker is handed a command; make it "
        "again: vsimctl migrate";
  }
  const std::lock_guard lock(mutex_);
  if (fault && !queue_fault_) {
    log::error(*fault);
  }
  queue_fault_ = std::move(fault);
}

std::optional<std::string> BrokerGauges::queue_fault() const {
  const std::lock_guard lock(mutex_);
  return queue_fault_;
}

Result<void> BrokerGauges::ask_storage() {
  const auto storage = eventstore::storage_facts(*connections_.front());
  if (!storage) {
    return tl::unexpected(storage.error());
  }
  store_.set(static_cast<double>(storage->bytes));
  const auto monitor = telemetry::ask_broker_monitor(monitor_url_);
  const auto server_limit = monitor ? monitor->store_bytes_max : std::nullopt;
  const auto most = storage->bytes_max ? storage->bytes_max : server_limit;
  store_max_.set(static_cast<double>(most.value_or(0)));
  trouble_.set(monitor && !monitor->trouble.empty() ? 1 : 0);
  const std::lock_guard lock(mutex_);
  monitor_trouble_ = monitor ? monitor->trouble : "";
  return {};
}

Result<void> BrokerGauges::ask_lag() {
  const auto projected = projected_();
  if (!projected) {
    return {};
  }
  const auto& broker = *connections_.front();
  const auto events = eventstore::stream_facts(broker, messages::events_stream);
  if (!events) {
    return tl::unexpected(events.error());
  }
  const auto end = events->last_sequence;
  lag_events_.set(static_cast<double>(end > *projected ? end - *projected : 0));
  if (end <= *projected) {
    lag_seconds_.set(0);
    return {};
  }
  const auto next =
      eventstore::get_at(broker, std::string(messages::events_stream), *projected + 1);
  if (!next) {
    return tl::unexpected(next.error());
  }
  if (*next) {
    lag_seconds_.set(std::max(0.0, seconds(events->answered_at - (*next)->stored_at)));
  }
  return {};
}

std::string BrokerGauges::trouble() const {
  const std::lock_guard lock(mutex_);
  return monitor_trouble_;
}

void BrokerGauges::count_permission_errors() {
  double errors = 0;
  for (const auto* broker : connections_) {
    errors += static_cast<double>(broker->permission_errors());
  }
  permission_errors_.add(errors - permission_errors_.value());
}

}  // namespace vsim::workers
