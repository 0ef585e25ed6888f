#include "ops/telemetry/prompt_readiness.h"

namespace vsim::telemetry {

PromptReadiness::PromptReadiness(std::function<Readiness()> examine)
    : examine_(std::move(examine)),
      thread_([this](const std::stop_token& stop) { keep_examining(stop); }) {}

Readiness PromptReadiness::now() {
  std::unique_lock lock(mutex_);
  if (is_fresh()) {
    return *last_;
  }
  if (!wanted_since_) {
    wanted_since_ = Clock::now();
    changed_.notify_all();
  }
  const auto since = *wanted_since_;
  const bool examined =
      changed_.wait_until(lock, since + answer_max, [&] { return wanted_since_ != since; });
  if (examined) {
    return *last_;
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(Clock::now() - since);
  Readiness unknown;
  unknown.reasons.push_back("NATS or Postgres has let this process wait for an answer for " +
                            std::to_string(seconds.count()) + " s; it may be frozen");
  return unknown;
}

void PromptReadiness::keep_examining(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return wanted_since_.has_value(); }) &&
         !stop.stop_requested()) {
    lock.unlock();
    Readiness found = examine_();
    lock.lock();
    last_ = std::move(found);
    examined_at_ = Clock::now();
    wanted_since_.reset();
    changed_.notify_all();
  }
}

}  // namespace vsim::telemetry
