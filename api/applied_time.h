#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "api/read_side.h"
#include "api/simulated_clock.h"
#include "domain/clock.h"
#include "eventstore/broker_clock.h"
#include "eventstore/broker_facts.h"
#include "eventstore/event_store.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {

/// How far the read models can answer for what has happened.
struct Reach {
  Instant applied;                     // what bears an earlier time and is in the log can be read
  std::optional<Instant> final_until;  // nothing that bears an earlier time can come; none: unknown
};

/// Tells up to when figures hold, and up to when they never change again (D40). A change of a
/// server comes from a command, at a time that is no earlier than the command's stamp in the queue,
/// or from a deadline, at the deadline. So nothing is still to come before the oldest command that
/// waits and the earliest deadline that has not been applied, once the read models hold all that
/// the log held after that look at the queue. Any thread.
class AppliedTime {
 public:
  /// For so long at least commands that bear an earlier stamp may still come into the queue: the
  /// broker's time is known with some uncertainty (D38), which counts where it is more.
  static constexpr std::chrono::milliseconds settling_min{20};
  /// For so long the projection may lag before live figures stop with it.
  static constexpr std::chrono::seconds lag_max{3};

  /// Where EVENTS ends, and the broker's time then.
  using LogFacts = std::function<eventstore::Result<eventstore::StreamFacts>()>;

  /// All outlive it. `queue` is COMMANDS, read as a log.
  AppliedTime(eventstore::EventStore& queue, eventstore::EventStore& events, LogFacts log_facts,
              ReadSide& read_side, SimulatedClock& clock, const eventstore::BrokerClock& wall,
              std::function<bool()> stopping);

  /// Looks again and again until all before `asked` (none, or a later time: before now) is final,
  /// or that takes longer than `patience`; then as far as it is. `applied` is not after now. Where
  /// the broker cannot be asked: what is known without it. The problem is the read models'.
  Reply<Reach> reach(std::optional<Instant> asked, std::chrono::milliseconds patience);

  /// The time that live figures are shown for: now, but when the projection has been behind for
  /// more than lag_max no later than the last moment that it is known to have reached. Blocks on
  /// nothing.
  Instant live_now();

  /// Keeps looking how far the projection is, for live_now(), until stopped.
  void watch(std::stop_token stop);

 private:
  using Steady = std::chrono::steady_clock;
  struct Moment;
  struct QueueLook;

  std::optional<SimClock> read_clock();
  std::optional<Moment> take_moment();
  bool has_settled(WallTime wall) const;
  std::optional<QueueLook> look_at_queue(const Moment& moment);
  Reply<Reach> reach_without_broker();
  Reach judge(const Moment& moment, const std::optional<QueueLook>& look,
              const read_model::Progress& progress);
  static bool one_is_gone(const QueueLook& look, const read_model::Progress& progress);
  std::optional<Instant> proven(const read_model::Progress& progress);

  eventstore::EventStore& queue_;
  eventstore::EventStore& events_;
  LogFacts log_facts_;
  ReadSide& read_side_;
  SimulatedClock& clock_;
  const eventstore::BrokerClock& wall_;
  std::function<bool()> stopping_;

  std::mutex mutex_;
  std::optional<Instant> final_until_;  // proven; what is final stays so
  StreamSequence final_sequence_ = 0;   // of the log, when that was proven
  Instant projected_ = Instant::min();  // the projection is known to have reached it
  Steady::time_point projected_at_ = Steady::now();
};

}  // namespace vsim::api
