#pragma once

// A place in a subject's history, without reading all of it.

#include <functional>
#include <optional>
#include <string>

#include "eventstore/event_store.h"

namespace vsim::eventstore {

/// The last message under `filter` of those that are `early`; nothing when none is. The history
/// must begin with the early ones: no early message comes after one that is not. Takes as many
/// reads as the log's length has binary digits, and two where all are early.
Result<std::optional<Message>> find_last(EventStore& store, const std::string& filter,
                                         const std::function<bool(const Message&)>& early);

}  // namespace vsim::eventstore
