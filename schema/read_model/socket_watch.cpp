#include "schema/read_model/socket_watch.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "schema/read_model/database.h"

namespace vsim::read_model {
namespace {

constexpr std::chrono::milliseconds look_interval{100};

std::int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t moment_after(std::chrono::milliseconds limit) {
  return steady_now() + std::chrono::nanoseconds(limit).count();
}

std::atomic<std::int64_t> last_moment{std::numeric_limits<std::int64_t>::max()};

}  // namespace

/// All watches of the process, and the thread that looks at them.
class Watchers {
 public:
  static Watchers& all() {
    static Watchers watchers;
    return watchers;
  }

  void add(SocketWatch* watch) {
    {
      const std::lock_guard lock(mutex_);
      watches_.push_back(watch);
    }
    added_.notify_one();
  }

  void remove(SocketWatch* watch) {
    const std::lock_guard lock(mutex_);
    std::erase(watches_, watch);
  }

 private:
  Watchers() : thread_([this](std::stop_token stop) { run(stop); }) {}

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (added_.wait(lock, stop, [this] { return !watches_.empty(); }) &&
           !stop.stop_requested()) {
      const std::int64_t now = steady_now();
      for (SocketWatch* watch : watches_) {
        watch->look(now);
      }
      added_.wait_for(lock, stop, look_interval, [] { return false; });
    }
  }

  std::mutex mutex_;
  std::condition_variable_any added_;
  std::vector<SocketWatch*> watches_;
  std::jthread thread_;
};

SocketWatch::SocketWatch(int socket)
    : socket_(socket < 0 ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  // Without a descriptor nothing could be cut off, and libpq might wait for ever.
  if (socket >= 0 && socket_ < 0) {
    throw std::system_error(errno, std::generic_category(), "a connection cannot be watched");
  }
  Watchers::all().add(this);
}

SocketWatch::~SocketWatch() {
  Watchers::all().remove(this);
  if (socket_ >= 0) {
    close(socket_);
  }
}

void SocketWatch::begin(std::chrono::milliseconds limit) {
  if (!cut()) {
    moment_ = moment_after(limit);
  }
}

void SocketWatch::prolong(std::chrono::milliseconds limit) {
  std::int64_t moment = moment_;
  while (moment > no_wait && !moment_.compare_exchange_weak(moment, moment_after(limit))) {
  }
}

void SocketWatch::end() {
  std::int64_t moment = moment_;
  while (moment > no_wait && !moment_.compare_exchange_weak(moment, no_wait)) {
  }
}

void SocketWatch::look(std::int64_t now) {
  std::int64_t moment = moment_;
  if (moment <= no_wait || now < std::min(moment, last_moment.load())) {
    return;
  }
  // A wait that has ended meanwhile, or begun anew, has another moment.
  if (moment_.compare_exchange_strong(moment, cut_off) && socket_ >= 0) {
    shutdown(socket_, SHUT_RDWR);
  }
}

bool waits_are_over() { return steady_now() >= last_moment.load(); }

void end_waits_within(std::chrono::milliseconds limit) { last_moment = moment_after(limit); }

}  // namespace vsim::read_model
