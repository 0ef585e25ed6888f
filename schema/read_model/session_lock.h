#pragma once

// Which of several workers is the active one in a role: an advisory lock of a Postgres session. It
// ends with the session, however that ends. A courtesy, no fence: what a role writes is fenced by
// the log itself.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace vsim::read_model {

class SessionLock {
 public:
  enum class State {
    held,
    taken,       // by another session
    unavailable  // Postgres cannot be asked
  };

  /// `number` names the lock within the database. Does not connect yet.
  SessionLock(std::string url, int number);
  ~SessionLock();
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

  /// What Postgres said last; a thread of its own, begun by the first call, asks it once a second.
  /// Only the first call waits for an answer, 1 s at most. One thread.
  State state();

 private:
  using SteadyClock = std::chrono::steady_clock;

  void keep_asking(const std::stop_token& stop);
  State ask();

  struct Impl;
  std::string url_;
  int number_;
  std::unique_ptr<Impl> impl_;
  std::mutex mutex_;
  std::condition_variable_any answered_;
  State last_ = State::unavailable;                     // guarded by the mutex
  std::optional<SteadyClock::time_point> answered_at_;  // guarded by the mutex
  std::jthread thread_;                                 // ends first
};

/// The locks' numbers.
inline constexpr int timekeeper_lock = 7001;
inline constexpr int billing_lock = 7002;
inline constexpr int janitor_lock = 7003;
inline constexpr int replenisher_lock = 7004;

}  // namespace vsim::read_model
