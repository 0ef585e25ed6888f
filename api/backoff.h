#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace vsim::api {

/// Pauses between looks at something that should change soon: doubling up to a most.
class Backoff {
 public:
  Backoff(std::chrono::microseconds first, std::chrono::microseconds most)
      : next_(first), most_(most) {}

  std::chrono::microseconds next() { return std::exchange(next_, std::min(most_, next_ * 2)); }

 private:
  std::chrono::microseconds next_;
  std::chrono::microseconds most_;
};

}  // namespace vsim::api
