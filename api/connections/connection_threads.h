#pragma once

// The threads that requests are answered on: started when none is free, ended when they have been
// idle for a while.

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

  /// Runs the task on a free thread, or a new one; does not block. There are never more threads
  /// than tasks at one time. Where the system gives no more threads, it runs when one is free.
  void run_soon(std::function<void()> task);

  /// Runs the tasks that were given and joins all threads. run_soon() may not be called afterwards.
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
