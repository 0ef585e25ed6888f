#include "schema/messages/instant_text.h"

#include "domain/rfc3339.h"

namespace vsim::messages {
namespace {

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
  const auto time = read_rfc3339(text);
  if (!time) {
    return std::nullopt;
  }
  return Instant(time->second) + std::chrono::floor<Duration>(time->fraction);
}

}  // namespace vsim::messages
