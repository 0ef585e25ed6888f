#include "api/connection_threads.h"

namespace vsim::api {

void ConnectionThreads::serve_soon(std::function<void()> connection) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(connection));
    if (waiting_.size() > idle_ && threads_.size() < threads_max_) {
      threads_.emplace_back([this] { serve(); });
    }
  }
  changed_.notify_one();
}

void ConnectionThreads::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [&] { return !waiting_.empty() || stopping_; });
    --idle_;
    if (waiting_.empty()) {
      return;
    }
    const auto connection = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    connection();
    lock.lock();
  }
}

void ConnectionThreads::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    thread.join();
  }
}

bool ConnectionThreads::crowded() const {
  const std::lock_guard lock(mutex_);
  return threads_.size() == threads_max_ && waiting_.size() > idle_;
}

}  // namespace vsim::api
