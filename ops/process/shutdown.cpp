#include "ops/process/shutdown.h"

#include <cerrno>
#include <csignal>

#include <pthread.h>
#include <unistd.h>

#include "ops/telemetry/log.h"

namespace vsim::process {
namespace {

sigset_t taken_signals(bool hangup) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (hangup) {
    sigaddset(&signals, SIGHUP);
  }
  return signals;
}

const char* name_of(int signal) { return signal == SIGINT ? "SIGINT" : "SIGTERM"; }

}  // namespace

ShutdownSignals::ShutdownSignals(Hangup hangup) : hangup_(hangup) {
  const sigset_t signals = taken_signals(hangup_ == Hangup::wish);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error of write(), not our end
  thread_ = std::jthread([this] { take_signals(); });
}

ShutdownSignals::~ShutdownSignals() {
  finished_.request_stop();
  // Wakes the thread, and only it: it takes the signal instead of dying of it.
  pthread_kill(thread_.native_handle(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
}

bool ShutdownSignals::wait_for_hangup() {
  std::unique_lock lock(mutex_);
  const bool wished = hung_up_.wait(lock, stop_.get_token(), [this] { return wished_; });
  wished_ = false;
  return wished && !stop_.stop_requested();
}

void ShutdownSignals::record_hangup() {
  {
    const std::lock_guard lock(mutex_);
    wished_ = true;
  }
  hung_up_.notify_all();
}

/// The next signal that ends the process.
int ShutdownSignals::take_ending_signal() {
  const sigset_t signals = taken_signals(hangup_ == Hangup::wish);
  int signal = 0;
  while (sigwait(&signals, &signal) != 0 || signal == SIGHUP) {
    if (signal == SIGHUP) {
      record_hangup();
    }
  }
  return signal;
}

void ShutdownSignals::take_signals() {
  int signal = take_ending_signal();
  if (finished_.stop_requested()) {
    return;
  }
  log::info("stopping", {{"signal", name_of(signal)}});
  stop_.request_stop();

  const sigset_t signals = taken_signals(false);  // nothing is read again at the end
  const timespec patience{shutdown_seconds_max.count(), 0};
  while ((signal = sigtimedwait(&signals, nullptr, &patience)) < 0 && errno == EINTR) {
  }
  if (finished_.stop_requested()) {
    return;
  }
  log::error(signal < 0 ? "not stopped in time; leaving with work unfinished"
                        : "told to stop again; leaving with work unfinished");
  _exit(1);
}

}  // namespace vsim::process
