#include "schema/read_model/session_lock.h"

#include "schema/read_model/session.h"

namespace vsim::read_model {

struct SessionLock::Impl {
  std::unique_ptr<pqxx::connection> connection;
  bool held = false;
};

SessionLock::SessionLock(std::string url, int number)
    : url_(std::move(url)), number_(number), impl_(std::make_unique<Impl>()) {}
SessionLock::~SessionLock() = default;

SessionLock::State SessionLock::state() {
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_at_ < std::chrono::seconds(1)) return last_;
  asked_at_ = now;
  last_ = ask();
  return last_;
}

SessionLock::State SessionLock::ask() {
  try {
    if (!impl_->connection) {
      impl_->connection = open_connection(url_);
      impl_->held = false;
    }
    pqxx::nontransaction tx(*impl_->connection);
    if (impl_->held) {
      tx.exec("SELECT 1");  // the session lives, and with it the lock
      return State::held;
    }
    const auto rows = tx.exec("SELECT pg_try_advisory_lock(" + std::to_string(number_) + ")");
    impl_->held = view_of(rows[0][0]) == "t";
    return impl_->held ? State::held : State::taken;
  } catch (...) {
    impl_->connection.reset();
    return State::unavailable;
  }
}

}  // namespace vsim::read_model
