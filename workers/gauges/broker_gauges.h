#pragma once

// What operators watch of the broker: the queue, its consumer, dead letters, storage, and how old
// the oldest event is that the read models lack. Asked in the background, so that a scrape never
// waits for a broker that does not answer.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/queue_numbers.h"
#include "eventstore/broker.h"
#include "eventstore/broker_facts.h"
#include "ops/telemetry/metrics.h"

namespace vsim::workers {

class BrokerGauges {
 public:
  /// As far as the read models are known to have come; nothing when it is not known.
  using Projected = std::function<std::optional<StreamSequence>()>;
  /// The highest place in COMMANDS that the read models know; 0 when none is known.
  using NewestCommand = std::function<StreamSequence()>;

  /// All outlive it. `connections` are this process's, the first of them is asked; `monitor_url`
  /// may be empty.
  BrokerGauges(std::vector<const eventstore::Broker*> connections, std::string monitor_url,
               Projected projected, NewestCommand newest_command, telemetry::Metrics& metrics);

  /// Asks every 2 s until stopped. What gets no answer keeps its last value, and `vsim_nats_up`
  /// falls to 0.
  void run(std::stop_token stop);

  /// What the broker's monitor last said of its health; empty: nothing is wrong, or it did not
  /// answer. Any thread.
  std::string trouble() const;

  /// Why the queue's commands cannot be carried out, as last seen: a sentence for an operator. Any
  /// thread.
  std::optional<std::string> queue_fault() const;

 private:
  eventstore::Result<void> ask();
  eventstore::Result<void> ask_queue();
  void judge(const QueueNumbers& numbers, bool consumer_is_gone);
  eventstore::Result<void> ask_storage();
  eventstore::Result<void> ask_lag();
  void count_permission_errors();

  std::vector<const eventstore::Broker*> connections_;
  std::string monitor_url_;
  Projected projected_;
  NewestCommand newest_command_;
  telemetry::Gauge up_;
  telemetry::Gauge commands_;
  telemetry::Gauge numbers_broken_;
  telemetry::Gauge oldest_;
  telemetry::Gauge paused_;
  telemetry::Gauge dead_letters_;
  telemetry::Gauge store_;
  telemetry::Gauge store_max_;
  telemetry::Gauge trouble_;
  telemetry::Gauge lag_events_;
  telemetry::Gauge lag_seconds_;
  telemetry::Counter permission_errors_;
  mutable std::mutex mutex_;
  std::string monitor_trouble_;             // guarded by mutex_
  std::optional<std::string> queue_fault_;  // guarded by mutex_
};

}  // namespace vsim::workers
