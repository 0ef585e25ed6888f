#include "schema/http/money_text.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace vsim::http {
namespace {

constexpr std::int64_t rate_seconds_per_usd = 10'000LL * 3'600;
constexpr std::int64_t cost_scale = 10'000'000'000;  // ten decimals
constexpr std::int64_t rate_scale = 10'000;          // four

/// `fraction` of `scale`, a power of ten, behind the point.
std::string decimal(std::string text, std::int64_t fraction, std::int64_t scale) {
  if (fraction == 0) {
    return text;
  }
  text += '.';
  while (fraction != 0) {
    scale /= 10;
    text += static_cast<char>('0' + fraction / scale);
    fraction %= scale;
  }
  return text;
}

}  // namespace

std::string to_text(Int128 number) {
  if (number <= std::numeric_limits<std::int64_t>::max()) {
    return std::to_string(static_cast<std::int64_t>(number));
  }
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
  } while (number != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

Int128 usd_parts(Int128 rate_seconds) {
  constexpr std::int64_t half = rate_seconds_per_usd / 2;
  // Where 64 bits hold it, as they do for most servers, division takes a tenth of the time.
  if (rate_seconds <= (std::numeric_limits<std::int64_t>::max() - half) / cost_scale) {
    return (static_cast<std::int64_t>(rate_seconds) * cost_scale + half) / rate_seconds_per_usd;
  }
  return (rate_seconds * cost_scale + half) / rate_seconds_per_usd;
}

std::string usd_of_parts(Int128 parts) {
  if (parts <= std::numeric_limits<std::int64_t>::max()) {
    const auto few = static_cast<std::int64_t>(parts);
    return decimal(std::to_string(few / cost_scale), few % cost_scale, cost_scale);
  }
  return decimal(to_text(parts / cost_scale), static_cast<std::int64_t>(parts % cost_scale),
                 cost_scale);
}

std::string usd(Cost cost) { return usd_of_parts(usd_parts(cost.rate_seconds)); }

std::string usd(HourlyRate rate) {
  return decimal(std::to_string(rate.ten_thousandths_usd / rate_scale),
                 rate.ten_thousandths_usd % rate_scale, rate_scale);
}

}  // namespace vsim::http
