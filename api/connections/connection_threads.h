#pragma once

// The threads that requests are answered on: made when none is free, gone when there has been
// nothing to do for a while.

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace vsim::api {

/// Any thread.
class ConnectionThreads {
 public:
  ConnectionThreads() = default;
  /// As shutdown().
  ~ConnectionThreads() { shutdown(); }
  ConnectionThreads(const ConnectionThreads&) = delete;
  ConnectionThreads& operator=(const ConnectionThreads&) = delete;

  /// Runs it on a free thread, or a new one; does not wait. There are never more threads than tasks
  /// that run at once. Where the system gives no more threads, it runs when one is free.
  void run_soon(std::function<void()> task);

  /// Runs what has been given and joins all threads. Nothing may be given afterwards.
  void shutdown();

  std::size_t count() const;

 private:
  using Threads = std::list<std::thread>;
  void work(Threads::iterator self);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  Threads threads_;
  Threads ended_;  // to be joined; at most as many as have been at once
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace vsim::api
