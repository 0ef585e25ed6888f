#pragma once

// Sleeping that a stop ends at once.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace vsim::process {

inline void pause(const std::stop_token& stop, std::chrono::nanoseconds length) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, length, [] { return false; });
}

}  // namespace vsim::process
