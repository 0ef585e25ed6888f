#pragma once

// Readiness that is answered at once, also while broker or Postgres do not answer for seconds: a
// probe that waited as long would be given up by its caller, and hold a thread each time. D44

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "ops/telemetry/readiness.h"

namespace vsim::telemetry {

/// Any thread.
class PromptReadiness {
 public:
  /// now() waits for an examination no longer than this, and then says that it goes on.
  static constexpr std::chrono::milliseconds answer_max{800};
  /// An examination's result is answered for so long, however often it is asked for.
  static constexpr std::chrono::milliseconds answer_kept{300};

  /// `examine` asks whatever it has to, and may take long; it is called by one thread, which ends
  /// with the object, and only when somebody wants to know.
  explicit PromptReadiness(std::function<Readiness()> examine);

  Readiness now();

 private:
  using Clock = std::chrono::steady_clock;

  void keep_examining(const std::stop_token& stop);
  bool is_fresh() const { return last_ && Clock::now() - examined_at_ < answer_kept; }

  const std::function<Readiness()> examine_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::optional<Clock::time_point> wanted_since_;  // until the examination that follows has ended
  std::optional<Readiness> last_;
  Clock::time_point examined_at_{};
  std::jthread thread_;  // ends first
};

}  // namespace vsim::telemetry
