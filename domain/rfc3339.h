#pragma once

// Times as RFC 3339 writes them, read the one way that vsim has: in UTC, "2026-03-01T12:00:00Z",
// with a fraction of one to nine digits or none. All functions are pure.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vsim {

/// In two parts, since nanoseconds in 64 bits end in the year 2262 and RFC 3339 in 9999.
struct Rfc3339Time {
  std::chrono::sys_seconds second;
  std::chrono::nanoseconds fraction{0};  // below a second
};

/// `count` digits from `at` on; nothing where anything else stands there.
constexpr std::optional<int> read_digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Nothing for any other text: another offset, a leap second, a day that no calendar has.
inline std::optional<Rfc3339Time> read_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
                      text[13] == ':' && text[16] == ':' && text.back() == 'Z';
  if (!shaped) {
    return std::nullopt;
  }
  const auto y = read_digits(text, 0, 4);
  const auto mon = read_digits(text, 5, 2);
  const auto d = read_digits(text, 8, 2);
  const auto h = read_digits(text, 11, 2);
  const auto min = read_digits(text, 14, 2);
  const auto s = read_digits(text, 17, 2);
  if (!y || !mon || !d || !h || !min || !s || *h > 23 || *min > 59 || *s > 59) {
    return std::nullopt;
  }
  const year_month_day date(year(*y), month(static_cast<unsigned>(*mon)),
                            day(static_cast<unsigned>(*d)));
  if (!date.ok()) {
    return std::nullopt;
  }
  Rfc3339Time time{sys_days(date) + hours(*h) + minutes(*min) + seconds(*s)};
  if (text.size() == 20) {
    return time;
  }
  const auto fraction = text.substr(20, text.size() - 21);
  if (text[19] != '.' || fraction.empty() || fraction.size() > 9) {
    return std::nullopt;
  }
  std::int64_t unit = 100'000'000;
  for (const char c : fraction) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    time.fraction += nanoseconds(unit * (c - '0'));
    unit /= 10;
  }
  return time;
}

}  // namespace vsim
