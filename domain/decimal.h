#pragma once

// Numbers as text, read the one way that vsim has: digits, with no sign, no blank and no zero in
// front. So /012 is no prefix, and whoever means octal, hexadecimal or a typing error is told.
// Everything that reads a number from a header, a query, a setting, an argument or a subject goes
// through here. All functions are pure.

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace vsim {

/// A whole number from 0 to `most`. Nothing for any other text: "", "+1", "-0", "01", " 1", "1e3".
constexpr std::optional<std::uint64_t> read_decimal(
    std::string_view text, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit > most || value > (most - digit) / 10) {
      return std::nullopt;
    }
    value = value * 10 + digit;
  }
  return value;
}

/// A number of 0 or more with or without a fraction: "60", "0.5". No exponent, and no point without
/// digits on both sides.
inline std::optional<double> read_decimal_fraction(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) {
    return std::nullopt;
  }
  constexpr std::string_view digits = "0123456789";
  const bool is_whole = whole.find_first_not_of(digits) == std::string_view::npos;
  const auto rest = point == std::string_view::npos ? "0" : text.substr(point + 1);
  const bool is_fraction =
      !rest.empty() && rest.find_first_not_of(digits) == std::string_view::npos;
  if (!is_whole || !is_fraction) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace vsim
