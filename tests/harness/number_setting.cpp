#include "tests/harness/number_setting.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace harness {

std::optional<std::uint64_t> number_setting(const std::string& name) {
  const char* given = std::getenv(name.c_str());
  if (given == nullptr || *given == '\0') {
    return std::nullopt;
  }
  const std::string_view text(given);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument(name + "=" + given + ": must be a whole number");
  }
  return number;
}

}  // namespace harness
