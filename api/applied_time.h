#pragma once

// Up to when the read models' figures hold, for bills and live figures. D40

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "api/read_side.h"
#include "api/simulated_clock.h"
#include "domain/sim_clock.h"
#include "eventstore/broker_clock.h"
#include "eventstore/broker_facts.h"
#include "eventstore/event_store.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {

/// Up to when figures of the read models hold. Simulated time.
struct Reach {
  Instant applied;                     // all events of an earlier time in the log can be read
  std::optional<Instant> final_until;  // no event of an earlier time can come; none: unknown
  StreamSequence projected = 0;        // of the log, in the read models
};

/// Finds up to when figures hold, and up to when they never change again. A change of a server
/// comes from a command, at a time that is no earlier than the command's stamp in the queue, or
/// from a deadline, at the deadline. So no event will bear a time before the oldest command that
/// waits and the earliest deadline that has not been applied, once the read models hold all that
/// the log held after that look at the queue. Any thread. D40
class AppliedTime {
 public:
  /// Commands with an earlier stamp may still enter the queue for this long, or for as long as the
  /// broker's time is uncertain (D38) where that is more.
  static constexpr std::chrono::milliseconds late_stamp_min{20};
  /// Live figures may lag by the simulated time that passes in live_look_kept of real time, or by
  /// live_lag_max where time runs faster, before the queue is looked at again.
  static constexpr std::chrono::milliseconds live_look_kept{800};
  static constexpr Duration live_lag_max{1000};
  /// How long a look for live figures waits for commands under way, and a reader for the look.
  static constexpr std::chrono::milliseconds live_patience{50};
  static constexpr std::chrono::milliseconds live_wait_max{500};

  /// Where EVENTS ends, and the broker's time then.
  using LogFacts = std::function<eventstore::Result<eventstore::StreamFacts>()>;

  /// All outlive it. `queue` is COMMANDS, read as a log.
  AppliedTime(eventstore::EventStore& queue, eventstore::EventStore& events, LogFacts log_facts,
              ReadSide& read_side, SimulatedClock& clock, const eventstore::BrokerClock& wall,
              std::function<bool()> stopping);

  /// Waits until all before `asked` (none, or a later time: before now) is final, for as long as
  /// `patience`; gives what is final then. `applied` is not after now. Without the broker gives
  /// what is known without it. The problem is the read models'.
  Reply<Reach> reach(std::optional<Instant> asked, std::chrono::milliseconds patience);

  /// The time that live figures are shown for: what a bill that does not wait says of `applied`, a
  /// little before now. To be called before the servers are read, so that these hold all that
  /// happened until then. Waits for a look, live_wait_max at most; where no look ends, as without
  /// the broker, the time stands still. D61
  Instant live_now();

  /// Looks twice a second and when live_now() asks for it, until stopped.
  void watch(const std::stop_token& stop);

 private:
  using Steady = std::chrono::steady_clock;
  struct Moment;
  struct QueueLook;

  std::optional<SimClock> read_clock();
  std::optional<Moment> take_moment();
  bool wait_until_passed(WallTime wall) const;
  std::optional<QueueLook> look_at_queue(const Moment& moment);
  Reply<Reach> reach_without_broker();
  Reach judge(const Moment& moment, const std::optional<QueueLook>& look,
              const read_model::Progress& progress);
  static bool one_is_gone(const QueueLook& look, const read_model::Progress& progress);
  std::optional<Instant> proven(const read_model::Progress& progress);
  Duration live_lag_allowed() const;
  void look_for_live();

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

  std::mutex live_mutex_;
  std::condition_variable_any live_changed_;
  std::optional<Instant> live_;       // none: no look has come to an end
  StreamSequence live_sequence_ = 0;  // of the log, in the read models then
  bool live_wanted_ = false;
  std::uint64_t looks_begun_ = 0;
  std::uint64_t looks_done_ = 0;
  Steady::time_point look_began_at_;
};

}  // namespace vsim::api
