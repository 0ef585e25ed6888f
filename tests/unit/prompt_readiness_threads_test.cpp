// Goal (issue 12, 15): a probe is answered at once while what readiness depends on lets it wait.
// Method: an examination that the test holds up.

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <doctest/doctest.h>

#include "ops/telemetry/prompt_readiness.h"

using vsim::telemetry::PromptReadiness;
using vsim::telemetry::Readiness;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// Goes through while the door is open.
struct Examination {
  std::mutex mutex;
  std::condition_variable opened;
  bool open = true;
  std::atomic<int> count{0};

  Readiness run() {
    std::unique_lock lock(mutex);
    opened.wait(lock, [this] { return open; });
    Readiness readiness;
    readiness.facts.emplace_back("count", std::to_string(++count));
    return readiness;
  }
  void set(bool value) {
    {
      const std::lock_guard lock(mutex);
      open = value;
    }
    opened.notify_all();
  }
};

void wait_until_old() { std::this_thread::sleep_for(PromptReadiness::answer_kept + 20ms); }

}  // namespace

TEST_CASE("readiness is examined when it is asked for, and kept for a moment") {
  Examination examination;
  PromptReadiness prompt([&] { return examination.run(); });
  CHECK(examination.count == 0);
  CHECK(prompt.now().ready());
  for (int i = 0; i < 100; ++i) {
    prompt.now();
  }
  CHECK(examination.count <= 2);
  wait_until_old();
  const int before = examination.count;
  CHECK(prompt.now().facts.front().second == std::to_string(before + 1));
}

TEST_CASE("while an examination waits, callers get that at once, and the result afterwards") {
  Examination examination;
  PromptReadiness prompt([&] { return examination.run(); });
  CHECK(prompt.now().ready());
  examination.set(false);
  wait_until_old();
  const auto began = Clock::now();
  const Readiness first = prompt.now();
  CHECK_FALSE(first.ready());
  CHECK(first.reasons.front().find("may be frozen") != std::string::npos);
  CHECK(Clock::now() - began >= PromptReadiness::answer_max);
  // It has been waiting for long: nobody else waits for it.
  const auto again = Clock::now();
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(prompt.now().ready());
  }
  CHECK(Clock::now() - again < PromptReadiness::answer_max);
  examination.set(true);
  const auto give_up = Clock::now() + 10s;
  while (!prompt.now().ready() && Clock::now() < give_up) {
    std::this_thread::yield();
  }
  CHECK(prompt.now().ready());
}
