#pragma once

// SIGTERM and SIGINT end a process, SIGHUP makes it read its files again. One thread waits for
// them and does nothing else, so that no other thread is ever interrupted and no code runs inside
// a signal handler.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace vsim::process {

/// From the signal to the end; a process that has not finished by then exits all the same.
inline constexpr std::chrono::seconds shutdown_seconds_max{9};

/// Make one first in main(), before any thread exists: threads inherit the blocked signals. A
/// second signal ends the process at once.
class ShutdownSignals {
 public:
  /// What SIGHUP means: the end, as is the default of programs, or a wish that wait_for_hangup()
  /// returns.
  enum class Hangup { end, wish };
  explicit ShutdownSignals(Hangup hangup = Hangup::end);
  ~ShutdownSignals();
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

  /// Stopped by the first signal, or by request_stop(). Any thread.
  std::stop_token token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }

  /// Sleeps until there has been a SIGHUP since the last call: true; or until the stop: false. One
  /// thread.
  bool wait_for_hangup();

 private:
  void take_signals();
  int take_ending_signal();
  void record_hangup();

  const Hangup hangup_;
  std::mutex mutex_;
  std::condition_variable_any hung_up_;
  bool wished_ = false;  // guarded by mutex_
  std::stop_source stop_;
  std::stop_source finished_;  // the process has come to its end in time
  std::jthread thread_;
};

}  // namespace vsim::process
