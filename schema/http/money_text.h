#pragma once

#include <string>

#include "domain/money.h"

namespace vsim::http {

// US dollars as a JSON number. Division happens here and nowhere else, in integers: a cost is
// rounded half up to ten decimals, fine enough to tell every second of the cheapest rate apart; a
// rate has four at most and is exact. Zeros at the end are left out.

std::string usd(Cost cost);
std::string usd(HourlyRate rate);

}  // namespace vsim::http
