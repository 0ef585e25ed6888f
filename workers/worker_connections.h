#pragma once

// A worker's connections to the broker: one for each way of using it. D13

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "eventstore/broker.h"
#include "eventstore/broker_clock.h"
#include "ops/process/settings.h"

namespace vsim::workers {

struct Connections {
  std::unique_ptr<eventstore::Broker> appends;     // gathers what goes into batches
  std::unique_ptr<eventstore::Broker> unbuffered;  // the deciding roles' reads, chains, and replies
  std::unique_ptr<eventstore::Broker> taking;      // the queue: pulls and acks, sent at once
  std::unique_ptr<eventstore::Broker> feeds;       // followers; gathers replies of large batches

  /// Makes all four, trying until the broker is there or a stop is requested. The error is a
  /// sentence: the broker refuses this worker, or it was stopped.
  static tl::expected<Connections, std::string> make(const process::WorkerSettings& settings,
                                                     const std::stop_token& stop);

  /// Makes every wait for the broker fail from now on, also one that has begun. Any thread.
  void give_up() const;
};

/// Why the broker counts as silent; nothing when it answers. The clock asks it each second, so
/// silence is known 1 to 2 s after it began; the connection's own pings take 4 to 6.
std::optional<std::string> silence_of(const eventstore::Broker& broker,
                                      const eventstore::BrokerClock& time);

/// Waits for a stop, and then for `finished`, 4 s at most; gives the connections up if what is in
/// hand is not finished by then. Returns when `finished` is requested or the connections are given
/// up.
void give_up_after_stop(const Connections& connections, const std::stop_token& stop,
                        const std::stop_token& finished);

}  // namespace vsim::workers
