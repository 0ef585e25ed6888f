#pragma once

// EVENTS, read and decoded in a thread of its own, so that whoever uses the events can be at work
// meanwhile.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/event_store.h"
#include "ops/vsimctl/connections.h"
#include "schema/messages/event_codec.h"

namespace vsim::vsimctl {

/// Events that adjoin, in order.
struct LogChunk {
  struct Entry {
    eventstore::Sequence sequence = 0;
    eventstore::Timestamp stored_at{};
    messages::LoggedEvent logged;
  };
  std::vector<Entry> entries;
  std::string last_payload;  // of the last of them
};

/// The reader's functions may be called by one thread.
class LogReader {
 public:
  /// What follows `after`, up to and with `through`. All outlive the reader.
  LogReader(const process::CommonSettings& settings, eventstore::EventStore& events,
            eventstore::Sequence after, eventstore::Sequence through);

  /// The next events; none when all have been given. The error is one line for a person.
  Found<LogChunk> next();

 private:
  void read(const std::stop_token& stop);
  Found<LogChunk> read_some(eventstore::Follower& follower);
  bool hand_over(Found<LogChunk> chunk, const std::stop_token& stop);

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  eventstore::Sequence read_;  // of the reading thread only
  const eventstore::Sequence through_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Found<LogChunk>> chunks_;  // guarded by mutex_, as ended_ is
  bool ended_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace vsim::vsimctl
