#pragma once

// Reads and decodes EVENTS in a thread of its own, ahead of the caller, who uses the events
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

/// Consecutive events, in order.
struct LogChunk {
  struct Entry {
    eventstore::Sequence sequence = 0;
    eventstore::Timestamp stored_at{};
    messages::LoggedEvent logged;
  };
  std::vector<Entry> entries;
  std::string last_payload;  // of the last of them
};

/// One thread may call it.
class LogReader {
 public:
  /// Reads the events after `after`, up to and including `through`. All outlive the reader.
  LogReader(const process::CommonSettings& settings, eventstore::EventStore& events,
            eventstore::Sequence after, eventstore::Sequence through);

  /// The next events; empty after the last one. The error is one line for the operator.
  tl::expected<LogChunk, std::string> next();

 private:
  void read(const std::stop_token& stop);
  tl::expected<LogChunk, std::string> read_some(eventstore::Follower& follower);
  bool hand_over(tl::expected<LogChunk, std::string> chunk, const std::stop_token& stop);

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  eventstore::Sequence read_;  // of the reading thread only
  const eventstore::Sequence through_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<tl::expected<LogChunk, std::string>> chunks_;  // guarded by mutex_, as ended_ is
  bool ended_ = false;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace vsim::vsimctl
