#pragma once

// Times as text: RFC 3339, in UTC.

#include <optional>
#include <string>
#include <string_view>

#include "domain/instant.h"
#include "domain/sim_clock.h"

namespace vsim::messages {

/// To the millisecond: "2026-03-01T12:00:00.000Z". The year must have four digits.
std::string format_instant(Instant at);

/// Reads what format_instant() writes, with a fraction of up to nine digits or none; what is beyond
/// the millisecond is cut off. Nothing for any other text, also for one that has no "Z".
std::optional<Instant> parse_instant(std::string_view text);

/// To the nanosecond, as the broker stamps: simulated time runs on from such a stamp, so nothing
/// may be cut off.
std::string format_stamp(WallTime at);

}  // namespace vsim::messages
