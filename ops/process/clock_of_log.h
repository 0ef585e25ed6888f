#pragma once

// The clock as EVENTS has it. For whoever links the message codecs and a store.

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "domain/sim_clock.h"
#include "eventstore/event_store.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::process {

/// The clock after its last event; nothing where the log has no clock yet. An event that this build
/// cannot read is an error of the kind `refused`. Blocks for as long as the store takes.
inline eventstore::Result<std::optional<SimClock>> load_clock(eventstore::EventStore& events) {
  const std::string subject(messages::clock_subject);
  const auto last = events.load_last(std::span(&subject, 1));
  if (!last) {
    return tl::unexpected(last.error());
  }
  if (last->empty()) {
    return std::optional<SimClock>();
  }
  auto clock = messages::read_clock(last->front());
  if (!clock) {
    return eventstore::fail(eventstore::Error::Kind::refused,
                            "the log's last clock event cannot be read: " + clock.error());
  }
  return std::optional(std::move(*clock));
}

}  // namespace vsim::process
