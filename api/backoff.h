#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace vsim::api {

/// Pauses between looks at something that should change soon: doubling up to a most.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most)
      : next_(first), most_(most) {}

  std::chrono::milliseconds next() { return std::exchange(next_, std::min(most_, next_ * 2)); }

 private:
  std::chrono::milliseconds next_;
  std::chrono::milliseconds most_;
};

}  // namespace vsim::api
