#pragma once

// The log as the deciding roles use it: nothing is appended to one that went backwards (LogWatch),
// and no message is taken for the last that is older than one that is known (KnownHeads). D49

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/event_store.h"
#include "workers/log/known_heads.h"
#include "workers/log/log_watch.h"

namespace vsim::workers {

/// Thread-safe, as the log that it stands before.
class SoundLog : public eventstore::EventStore {
 public:
  /// All outlive it.
  SoundLog(eventstore::EventStore& log, LogWatch& watch, KnownHeads& heads)
      : log_(log), watch_(watch), heads_(heads) {}

  eventstore::Result<eventstore::Sequence> append(
      std::span<const eventstore::Append> batch) override;
  std::vector<eventstore::ChainEnd> append_chains(
      std::span<const eventstore::Chain> chains) override;

  /// `damaged` where a message is known that is later than what the log gives, and the log has lost
  /// it.
  eventstore::Result<std::vector<eventstore::Message>> load_last(
      std::span<const std::string> filters) override;
  eventstore::Result<std::vector<eventstore::Message>> load_history(
      const std::string& filter) override;

  eventstore::Result<std::optional<eventstore::Message>> load_next(
      const std::string& filter, eventstore::Sequence from) override {
    return log_.load_next(filter, from);
  }
  /// What it gives becomes known: a view that begins with a snapshot reads the last of it so.
  eventstore::Result<std::optional<eventstore::Message>> load(
      eventstore::Sequence sequence) override;
  eventstore::Result<eventstore::Sequence> last_sequence() override { return log_.last_sequence(); }

  /// What it gives becomes known. It ends with a `conflict` when another log has taken the place of
  /// this one and an operator has accepted that.
  std::unique_ptr<eventstore::Follower> follow(eventstore::Sequence after) override;

 private:
  eventstore::Result<void> may_append(std::span<const eventstore::Append> messages);
  /// Messages that the log has stored, adjacent, the last of them at `last`.
  void record(std::span<const eventstore::Append> messages, eventstore::Sequence last,
              eventstore::Sequence known_before);
  eventstore::Result<void> explain_missing(eventstore::Sequence known, eventstore::Sequence found);

  eventstore::EventStore& log_;
  LogWatch& watch_;
  KnownHeads& heads_;
};

}  // namespace vsim::workers
