#pragma once

// How new UUIDs (RFC 9562) are made. Any thread may call these.

#include <string_view>

#include "domain/ids.h"

namespace vsim::messages {

/// Version 5: of a name within a name space, by SHA-1 as the RFC says. The same for ever.
Uuid uuid_from_name(const Uuid& space, std::string_view name);

/// Version 7: of the machine's time, to the millisecond, and 74 random bits.
Uuid uuid_from_time();

}  // namespace vsim::messages
