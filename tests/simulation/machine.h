#pragma once

// The machine that the simulated processes run on: threads of which one runs at a time, and a
// clock that moves only when the machine says so. libc.cpp hands it every lock, wait, sleep, thread
// and look at a clock of the product's code; simulated_broker.cpp and simulated_postgres.cpp every
// call that leaves a process. Where a thread hands over, the seed says who goes on.
//
// Threads: one, in which the product's threads (tasks) run in turns, so that nothing here needs a
// lock.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <pthread.h>

#include "tests/simulation/fiber.h"

namespace vsim::simulation {

/// Since the machine was started. Wall clocks begin in 2026.
using Time = std::chrono::nanoseconds;

inline constexpr std::chrono::seconds epoch{1'790'000'000};

/// Thrown through a task whose process is killed. No std::exception, so that no handler of the
/// product takes it for an error.
struct Killed {};

/// What is killed, frozen and has a wall clock as one.
struct Process {
  std::string name;
  bool dying = false;
  std::optional<Time> frozen_until = {};
  Time clock_error{0};  // of its wall clock, ahead
};

/// One thread.
struct Task {
  std::size_t number = 0;
  std::string name;
  std::shared_ptr<Process> process;
  enum class State { ready, waiting, done } state = State::ready;
  const void* awaited = nullptr;     // a mutex, a condition, a task or a queue
  bool deaf = false;                 // waits for what a kill does not end: a lock, a thread's end
  std::optional<Time> wake_at = {};  // at the latest
  bool woken_by_time = false;
  bool thrown = false;  // Killed
  bool killed = false;  // it has ended by that
  std::function<void()> body;
  std::unique_ptr<Fiber> fiber;
};

/// What happens by itself at a time, such as a redelivery.
class Clockwork {
 public:
  virtual ~Clockwork() = default;
  virtual std::optional<Time> next() const = 0;
  virtual void advance(Time now) = 0;
};

/// Where the machine has found that something must not be so: the run ends.
struct Failure {
  std::string what;
};

class Machine {
 public:
  explicit Machine(std::uint64_t seed);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Runs `first` as the first task, until it has ended; tasks that are left are killed.
  void run(std::function<void()> first);

  /// A new task of a process.
  Task* start(std::shared_ptr<Process> process, std::string name, std::function<void()> body);

  /// The task that runs; null outside of the machine.
  static Task* current();
  /// The machine of that task.
  static Machine& here();

  /// Hands over, and notes what the task is about to do. Throws Killed.
  void step(std::string_view what);
  /// Notes only.
  void note(std::string_view what);
  /// Hands over until then. Throws Killed.
  void sleep(Time length);
  /// Hands over until wake(object), or for so long. False: the time was over. Throws Killed.
  bool wait(const void* object, std::optional<Time> until);
  /// The same, and a kill ends neither the wait nor the task.
  void wait_deaf(const void* object);
  /// Wakes one, whom the seed says, or all that wait for it. Does not hand over.
  void wake_one(const void* object);
  void wake_all(const void* object);
  /// Hands over without a step to tell of. Never throws.
  void yield();

  /// Whether what the task does still counts: its process lives.
  bool lives() const;
  /// All its tasks end as soon as they run again.
  void kill(const std::shared_ptr<Process>& process);
  bool has_tasks(const std::shared_ptr<Process>& process) const;
  /// Waits until all of its tasks have ended.
  void await_end(const std::shared_ptr<Process>& process);

  Time now() const { return now_; }
  /// What steady clocks said when the machine was started: later in each run of a program, so that
  /// what it remembers of an earlier run is of the past.
  Time booted() const { return booted_; }
  /// Time passes for all at once, as for a machine that was suspended.
  void jump(Time length) { now_ += length; }
  /// A look at a clock, which takes a moment.
  Time look_at_clock();
  void add(Clockwork* clockwork) { clockwork_ = clockwork; }
  /// Whether locks hand over too, now and then.
  void yield_at_locks(bool yes) { yields_at_locks_ = yes; }
  void at_lock();

  /// A number from 0 to below `end`.
  std::uint64_t draw(std::uint64_t end);
  bool chance(double probability);
  std::mt19937_64& random() { return random_; }

  /// Keeps the first failure.
  void fail(std::string what);
  const std::optional<Failure>& failure() const { return failure_; }

  std::uint64_t history() const { return history_; }  // a hash of all steps
  std::uint64_t steps() const { return steps_; }
  std::vector<std::string> last_steps() const;
  /// Prints each step as it is noted.
  void print_steps(bool yes) { prints_ = yes; }

  /// What a task takes for its thread.
  static pthread_t thread_of(const Task& task) { return reinterpret_cast<pthread_t>(&task); }
  const Task* task_of(pthread_t thread) const;

 private:
  struct Line {
    Time at{};
    std::string who;
    std::string what;
  };
  void run_task(Task& task);
  void bury();
  Task* next_ready();
  void wake_by_time();
  void hand_over();
  void throw_if_killed(Task& task);
  bool frozen(const Task& task) const;

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Task*> live_;
  Time now_{0};
  Time booted_;
  Clockwork* clockwork_ = nullptr;
  bool yields_at_locks_ = false;
  bool prints_ = false;
  std::optional<Failure> failure_;
  std::uint64_t history_ = 1469598103934665603ULL;
  std::uint64_t steps_ = 0;
  std::deque<Line> lines_;
  Fiber outside_;          // where run() was called
  Task* ended_ = nullptr;  // its stack can be used again
};

}  // namespace vsim::simulation
