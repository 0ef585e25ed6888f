#include "api/events/event_pages.h"

#include <algorithm>

#include "eventstore/lost_message.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::api {

using eventstore::Error;

/// The watermarks that stand up to this place: whoever reads on from where it stood knows them.
eventstore::Result<void> EventPages::know_bills(StreamSequence at) {
  if (billed_at_ == at) {
    return {};
  }
  const auto last = events_.load_last_until(std::string(messages::billing_prefix) + "*", at);
  if (!last) {
    return tl::unexpected(last.error());
  }
  billed_.clear();
  for (const auto& message : *last) {
    const auto logged = messages::decode_event(message);
    const auto* watermark = logged ? std::get_if<BillingWatermark>(&*logged) : nullptr;
    if (watermark != nullptr) {
      billed_.insert_or_assign(watermark->region.name, watermark->through);
    }
  }
  billed_at_ = at;
  return {};
}

eventstore::Result<std::vector<SharedEvent>> EventPages::read(StreamSequence after,
                                                              StreamSequence end, std::size_t max) {
  if (after >= end) {
    return std::vector<SharedEvent>();
  }
  if (auto known = know_bills(after); !known) {
    return tl::unexpected(known.error());
  }
  billed_at_.reset();  // until all went well
  const auto count = std::min<StreamSequence>(max, end - after);
  const auto page = events_.load_page(">", after + 1, static_cast<std::size_t>(count));
  if (!page) {
    return tl::unexpected(page.error());
  }
  std::vector<SharedEvent> events;
  events.reserve(page->size());
  StreamSequence place = after;
  for (const auto& message : *page) {
    if (message.sequence != place + 1) {
      break;
    }
    auto described = http::describe_event(message, billed_);
    if (!described) {
      return eventstore::fail(Error::Kind::refused, "message " + std::to_string(message.sequence) +
                                                        " of EVENTS: " + described.error());
    }
    events.push_back(std::make_shared<const http::EventDocument>(std::move(*described)));
    ++place;
  }
  if (events.empty()) {
    return eventstore::fail(
        Error::Kind::damaged,
        eventstore::lost_message(after + 1, messages::events_stream,
                                 "the read models hold " + std::to_string(end)));
  }
  billed_at_ = place;
  return events;
}

}  // namespace vsim::api
