#include "api/events/event_feed.h"

#include <algorithm>

#include "ops/telemetry/log.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t page_events_max = 256;
/// Between two looks at the checkpoint. What comes meanwhile goes to the clients in one piece, so a
/// shorter pause would cost a system call a client for each event.
constexpr std::chrono::milliseconds busy_pause = 15ms;
constexpr std::chrono::milliseconds idle_pause = 40ms;
constexpr std::chrono::milliseconds failure_pause = 500ms;

}  // namespace

EventFeed::EventFeed(eventstore::EventStore& events, read_model::ConnectionPool& pool,
                     Listener listener)
    : events_(events),
      pool_(pool),
      listener_(std::move(listener)),
      pages_(events),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

EventFeed::~EventFeed() = default;

void EventFeed::want(bool wanted) {
  {
    const std::lock_guard lock(mutex_);
    turn_ += wanted && !wanted_ ? 1 : 0;
    wanted_ = wanted;
  }
  changed_.notify_one();
}

void EventFeed::run(const std::stop_token& stop) {
  auto pause = idle_pause;
  while (wait_until_wanted(stop)) {
    const Step made = step();
    pause = made.moved ? busy_pause : std::min(pause + 5ms, idle_pause);
    sleep(stop, made.failed ? failure_pause : pause);
  }
}

/// False at the stop.
bool EventFeed::wait_until_wanted(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return wanted_; });
  if (own_turn_ != turn_) {
    own_turn_ = turn_;
    place_.reset();
  }
  return !stop.stop_requested();
}

void EventFeed::sleep(const std::stop_token& stop, std::chrono::milliseconds length) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, length, [] { return false; });
}

EventFeed::Step EventFeed::step() {
  const auto checkpoint = pool_.read([](read_model::Transaction& tx) {
    return read_model::find_checkpoint(tx, messages::events_stream);
  });
  if (!checkpoint) {
    return failed("Postgres: " + checkpoint.error().detail);
  }
  const StreamSequence end = *checkpoint ? (*checkpoint)->sequence : 0;
  if (!place_) {
    place_ = end;
    listener_.begun(end);
  }
  if (end < *place_) {
    return check_log();
  }
  return follow_to(end);
}

EventFeed::Step EventFeed::follow_to(StreamSequence end) {
  const bool moved = *place_ < end;
  while (*place_ < end) {
    auto events = pages_.read(*place_, end, page_events_max);
    if (!events) {
      return failed("EVENTS: " + events.error().detail);
    }
    place_ = events->back()->sequence;
    listener_.came(std::move(*events));
  }
  complaint_.clear();
  return {.moved = moved};
}

/// The read models hold less than was told already. They may be made anew, and will come there
/// again; or the log was.
EventFeed::Step EventFeed::check_log() {
  const auto last = events_.last_sequence();
  if (!last) {
    return failed("EVENTS: " + last.error().detail);
  }
  if (*last < *place_) {
    log::warn("the log ends before what event streams were told: they are closed",
              {{"told", *place_}, {"end", *last}});
    place_.reset();
    listener_.replaced();
  }
  return {};
}

/// The same complaint again and again is one line in the log.
EventFeed::Step EventFeed::failed(const std::string& why) {
  if (complaint_ != why) {
    log::warn("event streams wait", {{"error", why}});
    complaint_ = why;
  }
  return {.failed = true};
}

}  // namespace vsim::api
