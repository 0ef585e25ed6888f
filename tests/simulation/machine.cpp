#include "tests/simulation/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/format.h>
#include <sys/single_threaded.h>

namespace vsim::simulation {
namespace {

constexpr std::size_t lines_kept = 50;
constexpr std::uint64_t steps_max = 3'000'000;
constexpr Time step_takes = std::chrono::microseconds(1);
constexpr Time look_takes = std::chrono::nanoseconds(100);
constexpr std::uint64_t lock_yields_one_in = 64;

// Of the last run, as steady clocks have it: they can tell no more than 292 years in all.
Time last_end = std::chrono::hours(24 * 365);

Task* current_task = nullptr;
Machine* the_machine = nullptr;

}  // namespace

Machine::Machine(std::uint64_t seed) : random_(seed) {
  // Full hours, so that what rounds its time rounds it alike in each run.
  booted_ = std::chrono::ceil<std::chrono::hours>(last_end + std::chrono::minutes(10));
  // Where there is one thread, std::stop_source leaves out what other threads would wait for.
  __libc_single_threaded = 0;
  the_machine = this;
}

Machine::~Machine() {
  last_end = booted_ + now_;
  the_machine = nullptr;
}

Task* Machine::current() { return current_task; }
Machine& Machine::here() { return *the_machine; }

Task* Machine::start(std::shared_ptr<Process> process, std::string name,
                     std::function<void()> body) {
  auto task = std::make_unique<Task>();
  task->number = tasks_.size();
  task->name = std::move(name);
  task->process = std::move(process);
  task->body = std::move(body);
  task->fiber = std::make_unique<Fiber>([this, begun = task.get()] { run_task(*begun); });
  live_.push_back(task.get());
  tasks_.push_back(std::move(task));
  return tasks_.back().get();
}

void Machine::run(std::function<void()> first) {
  current_task =
      start(std::make_shared<Process>(Process{.name = "world"}), "world", std::move(first));
  outside_.switch_to(*current_task->fiber);
  bury();
}

/// Of the task that has just ended, the stack can be used again.
void Machine::bury() {
  if (ended_ != nullptr) {
    ended_->fiber.reset();
    ended_ = nullptr;
  }
}

/// A task's whole life, on its fiber.
void Machine::run_task(Task& task) {
  bury();
  try {
    if (task.process->dying) {
      throw Killed{};
    }
    task.body();
  } catch (const Killed&) {
    task.killed = true;
  }
  task.body = nullptr;
  current_task = nullptr;
  task.fiber->exit_locals();
  task.state = Task::State::done;
  std::erase(live_, &task);
  wake_all(&task);
  wake_all(task.process.get());
  ended_ = &task;
  current_task = live_.empty() ? nullptr : next_ready();
  task.fiber->switch_to(current_task == nullptr ? outside_ : *current_task->fiber);
}

bool Machine::frozen(const Task& task) const {
  return task.process->frozen_until && *task.process->frozen_until > now_ && !task.process->dying;
}

void Machine::wake_by_time() {
  for (auto* task : live_) {
    if (task->state == Task::State::waiting && task->wake_at && *task->wake_at <= now_) {
      task->state = Task::State::ready;
      task->woken_by_time = true;
    }
  }
}

Task* Machine::next_ready() {
  while (true) {
    if (clockwork_ != nullptr) {
      for (auto due = clockwork_->next(); due && *due <= now_; due = clockwork_->next()) {
        clockwork_->advance(now_);
      }
    }
    wake_by_time();
    std::size_t ready = 0;
    Task* only = nullptr;
    for (auto* task : live_) {
      if (task->state == Task::State::ready && !frozen(*task)) {
        ++ready;
        only = task;
      }
    }
    if (ready == 1) {
      return only;
    }
    if (ready > 1) {
      auto chosen = draw(ready);
      for (auto* task : live_) {
        if (task->state == Task::State::ready && !frozen(*task) && chosen-- == 0) {
          return task;
        }
      }
    }
    Time next = clockwork_ != nullptr ? clockwork_->next().value_or(Time::max()) : Time::max();
    for (const auto* task : live_) {
      const bool stands = frozen(*task);
      if (stands) {
        next = std::min(next, *task->process->frozen_until);
      } else if (task->state == Task::State::waiting && task->wake_at) {
        next = std::min(next, *task->wake_at);
      }
    }
    if (next == Time::max()) {
      fmt::print(stderr, "all tasks wait for ever\n");
      for (const auto& line : last_steps()) {
        fmt::print(stderr, "{}\n", line);
      }
      for (const auto* task : live_) {
        fmt::print(stderr, "waits: {}/{} deaf={} dying={}\n", task->process->name, task->name,
                   task->deaf, task->process->dying);
      }
      std::abort();
    }
    now_ = std::max(now_, next);
  }
}

void Machine::hand_over() {
  Task* me = current_task;
  Task* next = next_ready();
  if (next == me) {
    return;
  }
  current_task = next;
  me->fiber->switch_to(*next->fiber);
  bury();
}

void Machine::throw_if_killed(Task& task) {
  if (task.process->dying && !task.thrown && std::uncaught_exceptions() == 0) {
    task.thrown = true;
    throw Killed{};
  }
}

bool Machine::lives() const { return current_task == nullptr || !current_task->process->dying; }

void Machine::step(std::string_view what) {
  note(what);
  now_ += step_takes;
  hand_over();
  throw_if_killed(*current_task);
}

void Machine::yield() {
  now_ += step_takes;
  hand_over();
}

void Machine::note(std::string_view what) {
  Task* me = current_task;
  const auto mix = [this](std::string_view text) {
    for (const char c : text) {
      history_ = (history_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
  };
  mix(me->process->name);
  mix(me->name);
  mix(what);
  history_ = (history_ ^ static_cast<std::uint64_t>(now_.count())) * 1099511628211ULL;
  if (lines_.size() == lines_kept) {
    lines_.pop_front();
  }
  lines_.push_back({now_, me->process->name + "/" + me->name, std::string(what)});
  if (prints_) {
    fmt::print("{}\n", last_steps().back());
  }
  if (++steps_ == steps_max) {
    fail("the run does not end: " + std::to_string(steps_max) + " steps");
  }
}

std::vector<std::string> Machine::last_steps() const {
  std::vector<std::string> lines;
  for (const auto& line : lines_) {
    lines.push_back(fmt::format("{:>14.6f} {:<22} {}",
                                std::chrono::duration<double>(line.at).count(), line.who,
                                line.what));
  }
  return lines;
}

void Machine::sleep(Time length) { wait(nullptr, now_ + length); }

bool Machine::wait(const void* object, std::optional<Time> until) {
  Task& me = *current_task;
  if (me.process->dying && me.thrown) {
    yield();
    return false;
  }
  throw_if_killed(me);
  if (until && *until <= now_) {
    yield();
    throw_if_killed(me);
    return false;
  }
  me.awaited = object;
  me.wake_at = until;
  me.woken_by_time = false;
  me.state = Task::State::waiting;
  hand_over();
  me.awaited = nullptr;
  me.wake_at.reset();
  throw_if_killed(me);
  return !me.woken_by_time;
}

void Machine::wait_deaf(const void* object) {
  Task& me = *current_task;
  me.awaited = object;
  me.deaf = true;
  me.state = Task::State::waiting;
  hand_over();
  me.deaf = false;
  me.awaited = nullptr;
}

void Machine::wake_one(const void* object) {
  std::vector<Task*> waiting;
  for (auto* task : live_) {
    if (task->state == Task::State::waiting && task->awaited == object) {
      waiting.push_back(task);
    }
  }
  if (!waiting.empty()) {
    waiting[waiting.size() == 1 ? 0 : draw(waiting.size())]->state = Task::State::ready;
  }
}

void Machine::wake_all(const void* object) {
  for (auto* task : live_) {
    if (task->state == Task::State::waiting && task->awaited == object) {
      task->state = Task::State::ready;
    }
  }
}

void Machine::kill(const std::shared_ptr<Process>& process) {
  process->dying = true;
  for (auto* task : live_) {
    if (task->process == process && task->state == Task::State::waiting && !task->deaf) {
      task->state = Task::State::ready;
    }
  }
}

bool Machine::has_tasks(const std::shared_ptr<Process>& process) const {
  return std::any_of(live_.begin(), live_.end(),
                     [&](const Task* task) { return task->process == process; });
}

void Machine::await_end(const std::shared_ptr<Process>& process) {
  while (has_tasks(process)) {
    wait_deaf(process.get());
  }
}

Time Machine::look_at_clock() {
  now_ += look_takes;
  return now_;
}

void Machine::at_lock() {
  if (yields_at_locks_ && !current_task->process->dying && draw(lock_yields_one_in) == 0) {
    yield();
  }
}

std::uint64_t Machine::draw(std::uint64_t end) { return random_() % end; }

bool Machine::chance(double probability) {
  return probability > 0 && static_cast<double>(random_() >> 11) * 0x1.0p-53 < probability;
}

void Machine::fail(std::string what) {
  if (!failure_) {
    note("FAILURE: " + what);
    failure_ = Failure{std::move(what)};
  }
}

const Task* Machine::task_of(pthread_t thread) const {
  // Ends are not forgotten: another thread may join later.
  for (const auto& task : tasks_) {
    if (thread_of(*task) == thread) {
      return task.get();
    }
  }
  return nullptr;
}

}  // namespace vsim::simulation
