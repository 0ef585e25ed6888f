#pragma once

// Whether EVENTS is the log that this worker and the read models know. Looked at every two seconds,
// and before the first append after every connection: until it has been found to be the same,
// nothing is appended. D49

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/log_identity.h"
#include "workers/log/known_heads.h"

namespace vsim::workers {

/// Thread-safe.
class LogWatch {
 public:
  /// What the read models know; without tables, nothing. Blocks for as long as they take.
  using ReadMarks = std::function<read_model::DbResult<read_model::LogMarks>()>;
  /// Grows with each new connection to the broker.
  using Reconnects = std::function<std::uint64_t()>;

  /// `log`, `heads` and `metrics` outlive it.
  LogWatch(eventstore::EventStore& log, KnownHeads& heads, ReadMarks read_marks,
           Reconnects reconnects, telemetry::Metrics& metrics);

  /// Looks until stopped.
  void run(std::stop_token stop);

  /// One look: what the read models say, and whether the log has it.
  void look();

  /// An error while nothing may be decided, that says why. After a new connection asks the read
  /// models and the broker; blocks for some 2.5 s where Postgres is silent.
  eventstore::Result<void> check();
  /// The same for an append.
  eventstore::Result<void> check_append();

  /// Before anything is read behind a break: the log may be another one by now, and have grown past
  /// what is known of the former one, so that later looks would not tell. An error: nobody answers.
  eventstore::Result<void> before_reading_on();

  /// A message that the log holds: read in its order, or stored by this process, which may not have
  /// read it yet. Later looks expect the newest of them to be there.
  void record_known(StreamSequence sequence, std::string_view payload);
  StreamSequence last_known() const;

  /// The log ends at this place, or gave it to an append, though it held that of `known` before.
  void record_short(StreamSequence end, StreamSequence known);
  /// A message that the broker must have and does not give, as a sentence.
  void record_lost(const std::string& what);

  /// Grows when an operator has accepted the log that there is, by making the read models anew from
  /// it: what was read of the former one counts no more.
  std::uint64_t generation() const;

  /// Somebody who makes a view of the log from what is read, until reader_ends() with what this
  /// gives. As long as one of an earlier generation is left, nothing is appended: it might have
  /// been decided by what only the former log said.
  std::uint64_t reader_begins();
  void reader_ends(std::uint64_t generation);

  /// Why nothing can be appended yet, as a sentence; empty: the read models have answered once.
  std::string awaited() const;

  /// What is wrong with the log, as a sentence for an operator; empty: nothing is.
  std::string trouble() const;

 private:
  std::optional<read_model::LogMarks> ask_models();
  /// `reconnects` as it was before the read models were asked.
  eventstore::Result<void> compare(std::uint64_t reconnects);
  eventstore::Result<void> look_anew();
  /// Holds `looking_`.
  eventstore::Result<void> look_locked();
  eventstore::Result<std::optional<std::string>> fault_of(const read_model::Checkpoint& known,
                                                          std::string_view known_by);
  void judge(const std::optional<std::string>& models, const std::optional<std::string>& own,
             std::uint64_t reconnects);
  std::string trouble_locked() const;
  void show_locked();

  eventstore::EventStore& log_;
  KnownHeads& heads_;
  ReadMarks read_marks_;
  Reconnects reconnects_;
  telemetry::Gauge unsound_;

  std::mutex looking_;  // one thread at a time asks and compares; taken before mutex_
  mutable std::mutex mutex_;
  std::optional<read_model::Checkpoint> models_;  // none: the read models have not answered yet
  std::string models_silence_ = "they have not been asked";  // why they have not
  read_model::Checkpoint own_;                               // the last message that is known
  std::optional<std::uint64_t> compared_at_;  // reconnects when the log was looked at
  std::string models_fault_;
  std::string own_fault_;  // until the generation ends, since what was read stays read
  std::string lost_;       // likewise
  std::string logged_;     // the trouble that is in the log of this process
  std::uint64_t generation_ = 0;
  std::multiset<std::uint64_t> readers_;  // of which generation each is
};

}  // namespace vsim::workers
