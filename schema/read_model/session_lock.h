#pragma once

// Which of several workers is the active one in a role: an advisory lock of a Postgres session. It
// ends with the session, however that ends. A courtesy, no fence: what a role writes is fenced by
// the log itself.

#include <chrono>
#include <memory>
#include <string>

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

  /// Asks Postgres at most once a second, and tells what it said last. One thread.
  State state();

 private:
  State ask();

  struct Impl;
  std::string url_;
  int number_;
  std::unique_ptr<Impl> impl_;
  State last_ = State::unavailable;
  std::chrono::steady_clock::time_point asked_at_{};
};

/// The locks' numbers.
inline constexpr int timekeeper_lock = 7001;
inline constexpr int billing_lock = 7002;
inline constexpr int janitor_lock = 7003;

}  // namespace vsim::read_model
