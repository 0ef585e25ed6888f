#include "ops/telemetry/shutdown.h"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>

#include <pthread.h>
#include <unistd.h>

#include "ops/telemetry/log.h"

namespace vsim::telemetry {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

ShutdownSignals::ShutdownSignals() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error of write(), not our end
  thread_ = std::jthread([this] { take_signals(); });
}

ShutdownSignals::~ShutdownSignals() {
  finished_.request_stop();
  pthread_kill(thread_.native_handle(), SIGTERM);  // wakes the thread, and only it
}

void ShutdownSignals::wait() const {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait(lock, stop_.get_token(), [] { return false; });
}

void ShutdownSignals::take_signals() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  if (finished_.stop_requested()) return;
  log::info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  stop_.request_stop();

  const timespec patience{shutdown_seconds_max.count(), 0};
  while ((signal = sigtimedwait(&signals, nullptr, &patience)) < 0 && errno == EINTR) {
  }
  if (finished_.stop_requested()) return;
  log::error(signal < 0 ? "not stopped in time; leaving with work unfinished"
                        : "told to stop again; leaving with work unfinished");
  _exit(1);
}

}  // namespace vsim::telemetry
