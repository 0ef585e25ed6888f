#pragma once

// Money is integer, everywhere. Nothing is divided until it is shown.

#include <compare>
#include <cstdint>

namespace vsim {

/// A price, in 1/10,000 USD per hour: 0.01 USD/hour is 100.
struct HourlyRate {
  std::int64_t ten_thousandths_usd = 0;
  auto operator<=>(const HourlyRate&) const = default;
};

/// The highest price that is taken, 100 USD an hour.
inline constexpr std::int64_t hourly_rate_max = 1'000'000;

/// A cost kept exact as rate x seconds. Shown in USD it is divided by 10,000 x 3,600.
/// 64 bits hold hourly_rate_max for 290,000 years.
struct Cost {
  std::int64_t rate_seconds = 0;
  auto operator<=>(const Cost&) const = default;
};

}  // namespace vsim
