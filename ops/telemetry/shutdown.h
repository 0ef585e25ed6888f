#pragma once

// How a process is told to end: SIGTERM or SIGINT, taken by one thread that does nothing else, so
// that no other thread is ever interrupted and no code runs inside a signal handler.

#include <chrono>
#include <stop_token>
#include <thread>

namespace vsim::telemetry {

/// From the signal to the end; then the process leaves without having finished.
inline constexpr std::chrono::seconds shutdown_seconds_max{9};

/// Make one first in main(), before any thread exists: threads inherit the blocked signals. A
/// second signal ends the process at once.
class ShutdownSignals {
 public:
  ShutdownSignals();
  ~ShutdownSignals();
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

  /// Stopped by the first signal, or by request_stop(). Any thread.
  std::stop_token token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }

  /// Sleeps until the stop.
  void wait() const;

 private:
  void take_signals();

  std::stop_source stop_;
  std::stop_source finished_;  // the process has come to its end in time
  std::jthread thread_;
};

}  // namespace vsim::telemetry
