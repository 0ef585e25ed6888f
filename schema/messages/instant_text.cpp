#include <charconv>
#include <cstdio>

#include "schema/messages/event_codec.h"

namespace vsim::messages {
namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void put(char* at, int value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) {
    at[i] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

std::string format_instant(Instant at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  std::string text = "0000-00-00T00:00:00.000Z";
  put(text.data(), static_cast<int>(date.year()), 4);
  put(text.data() + 5, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  put(text.data() + 8, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  put(text.data() + 11, static_cast<int>(time.hours().count()), 2);
  put(text.data() + 14, static_cast<int>(time.minutes().count()), 2);
  put(text.data() + 17, static_cast<int>(time.seconds().count()), 2);
  put(text.data() + 20, static_cast<int>(time.subseconds().count()), 3);
  return text;
}

std::string format_stamp(WallTime at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  auto fraction = std::to_string((at - second).count());
  fraction.insert(0, 9 - fraction.size(), '0');
  return format_instant(second).substr(0, 20) + fraction + "Z";
}

std::optional<Instant> parse_instant(std::string_view text) {
  using namespace std::chrono;
  const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
                      text[13] == ':' && text[16] == ':' && text.back() == 'Z';
  if (!shaped) {
    return std::nullopt;
  }
  const auto y = digits(text, 0, 4);
  const auto mon = digits(text, 5, 2);
  const auto d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2);
  const auto min = digits(text, 14, 2);
  const auto s = digits(text, 17, 2);
  if (!y || !mon || !d || !h || !min || !s || *h > 23 || *min > 59 || *s > 59) {
    return std::nullopt;
  }
  const year_month_day date(year(*y), month(static_cast<unsigned>(*mon)),
                            day(static_cast<unsigned>(*d)));
  if (!date.ok()) {
    return std::nullopt;
  }
  Instant at = sys_days(date) + hours(*h) + minutes(*min) + seconds(*s);
  if (text.size() == 20) {
    return at;
  }
  // A fraction of one to nine digits; beyond milliseconds it is cut.
  const auto fraction = text.substr(20, text.size() - 21);
  if (text[19] != '.' || fraction.empty() || fraction.size() > 9) {
    return std::nullopt;
  }
  int unit = 100;
  for (const char c : fraction) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    at += milliseconds((c - '0') * unit);
    unit /= 10;
  }
  return at;
}

}  // namespace vsim::messages
