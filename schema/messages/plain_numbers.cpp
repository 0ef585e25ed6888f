#include "schema/messages/plain_numbers.h"

#include <algorithm>

namespace vsim::messages {
namespace {

constexpr std::size_t shown_bytes_max = 32;

/// The text between the quotes of which the first stands at `at`; moves `at` to the second.
std::string_view skip_string(std::string_view json, std::size_t& at) {
  const std::size_t begin = ++at;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return json.substr(begin, std::min(at, json.size()) - begin);
}

/// "-0", "-0.0", "-0e5".
bool is_negative_zero(std::string_view number) {
  const auto mantissa = number.substr(0, number.find_first_of("eE"));
  return number.front() == '-' && mantissa.find_first_of("123456789") == std::string_view::npos;
}

std::string complaint_about(std::string_view name, std::string_view number, bool whole) {
  return "\"" + std::string(name) + "\" is written " +
         std::string(number.substr(0, shown_bytes_max)) + "; give " +
         (whole ? "a whole number in digits alone, such as 60" : "0 without a sign");
}

}  // namespace

std::optional<std::string> find_unplain_number(std::string_view json, Names fractions) {
  std::string_view name;  // of the member that the next value belongs to, as it is written
  std::string_view last_string;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '"') {
      last_string = skip_string(json, at);
    } else if (c == ':') {
      name = last_string;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const auto end = std::min(json.find_first_not_of("0123456789+-.eE", at), json.size());
      const auto number = json.substr(at, end - at);
      const bool whole = std::find(fractions.begin(), fractions.end(), name) == fractions.end();
      const bool fraction = number.find_first_of(".eE") != std::string_view::npos;
      if (is_negative_zero(number) || (whole && fraction)) {
        return complaint_about(name, number, whole);
      }
      at = end - 1;
    }
  }
  return std::nullopt;
}

}  // namespace vsim::messages
