#include "schema/http/money_text.h"

#include <cstdint>

namespace vsim::http {
namespace {

constexpr std::int64_t rate_seconds_per_usd = 10'000LL * 3'600;
constexpr std::int64_t cost_scale = 10'000'000'000;  // ten decimals
constexpr std::int64_t rate_scale = 10'000;          // four

/// `fraction` of `scale`, a power of ten, behind the point.
std::string decimal(std::int64_t whole, std::int64_t fraction, std::int64_t scale) {
  std::string text = std::to_string(whole);
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

std::string usd(Cost cost) {
  std::int64_t whole = cost.rate_seconds / rate_seconds_per_usd;
  const std::int64_t rest = cost.rate_seconds % rate_seconds_per_usd;  // below 3.6e7: no overflow
  std::int64_t fraction = (rest * cost_scale + rate_seconds_per_usd / 2) / rate_seconds_per_usd;
  if (fraction == cost_scale) {
    ++whole;
    fraction = 0;
  }
  return decimal(whole, fraction, cost_scale);
}

std::string usd(HourlyRate rate) {
  return decimal(rate.ten_thousandths_usd / rate_scale, rate.ten_thousandths_usd % rate_scale,
                 rate_scale);
}

}  // namespace vsim::http
