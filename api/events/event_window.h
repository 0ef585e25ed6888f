#pragma once

// The newest events, kept in memory for all who follow the log.

#include <deque>
#include <optional>
#include <span>

#include "api/events/event_block.h"

namespace vsim::api {

/// Events that are kept at most, and their bytes.
inline constexpr std::size_t window_events_max = 4096;
inline constexpr std::size_t window_bytes_max = 8 * 1024 * 1024;

/// Not thread-safe.
class EventWindow {
 public:
  /// Where the last event stands that it has had; nothing before begin().
  std::optional<StreamSequence> place() const { return place_; }

  /// Empties it: the next event is the one behind `place`.
  void begin(StreamSequence place);
  void forget();

  /// Adds the events that follow its last.
  void add(std::span<const SharedEvent> events);

  /// Whether it has all that stands behind a place.
  bool reaches_back_to(StreamSequence place) const;

  /// What matches of the events behind `place`, to which it has to reach back, and moves `place`
  /// behind what was looked at. Stops when there is enough for `bytes_max`.
  EventBlock take(const EventFilter& filter, StreamSequence& place, std::size_t bytes_max) const;

 private:
  std::optional<StreamSequence> place_;
  std::deque<SharedEvent> events_;  // adjacent, the last of them at `place_`
  std::size_t bytes_ = 0;
};

}  // namespace vsim::api
