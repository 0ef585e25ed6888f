#include "api/events/event_block.h"

namespace vsim::api {

void EventBlock::add(const http::EventDocument& event) {
  text += "id: " + std::to_string(event.sequence) + "\nevent: " + event.type + "\ndata: ";
  text += event.json;
  text += "\n\n";
  ++events;
}

SharedBlock place_block(StreamSequence place) {
  EventBlock block;
  block.text = "id: " + std::to_string(place) + "\n\n";
  return std::make_shared<const EventBlock>(std::move(block));
}

SharedBlock comment_block() {
  static const auto block = [] {
    EventBlock comment;
    comment.text = ": nothing has happened\n";
    return std::make_shared<const EventBlock>(std::move(comment));
  }();
  return block;
}

}  // namespace vsim::api
