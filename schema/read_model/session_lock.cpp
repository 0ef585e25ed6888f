#include "schema/read_model/session_lock.h"

#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

constexpr std::chrono::seconds ask_interval{1};
constexpr std::chrono::seconds first_answer_max{1};
/// An answer that old is none: the next one does not come.
constexpr std::chrono::seconds answer_kept{3};

}  // namespace

struct SessionLock::Impl {
  std::unique_ptr<Session> session;
  bool held = false;
};

SessionLock::SessionLock(std::string url, int number)
    : url_(std::move(url)), number_(number), impl_(std::make_unique<Impl>()) {}

SessionLock::~SessionLock() = default;

SessionLock::State SessionLock::state() {
  if (!thread_.joinable()) {
    thread_ = std::jthread([this](const std::stop_token& stop) { keep_asking(stop); });
  }
  std::unique_lock lock(mutex_);
  if (!answered_at_) {
    answered_.wait_for(lock, first_answer_max, [this] { return !!answered_at_; });
  }
  const bool is_old = !answered_at_ || SteadyClock::now() - *answered_at_ > answer_kept;
  return is_old ? State::unavailable : last_;
}

void SessionLock::keep_asking(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    lock.unlock();
    const State now = ask();
    lock.lock();
    last_ = now;
    answered_at_ = SteadyClock::now();
    answered_.notify_all();
    answered_.wait_for(lock, stop, ask_interval, [] { return false; });
  }
}

SessionLock::State SessionLock::ask() {
  try {
    if (!impl_->session) {
      impl_->session = open_session(url_, lock_limits);
      impl_->held = false;
    }
    const BoundedWait wait(*impl_->session);
    pqxx::nontransaction tx(wait.connection());
    if (impl_->held) {
      tx.exec("SELECT 1");  // the session lives, and with it the lock
      return State::held;
    }
    const auto rows = tx.exec("SELECT pg_try_advisory_lock(" + std::to_string(number_) + ")");
    impl_->held = view_of(rows[0][0]) == "t";
    return impl_->held ? State::held : State::taken;
  } catch (...) {
    impl_->session.reset();
    return State::unavailable;
  }
}

}  // namespace vsim::read_model
