#pragma once

// Times as an operator types them.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "domain/instant.h"

namespace vsim::vsimctl {

/// RFC 3339 in UTC, or a duration before `now`, such as 2h. The error says what to type instead.
tl::expected<Instant, std::string> read_moment(std::string_view text, Instant now);

}  // namespace vsim::vsimctl
