#pragma once

// Latencies of one kind of request, kept whole: percentiles are exact, not estimated.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace vsim::bench {

class Samples {
 public:
  void add(std::chrono::nanoseconds latency);
  void add(const Samples& others);
  std::size_t count() const { return micros_.size(); }
  /// The latency that `percent` of the samples do not exceed; 0 without samples.
  double percentile_ms(double percent) const;

 private:
  std::vector<std::uint32_t> micros_;
};

}  // namespace vsim::bench
