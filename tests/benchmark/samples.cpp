#include "tests/benchmark/samples.h"

#include <algorithm>
#include <cmath>

namespace vsim::bench {

void Samples::add(std::chrono::nanoseconds latency) {
  micros_.push_back(static_cast<std::uint32_t>(latency.count() / 1000));
}

void Samples::add(const Samples& others) {
  micros_.insert(micros_.end(), others.micros_.begin(), others.micros_.end());
}

double Samples::percentile_ms(double percent) const {
  if (micros_.empty()) {
    return 0;
  }
  std::vector<std::uint32_t> sorted = micros_;
  const double rank = std::ceil(percent / 100.0 * static_cast<double>(sorted.size())) - 1;
  const auto at = static_cast<std::ptrdiff_t>(std::max(0.0, rank));
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
  return static_cast<double>(sorted[static_cast<std::size_t>(at)]) / 1000.0;
}

}  // namespace vsim::bench
