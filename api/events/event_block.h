#pragma once

// Events as a stream has them: the text/event-stream of WHATWG HTML, 9.2.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "api/events/event_filter.h"

namespace vsim::api {

/// An event that is described once for all who get it.
using SharedEvent = std::shared_ptr<const http::EventDocument>;

/// Bytes on their way to one client or to many.
struct EventBlock {
  std::string text;
  std::size_t events = 0;

  void add(const http::EventDocument& event);
};
using SharedBlock = std::shared_ptr<const EventBlock>;

/// A block without events that tells a client's EventSource where it stands, so that it can resume
/// there before it has got an event.
SharedBlock place_block(StreamSequence place);

/// A comment. One line: behind an empty one, some clients would take it for an event.
SharedBlock comment_block();

}  // namespace vsim::api
