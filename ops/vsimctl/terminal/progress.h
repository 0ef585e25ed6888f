#pragma once

// The progress of a long task: a bar on a terminal, else a line now and then.

#include <chrono>
#include <cstdint>
#include <string>

namespace vsim::vsimctl {

/// What is shown: "12 % 120,000 of 1,000,000 events, 51,000/s, 17 s left".
std::string progress_text(std::uint64_t done, std::uint64_t total, std::chrono::duration<double>);

/// 1234567 as "1,234,567".
std::string with_commas(std::uint64_t number);

/// One thread.
class Progress {
 public:
  explicit Progress(std::uint64_t total);
  ~Progress();  // ends the bar's line
  void show(std::uint64_t done);
  std::chrono::duration<double> elapsed() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::uint64_t total_;
  bool terminal_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point shown_;
};

}  // namespace vsim::vsimctl
