#include "api/connections/connection_threads.h"

#include <cassert>
#include <chrono>
#include <system_error>

namespace vsim::api {
namespace {

constexpr std::chrono::seconds idle_thread_seconds_max{5};

void join_all(std::list<std::thread>& threads) {
  for (auto& thread : threads) {
    thread.join();
  }
  threads.clear();
}

}  // namespace

void ConnectionThreads::run_soon(std::function<void()> task) {
  Threads ended;
  {
    const std::lock_guard lock(mutex_);
    assert(!stopping_);  // nobody would run the task
    waiting_.push_back(std::move(task));
    ended.swap(ended_);
    if (waiting_.size() > idle_) {
      threads_.emplace_front();
      try {
        threads_.front() = std::thread([this, self = threads_.begin()] { work(self); });
      } catch (const std::system_error&) {
        threads_.pop_front();
      }
    }
  }
  changed_.notify_one();
  join_all(ended);  // does not block: they have returned, or are about to
}

void ConnectionThreads::work(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait_for(lock, idle_thread_seconds_max,
                      [&] { return !waiting_.empty() || stopping_; });
    --idle_;
    if (waiting_.empty()) {
      break;
    }
    const auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
  if (!stopping_) {  // else shutdown() joins
    ended_.splice(ended_.end(), threads_, self);
  }
}

void ConnectionThreads::shutdown() {
  Threads threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    threads.splice(threads.end(), ended_);
  }
  changed_.notify_all();
  join_all(threads);
}

std::size_t ConnectionThreads::count() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

}  // namespace vsim::api
