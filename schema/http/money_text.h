#pragma once

// US dollars as a JSON number. Division happens here and nowhere else, in integers: a cost is
// rounded half up to ten decimals, fine enough to tell every second of the cheapest rate apart; a
// rate has four at most and is exact. Zeros at the end are left out.

#include <string>

#include "domain/money.h"

namespace vsim::http {

std::string usd(Cost cost);
std::string usd(HourlyRate rate);

/// For sums over many servers, which 64 bits need not hold.
__extension__ typedef __int128 Int128;

std::string to_text(Int128 number);  // 0 or more

/// A cost in rate x seconds, 0 or more, as whole parts of a dollar of which it has 10,000,000,000,
/// rounded half up: what usd() shows. And such parts as dollars.
Int128 usd_parts(Int128 rate_seconds);
std::string usd_of_parts(Int128 parts);

}  // namespace vsim::http
