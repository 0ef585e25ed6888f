#pragma once

// The queue of commands: one slot per subject, taken by any number of workers. A delivery that is
// neither acked nor terminated comes again after the consumer's ack wait. D4
//
// Threads: publish() from any number; take() and the acks from one.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/broker.h"
#include "eventstore/message.h"

namespace vsim::eventstore {

/// What the queue said of a published command.
struct Accepted {
  Sequence sequence = 0;   // of the stored message, or of the first one under the same message id
  bool duplicate = false;  // nothing was stored: the message id is known
};

/// Why the queue took nothing.
struct PublishError {
  enum class Kind {
    slot_taken,   // another command waits under this subject
    full,         // the queue holds all it may
    too_large,    // over the queue's message size
    unavailable,  // not connected: nothing was sent
    unknown       // no answer: send again with the same message id
  };
  Kind kind{};
  std::string detail;
};

/// Publishes to a work queue stream.
class CommandPublisher {
 public:
  /// `broker` outlives the publisher; `stream` is the queue behind the subjects.
  CommandPublisher(Broker& broker, std::string stream);

  tl::expected<Accepted, PublishError> publish(const std::string& subject,
                                               const std::string& payload,
                                               const Headers& headers) const;

  /// Takes a stored command out, whoever holds it; nothing happens when it is gone.
  Result<void> remove(Sequence sequence) const;

  /// The command that waits under the filter, if one does.
  Result<std::optional<Message>> find_waiting(const std::string& filter) const;

 private:
  Broker& broker_;
  std::string stream_;
};

/// One delivery of a queued command.
struct Delivery {
  Message message;
  std::uint64_t deliveries = 1;  // how often it has been delivered, this one included
  std::string reply_to;          // where the ack goes
};

/// A competing consumer of the queue. It keeps pull requests standing, so a command is delivered
/// as soon as it is stored; after a reconnect it asks anew.
class CommandQueue {
 public:
  /// `broker` outlives it, and should send at once: a caller may wait for the slot that an ack
  /// frees.
  CommandQueue(Broker& broker, std::string stream, std::string consumer);
  ~CommandQueue();
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;

  /// What is there, `max` at most, as soon as there is one; empty when none came within `wait`. It
  /// is in hand until it is acked, given back or terminated.
  Result<std::vector<Delivery>> take(std::size_t max, std::chrono::milliseconds wait);

  /// To be called often while something stays in hand. When a third of the ack wait has passed
  /// since the last time, it reports to the broker that all of it is in progress, so that none is
  /// delivered again: a command that waits for the system to recover is not one whose worker died.
  void still_working();

  /// Asks for no more until the next take(). What the broker had sent ahead is in hand then, and
  /// comes with the next take().
  void ask_for_no_more();

  /// The same, but what had been sent ahead is given back: another worker gets it at once, not
  /// after the ack wait. A later take() asks anew.
  void release();

  /// The highest place that the queue has ever given to a command.
  Result<Sequence> last_sequence() const;

  /// Whether what was delivered is still in the queue. A queue that was lost or made anew may have
  /// another command at its place, which an ack would end.
  Result<bool> holds(const Delivery& delivery) const;

  /// Is in hand no more; nothing is said about it.
  void forget(const Delivery& delivery);

  /// Done: the slot will be free as soon as the broker has read it. Waits for nothing. One that a
  /// crash of the broker has lost is said again by a take() after the reconnect.
  void ack(const Delivery& delivery);

  /// Not by us: deliver again after `delay`. That counts as one of the deliveries that a command
  /// may have.
  void nak(const Delivery& delivery, std::chrono::milliseconds delay);

  /// Never again: the slot is free, and the broker tells its advisories why.
  void terminate(const Delivery& delivery, const std::string& reason);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::eventstore
