#include "eventstore/message.h"

#include <charconv>

namespace vsim::eventstore {
namespace {

int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  if (at + count > text.size()) return 0;
  std::from_chars(text.data() + at, text.data() + at + count, value);
  return value;
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

Timestamp parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20) return {};
  const year_month_day day(year(digits(text, 0, 4)),
                           month(static_cast<unsigned>(digits(text, 5, 2))),
                           std::chrono::day(static_cast<unsigned>(digits(text, 8, 2))));
  // Nanoseconds in 64 bits end within the year 2262.
  if (!day.ok() || day.year() < year(1970) || day.year() > year(2261)) return {};
  Timestamp at = sys_days(day) + hours(digits(text, 11, 2)) + minutes(digits(text, 14, 2)) +
                 seconds(digits(text, 17, 2));
  std::int64_t unit = 100'000'000;
  for (std::size_t i = 20; text[19] == '.' && i < text.size() && unit > 0; ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') break;
    at += nanoseconds(unit * (text[i] - '0'));
  }
  return at;
}

}  // namespace vsim::eventstore
