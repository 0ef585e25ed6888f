#pragma once

// Follows the log for all streams of this process, as far as the read models hold it. One small
// query tells how far that is, a few times in a tenth of a second, and one read of the log brings
// what is new: however many clients there are, and neither while there are none. D77

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "api/events/event_pages.h"
#include "schema/read_model/database.h"

namespace vsim::api {

/// Any thread.
class EventFeed {
 public:
  /// What it tells, on a thread of its own.
  struct Listener {
    /// It follows from this place on.
    std::function<void(StreamSequence place)> begun;
    /// The next events, in order and without a gap. May block: then it reads no more.
    std::function<void(std::vector<SharedEvent> events)> came;
    /// The log ends before what was told of it: another one has taken its place. begun() follows.
    std::function<void()> replaced;
  };

  /// All outlive it.
  EventFeed(eventstore::EventStore& events, read_model::ConnectionPool& pool, Listener listener);
  ~EventFeed();
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  /// Whether anybody listens. Each time that this becomes true, it begins anew.
  void want(bool wanted);

 private:
  struct Step {
    bool moved = false;
    bool failed = false;
  };
  void run(const std::stop_token& stop);
  bool wait_until_wanted(const std::stop_token& stop);
  void sleep(const std::stop_token& stop, std::chrono::milliseconds length);
  Step step();
  Step follow_to(StreamSequence end);
  Step check_log();
  Step failed(const std::string& why);

  eventstore::EventStore& events_;
  read_model::ConnectionPool& pool_;
  const Listener listener_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ = false;         // guarded by the mutex, as the next one
  std::uint64_t turn_ = 0;      // counts how often it was wanted anew
  std::uint64_t own_turn_ = 0;  // of the running thread only, as those below
  std::optional<StreamSequence> place_;
  EventPages pages_;
  std::string complaint_;  // that was logged last
  std::jthread thread_;
};

}  // namespace vsim::api
