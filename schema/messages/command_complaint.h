#pragma once

// The inside of this folder: what a person who typed a command would not have meant.

#include <string>
#include <string_view>

#include <simdjson.h>

#include "eventstore/message.h"

namespace vsim::messages {

/// The complaint of DecodedCommand about the members of `object`, a command of that type, and about
/// the message's headers. Empty: none.
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            std::string_view type);

}  // namespace vsim::messages
