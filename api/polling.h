#pragma once

// Waiting for something that is looked up again and again: how long to pause, and when to give up.

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <type_traits>
#include <utility>

namespace vsim::api {

/// Pauses between looks at something that should change soon: doubled up to a maximum.
class Backoff {
 public:
  Backoff(std::chrono::microseconds first, std::chrono::microseconds most)
      : next_(first), most_(most) {}

  std::chrono::microseconds next() { return std::exchange(next_, std::min(most_, next_ * 2)); }

 private:
  std::chrono::microseconds next_;
  std::chrono::microseconds most_;
};

/// Calls `look` until `done` is true of what it gives, the deadline has passed or `stopping` says
/// so, and gives what it gave last. Looks once at least; sleeps in between.
template <typename Look, typename Done>
std::invoke_result_t<Look&> poll_until(std::chrono::steady_clock::time_point deadline,
                                       const std::function<bool()>& stopping, Backoff pauses,
                                       Look look, Done done) {
  while (true) {
    auto found = look();
    if (done(found) || std::chrono::steady_clock::now() >= deadline || stopping()) {
      return found;
    }
    std::this_thread::sleep_for(pauses.next());
  }
}

}  // namespace vsim::api
