#include "eventstore/message.h"

namespace vsim::eventstore {
namespace {

// A field of fixed width, with zeros in front (RFC 3339); 0 where it holds anything but digits.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') {
      return 0;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (header.name == name) {
      return header.value;
    }
  }
  return {};
}

Timestamp parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20) {
    return {};
  }
  const year_month_day day(year(digits(text, 0, 4)),
                           month(static_cast<unsigned>(digits(text, 5, 2))),
                           std::chrono::day(static_cast<unsigned>(digits(text, 8, 2))));
  // Nanoseconds in 64 bits end within the year 2262.
  if (!day.ok() || day.year() < year(1970) || day.year() > year(2261)) {
    return {};
  }
  Timestamp at = sys_days(day) + hours(digits(text, 11, 2)) + minutes(digits(text, 14, 2)) +
                 seconds(digits(text, 17, 2));
  std::int64_t unit = 100'000'000;
  for (std::size_t i = 20; text[19] == '.' && i < text.size() && unit > 0; ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') {
      break;
    }
    at += nanoseconds(unit * (text[i] - '0'));
  }
  return at;
}

}  // namespace vsim::eventstore
