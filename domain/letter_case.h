#pragma once

// Letter case of ASCII, the same in every locale: names of headers, of members, of media types.
// All functions are pure.

#include <string>
#include <string_view>

namespace vsim {

/// 'A' to 'Z' as 'a' to 'z'; any other byte as it is.
constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The same of each byte.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = lower_case(c);
  }
  return lower;
}

}  // namespace vsim
