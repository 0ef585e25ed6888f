#pragma once

// The last acks of a queue. The broker may die after it has read an ack and before its disk knows
// of it; then the message comes again only after the consumer's ack wait, and its slot stays taken
// until then. So after a reconnect the last acks are said again. Of a message that is gone the
// broker takes no notice; but one that lost its store gives the same places to other messages, and
// an ack names but the place. So what is older than the oldest message stored is not said (D45).
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
