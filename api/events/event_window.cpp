#include "api/events/event_window.h"

#include <cassert>

namespace vsim::api {

void EventWindow::begin(StreamSequence place) {
  forget();
  place_ = place;
}

void EventWindow::forget() {
  place_.reset();
  events_.clear();
  bytes_ = 0;
}

void EventWindow::add(std::span<const SharedEvent> events) {
  for (const auto& event : events) {
    assert(place_ && event->sequence == *place_ + 1);
    events_.push_back(event);
    bytes_ += event->json.size();
    place_ = event->sequence;
  }
  while (events_.size() > window_events_max || bytes_ > window_bytes_max) {
    bytes_ -= events_.front()->json.size();
    events_.pop_front();
  }
}

bool EventWindow::reaches_back_to(StreamSequence place) const {
  return place_ &&
         (place >= *place_ || (!events_.empty() && events_.front()->sequence <= place + 1));
}

EventBlock EventWindow::take(const EventFilter& filter, StreamSequence& place,
                             std::size_t bytes_max) const {
  EventBlock block;
  while (place_ && place < *place_ && block.text.size() < bytes_max) {
    const auto& event = *events_[static_cast<std::size_t>(place + 1 - events_.front()->sequence)];
    if (filter.matches(event)) {
      block.add(event);
    }
    ++place;
  }
  return block;
}

}  // namespace vsim::api
