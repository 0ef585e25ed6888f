#pragma once

// The threads of the HTTP side: one for each open connection, made when first needed, kept for the
// next one. The library's own pool makes all of them at its start, and cannot tell when none is
// free.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vsim::api {

class ConnectionThreads {
 public:
  explicit ConnectionThreads(std::size_t threads_max) : threads_max_(threads_max) {}

  /// Runs it on a free thread, or a new one, or when one is free. Any thread.
  void serve_soon(std::function<void()> connection);

  /// Serves what has been queued and joins all threads.
  void shutdown();

  /// Whether connections wait for a thread: then idle ones should be closed.
  bool crowded() const;

 private:
  void serve();

  const std::size_t threads_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace vsim::api
