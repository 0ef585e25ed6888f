#pragma once

// How the numbers in what people type as JSON are written. JSON has many ways to write one number;
// vsim takes one of them, as in all other text (domain/decimal.h). // D42

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "schema/messages/member_names.h"

namespace vsim::messages {

/// Of changes of the clock, as commands and as requests: what may have a fraction.
inline constexpr std::array<std::string_view, 3> clock_fractions{"scale", "seconds",
                                                                 "advance_seconds"};

/// A sentence about the first number of a JSON text that is not written plainly; nothing when all
/// are. A whole number is digits alone, with "-" in front below 0: no point, no exponent, no "-0".
/// Members in `fractions` may have point and exponent too. The text must be JSON. Pure.
std::optional<std::string> find_unplain_number(std::string_view json, Names fractions);

}  // namespace vsim::messages
