#include "eventstore/message.h"

#include "domain/rfc3339.h"

namespace vsim::eventstore {
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
  const auto time = read_rfc3339(text);
  // Nanoseconds in 64 bits end within the year 2262.
  constexpr sys_days begin{year(1970) / 1 / 1};
  constexpr sys_days end{year(2262) / 1 / 1};
  if (!time || time->second < begin || time->second >= end) {
    return {};
  }
  return Timestamp(time->second) + time->fraction;
}

}  // namespace vsim::eventstore
