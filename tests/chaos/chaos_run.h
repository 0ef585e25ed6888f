#pragma once

// One run of a theme: a storm of writes, and episodes of faults until the time is over. After each
// episode the system must recover without a hand, and in the end the log must agree with every
// answer. VSIM_SEED repeats a run, as far as threads and the machine allow.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/chaos/theme.h"

namespace chaos {

/// What has been done to a system, in the order of time, and how often. Prints it when the test
/// fails, with how to do it again; in any case the totals, which ops/chaos adds up.
class Record {
 public:
  Record(std::string theme, std::uint64_t seed);
  ~Record();
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  void note(const std::string& what);
  void count(const std::string& what, std::size_t number = 1) { totals_[what] += number; }
  /// Counts it as what it is: kills, stalls, links, certificates.
  void count(const Fault& fault);

 private:
  std::string theme_;
  std::uint64_t seed_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::vector<std::string> history_;
  std::map<std::string, std::size_t> totals_;
};

/// VSIM_CHAOS_SECONDS, else `usual`.
std::chrono::seconds length_wanted(std::chrono::seconds usual);

/// The path of a theme of this folder.
std::string theme_file(const std::string& name);

/// Runs the theme of that name, or of VSIM_CHAOS_THEME. CHECKs of doctest.
void run_theme(const std::string& name, std::chrono::seconds usual_length);

}  // namespace chaos
