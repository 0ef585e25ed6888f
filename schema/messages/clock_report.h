#pragma once

// What each process reports once a second of its machine's clock, for `vsimctl doctor` and
// `status`: a message on vsim.report.clock that nobody stores.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim::messages {

struct ClockReport {
  std::string process;  // "vsim-api"
  std::string host;
  std::uint64_t pid = 0;
  std::chrono::microseconds offset{0};       // of the machine's clock, ahead of the broker's
  std::chrono::microseconds uncertainty{0};  // of what the process takes for the broker's time
  bool operator==(const ClockReport&) const = default;
};

/// The report of the process that calls.
ClockReport this_process(std::string name, std::chrono::nanoseconds offset,
                         std::chrono::nanoseconds uncertainty);

/// {"process":"vsim-api","host":"h","pid":7,"offset_us":-120,"uncertainty_us":300}
std::string encode(const ClockReport& report);

/// Nothing when it is no such report.
std::optional<ClockReport> read_clock_report(std::string_view json);

}  // namespace vsim::messages
