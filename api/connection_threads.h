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

#include <httplib.h>

namespace vsim::api {

class ConnectionThreads : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(std::size_t threads_max) : threads_max_(threads_max) {}

  /// Any thread.
#ifdef CPPHTTPLIB_VERSION_NUM  // the library's newer versions
  bool enqueue(std::function<void()> connection) override;
#else
  void enqueue(std::function<void()> connection) override;
#endif

  /// Serves what has been queued and joins all threads.
  void shutdown() override;

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
