#pragma once

// A server as it was, from its events in EVENTS. The tables hold only the present. D25

#include <optional>

#include "eventstore/event_store.h"
#include "schema/read_model/servers.h"

namespace vsim::process {

/// The row that `servers` held at that instant of simulated time, with what had been billed by
/// then; nothing when there was no such server yet. Shown with `at` as the present, it is what was
/// shown then. Finds the event by a binary search; blocks for as long as the store takes. An event
/// that this build cannot read is an error of the kind `refused`.
eventstore::Result<std::optional<read_model::ServerRow>> server_at(eventstore::EventStore& events,
                                                                   const ServerId& id, Instant at);

/// The row after an event, billed as of `at`; nothing when there was no server. Errors as above.
eventstore::Result<std::optional<read_model::ServerRow>> server_after(
    eventstore::EventStore& events, const eventstore::Message& event, Instant at);

}  // namespace vsim::process
