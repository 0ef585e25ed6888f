#pragma once

// Repeats the last acks of a queue after a reconnect. The broker may die after it has read an ack
// and before it is on disk; the message would then be delivered again only after the consumer's ack
// wait, and its slot would stay taken until then. An ack of a message that is gone does nothing.
// But a broker that lost its store gives the same sequences to other messages, and an ack names
// only the sequence: acks of messages older than the oldest one stored are not repeated (D45).
//
// Threads: one.

#include <cstddef>
#include <deque>
#include <string>

#include "eventstore/broker.h"
#include "eventstore/message.h"

namespace vsim::eventstore {

inline constexpr std::size_t acks_remembered_max = 8192;

class AckMemory {
 public:
  /// `broker` outlives it; `stream` is the queue.
  AckMemory(const Broker& broker, std::string stream);

  /// Says `word` to `reply_to`, about a message stored then: now, or with the next keep_up() if the
  /// broker was lost since the last one.
  void say(const std::string& reply_to, std::string word, Timestamp stored_at);

  /// Call it before messages are taken. Looks which stream this is, and after a reconnect says all
  /// again, unless the stream was made anew, where the same places belong to other messages.
  void keep_up();

 private:
  struct Said {
    std::string reply_to;
    std::string word;
    Timestamp stored_at{};
  };

  const Broker& broker_;
  std::string stream_;
  std::string stream_created_;  // tells one stream from another of the same name; empty: unknown
  std::uint64_t reconnects_seen_;
  std::deque<Said> said_;
};

}  // namespace vsim::eventstore
