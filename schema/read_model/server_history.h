#pragma once

// A server as it was at an instant of simulated time, from its events.

#include <functional>
#include <optional>
#include <string>

#include "eventstore/message.h"
#include "schema/read_model/servers.h"

namespace vsim::read_model {

/// Gives the last message under the filter of those that are early; see eventstore/find_last.h.
using FindLast = std::function<eventstore::Result<std::optional<eventstore::Message>>(
    const std::string& filter, const std::function<bool(const eventstore::Message&)>& early)>;

/// The row that `servers` held at that instant, with what had been billed by then; nothing when
/// there was no such server yet. Shown with `at` as the present, it is what was shown then.
eventstore::Result<std::optional<ServerRow>> server_at(const FindLast& find_last,
                                                       const ServerId& id, Instant at);

/// The row after an event, billed as of `at`; nothing when there was no server.
eventstore::Result<std::optional<ServerRow>> server_after(const FindLast& find_last,
                                                          const eventstore::Message& event,
                                                          Instant at);

}  // namespace vsim::read_model
