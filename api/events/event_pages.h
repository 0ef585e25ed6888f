#pragma once

// Stretches of the log, described. One reader.

#include <cstddef>
#include <vector>

#include "api/events/event_block.h"
#include "eventstore/event_store.h"

namespace vsim::api {

/// One thread.
class EventPages {
 public:
  /// `events` outlives it.
  explicit EventPages(eventstore::EventStore& events) : events_(events) {}

  /// The events behind `after` up to `end`, which the log has reached; `max` at most, and one at
  /// least where there is any. `damaged` where the log has lost the next one, `refused` where this
  /// build cannot read it. Blocks for as long as the store takes.
  eventstore::Result<std::vector<SharedEvent>> read(StreamSequence after, StreamSequence end,
                                                    std::size_t max);

 private:
  eventstore::Result<void> know_bills(StreamSequence at);

  eventstore::EventStore& events_;
  http::BilledThrough billed_;
  std::optional<StreamSequence> billed_at_;  // the place in the log that it is true for
};

}  // namespace vsim::api
