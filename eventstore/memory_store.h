#pragma once

// The log's contract kept in memory, for tests: the same suite as for JetStreamStore passes on it.
// It can be made to fail, at random from a seed or at one instant, so that a test meets the faults
// that a real broker shows rarely.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>

#include "eventstore/event_store.h"

namespace vsim::eventstore {

/// Chances of each append, between 0 and 1. Of a chain they are each message's, and end it there.
struct Faults {
  std::uint64_t seed = 1;
  double unavailable = 0;   // nothing is done, and it is said so
  double lost_request = 0;  // nothing is done, and nobody knows
  double lost_answer = 0;   // it is done, and nobody knows
};

/// Thread-safe.
class MemoryStore : public EventStore {
 public:
  explicit MemoryStore(Faults faults = {});

  Result<Sequence> append(std::span<const Append> batch) override;
  std::vector<ChainEnd> append_chains(std::span<const Chain> chains) override;
  Result<std::vector<Message>> load_last(std::span<const std::string> filters) override;
  Result<std::vector<Message>> load_history(const std::string& filter) override;
  Result<std::optional<Message>> load_next(const std::string& filter, Sequence from) override;
  Result<std::optional<Message>> load(Sequence sequence) override;
  Result<Sequence> last_sequence() override;
  std::unique_ptr<Follower> follow(Sequence after) override;

  /// Adds a message as another store has stored it, with its time, at the next position, which must
  /// be its own.
  void restore(Message message);

  /// Runs before the next append looks at anything, once: whatever happens "at that very moment".
  /// It may append itself. Each message of a chain is an append of its own.
  void before_next_append(std::function<void()> interleaved);

  /// Batches and lone messages that were stored so far, and refused ones.
  std::size_t appends() const;
  std::size_t conflicts() const;

 private:
  friend class MemoryFollower;
  ChainEnd append_chain(Chain chain);
  bool holds(std::span<const Append> batch) const;
  bool happens(double chance);

  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<Message> log_;
  std::function<void()> interleaved_;
  Faults faults_;
  std::mt19937_64 random_;
  std::size_t appends_ = 0;
  std::size_t conflicts_ = 0;
};

/// Whether a subject matches a filter with the wildcards `*` (one token) and `>` (the rest).
bool subject_matches(std::string_view filter, std::string_view subject);

}  // namespace vsim::eventstore
