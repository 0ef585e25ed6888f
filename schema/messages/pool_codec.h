#pragma once

// Events and commands of the regions' address pools.

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "schema/messages/event_codec.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

class Fields;

/// An event on vsim.evt.pool.<region>.
LoggedEvent read_pool_event(const Fields& fields);

void write_ranges(JsonWriter& json, const std::vector<AddressRange>& ranges);

}  // namespace vsim::messages
