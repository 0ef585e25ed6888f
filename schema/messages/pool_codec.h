#pragma once

// Events and commands of the regions' address pools.

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "domain/address_pool.h"
#include "schema/messages/logged_event.h"

namespace vsim::messages {

class Fields;
class JsonWriter;

std::string encode(const PoolEvent& event, const Pool& after);

/// An event on vsim.evt.pool.<region>.
LoggedEvent read_pool_event(const Fields& fields);

/// {"type":"extend_pool","first":"10.0.0.1","last":"10.0.0.9"}; of one range.
std::string encode_extend_pool(const std::vector<AddressRange>& ranges);

/// Reads {"cidr"} or {"first","last"} as they are asked for now: nothing else beside them, and
/// addresses that servers can have. Of a network of more than two addresses the first and the last
/// are left out.
tl::expected<std::vector<AddressRange>, std::string> read_ranges(std::string_view json);
/// The same of a pool command that may have been accepted by an older build.
tl::expected<std::vector<AddressRange>, std::string> read_ranges_as_given(const Fields& fields);

/// The member "ranges".
void write_ranges(JsonWriter& json, const std::vector<AddressRange>& ranges);

}  // namespace vsim::messages
