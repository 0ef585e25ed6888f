#pragma once

// Simulated time over HTTP, for tests that compute with it to the millisecond: the clock
// practically stands still and moves by advances only.

#include <cstdint>
#include <string>

#include "tests/harness/fleet.h"
#include "tests/harness/json.h"

namespace e2e {

/// A TIME_SCALE at which not one simulated millisecond passes during a test.
inline const std::string standing_still = "0.000001";

inline constexpr std::int64_t second = 1000;
inline constexpr std::int64_t hour = 3600 * second;
inline constexpr std::int64_t day = 24 * hour;

/// Milliseconds since 1970 of an RFC 3339 time, and back.
std::int64_t moment(const std::string& rfc3339);
std::string rfc3339(std::int64_t moment);

/// The beginning of the month, UTC, that follows a moment.
std::int64_t next_month(std::int64_t moment);

/// GET /clock. Throws when it is not answered with 200, as the next does.
harness::Json clock_of(harness::HttpClient& client);

/// POST /clock with these milliseconds to advance; the clock then.
harness::Json advance(harness::HttpClient& client, std::int64_t by);

/// A server's event of this type, as its log shows it; the last one. Throws when there is none.
harness::Json event_of(harness::HttpClient& client, const std::string& id, const std::string& type);

}  // namespace e2e
