#pragma once

// Waits for a condition. A test that sleeps for a fixed time is either slow or wrong.

#include <chrono>
#include <thread>
#include <type_traits>

#include "tests/harness/http_client.h"

namespace harness {

/// Evaluates `condition` repeatedly until its result converts to true or `wait_max` is over;
/// returns the last result. A server that cannot be reached counts as false.
template <typename Condition>
auto eventually(Condition&& condition,
                std::chrono::milliseconds wait_max = std::chrono::seconds(10),
                std::chrono::milliseconds pause = std::chrono::milliseconds(20)) {
  const auto give_up = std::chrono::steady_clock::now() + wait_max;
  while (true) {
    std::invoke_result_t<Condition> answer{};
    try {
      answer = condition();
    } catch (const Unreachable&) {
    }
    if (answer || std::chrono::steady_clock::now() >= give_up) {
      return answer;
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace harness
