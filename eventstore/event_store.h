#pragma once

// The log: one ordered stream of messages under subjects, appended to with optimistic concurrency
// and never changed. The contract; jetstream_store.h keeps it on a broker, memory_store.h in tests.
// D1
//
// Threads: one EventStore may be used by many threads at once. A Follower belongs to one thread.
// Blocking: every call returns within its time-out (5 s unless said otherwise).

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/message.h"

namespace vsim::eventstore {

/// "The last message under `filter` is the one at `last`" (0: there is none). The filter is a
/// subject or holds wildcards.
struct Expectation {
  std::string filter;
  Sequence last = 0;
};

struct Append {
  std::string subject;
  std::string payload;
  Headers headers;
  std::optional<Expectation> expected;  // at most one per filter in a batch, on its first message
};

/// Messages of one atomic batch that the broker takes.
inline constexpr std::size_t batch_messages_max = 1000;

/// Messages of one chain at most.
inline constexpr std::size_t chain_messages_max = 400;

/// Messages that are appended one after the other, until one is refused.
using Chain = std::span<const Append>;

/// How far a chain has come.
struct ChainEnd {
  std::size_t stored = 0;      // so many from its front are in the log
  Sequence last = 0;           // where the last of them stands; others' messages may be in between
  std::optional<Error> error;  // why the next one is not; `unknown`: more than `stored` may be
};

/// Whether a stream keeps its messages for ever, or old ones go by its limits.
enum class Retention { for_ever, limited };

/// Follows the log from a position: every message, once, in order. Reconnects by itself.
class Follower {
 public:
  virtual ~Follower() = default;

  /// The next messages, `max` at most, as soon as there is one; empty when none came within `wait`.
  /// `damaged` where the store has lost the next one though later ones are there: no call passes
  /// it.
  virtual Result<std::vector<Message>> next(std::size_t max, std::chrono::milliseconds wait) = 0;
};

class EventStore {
 public:
  virtual ~EventStore() = default;

  /// Appends all or nothing, adjacent and in order; gives the sequence of the last message.
  /// A conflict does not say which expectation failed. An empty batch is a bug of the caller.
  virtual Result<Sequence> append(std::span<const Append> batch) = 0;

  /// Appends chains that have nothing to do with each other, all under way at once; their ends
  /// stand in the same order. A chain is not atomic: it stops at the first message that is refused,
  /// and what stands before that stays. Each message needs an expectation of its own where it
  /// matters what is before it, since others' messages may come between two of a chain. Costs the
  /// disk one sync a message. Chains hold 1 to chain_messages_max messages. D72
  virtual std::vector<ChainEnd> append_chains(std::span<const Chain> chains) = 0;

  /// Appends messages that have nothing to do with each other: each succeeds or fails alone, and
  /// the results stand in the same order.
  std::vector<Result<Sequence>> append_each(std::span<const Append> messages);

  /// The last message of every subject that matches one of the filters, in no given order.
  virtual Result<std::vector<Message>> load_last(std::span<const std::string> filters) = 0;

  /// Every message under the filter, oldest first. For single servers: it reads the whole history.
  virtual Result<std::vector<Message>> load_history(const std::string& filter) = 0;

  /// The first `max` messages under the filter from a position on, oldest first; fewer where there
  /// are no more, or where the store has lost the next one. The filter ">" stands for all.
  virtual Result<std::vector<Message>> load_page(const std::string& filter, Sequence from,
                                                 std::size_t max);

  /// The last message of every subject that matches the filter, of those up to a position.
  virtual Result<std::vector<Message>> load_last_until(const std::string& filter, Sequence end);

  /// The first message under the filter at a position or after it.
  virtual Result<std::optional<Message>> load_next(const std::string& filter, Sequence from) = 0;

  /// The message at a position; nothing when the log does not reach so far.
  virtual Result<std::optional<Message>> load(Sequence sequence) = 0;

  /// The position of the last message; 0 in an empty log.
  virtual Result<Sequence> last_sequence() = 0;

  /// Everything after a position.
  virtual std::unique_ptr<Follower> follow(Sequence after) = 0;
};

}  // namespace vsim::eventstore
