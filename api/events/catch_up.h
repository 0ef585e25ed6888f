#pragma once

// Reads the log for clients that begin far behind its end, one page at a time and each in its turn:
// so they cost one thread for all, hold little, and do not slow those who follow it.

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "api/events/event_pages.h"

namespace vsim::api {

/// Bytes of a page at which it is handed out, and events that are looked at for one.
inline constexpr std::size_t catch_up_bytes_max = 64 * 1024;
inline constexpr std::size_t catch_up_events_max = 4096;

/// Any thread.
class CatchUp {
 public:
  struct Request {
    std::uint64_t client = 0;
    StreamSequence after = 0;
    StreamSequence end = 0;  // which the read models have reached
    EventFilter filter;
  };
  struct Page {
    std::uint64_t client = 0;
    SharedBlock block;         // may be without events
    StreamSequence place = 0;  // all up to it has been looked at
  };

  /// `events` outlives it. `deliver` is called on a thread of its own, and must not block.
  CatchUp(eventstore::EventStore& events, std::function<void(Page)> deliver);
  ~CatchUp();
  CatchUp(const CatchUp&) = delete;
  CatchUp& operator=(const CatchUp&) = delete;

  /// A page of it is delivered, be it late: while the log cannot be read, it is tried again.
  void request(Request request);

 private:
  using Chunk = std::vector<SharedEvent>;

  void run(const std::stop_token& stop);
  eventstore::Result<Page> read(const Request& request);
  eventstore::Result<const Chunk*> chunk_of(StreamSequence place, StreamSequence end);

  EventPages pages_;
  const std::function<void(Page)> deliver_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Request> waiting_;  // guarded by the mutex
  /// Of the running thread only: what was read last, the latest in front. After a restart many come
  /// for the same.
  struct Kept {
    StreamSequence first = 0;
    Chunk events;
  };
  std::list<Kept> kept_;
  std::jthread thread_;
};

}  // namespace vsim::api
