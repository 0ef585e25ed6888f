#include "schema/read_model/database.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::unique_ptr<Session> open_reader(const std::string& url, const WaitLimits& limits) {
  auto session = open_session(url, limits);
  for (const auto& statements :
       {server_statements(), server_event_statements(), operation_statements(),
        billing_statements(), region_statements(), clock_statements(), checkpoint_statements(),
        log_identity_statements()}) {
    prepare(*session, statements);
  }
  return session;
}

}  // namespace

struct ConnectionPool::Impl {
  std::string url;
  std::size_t connections_max;
  WaitLimits limits;
  std::mutex mutex;
  std::condition_variable changed;
  // What follows is guarded by the mutex.
  std::size_t in_use = 0;
  std::vector<std::unique_ptr<Session>> idle;  // the last used one last
  std::optional<DatabaseError> silence;        // the last wait that came to its limit
  SteadyClock::time_point ask_at{};            // during a silence: not before
  bool asking = false;                         // during a silence: one does

  bool fails_at_once() const { return silence && (asking || SteadyClock::now() < ask_at); }

  /// A place among the connections, and an idle one if there is one.
  std::optional<DatabaseError> take(std::unique_ptr<Session>& session) {
    std::unique_lock lock(mutex);
    const bool soon = changed.wait_for(
        lock, free_connection_max, [this] { return fails_at_once() || in_use < connections_max; });
    if (fails_at_once()) {
      return silence;
    }
    if (!soon) {
      return DatabaseError{DatabaseError::Kind::busy,
                           "all connections to Postgres were busy for " +
                               std::to_string(free_connection_max.count()) + " s"};
    }
    asking = silence.has_value();
    ++in_use;
    if (!idle.empty()) {
      session = std::move(idle.back());
      idle.pop_back();
    }
    return std::nullopt;
  }

  /// Gives the place back; nothing in `session` when it broke.
  void give_back(std::unique_ptr<Session> session, const std::optional<DatabaseError>& failure) {
    std::vector<std::unique_ptr<Session>> ended;  // outside of the lock
    bool all = false;
    {
      const std::lock_guard lock(mutex);
      all = silence.has_value() || (failure && failure->silent);
      --in_use;
      asking = false;
      if (failure && failure->silent) {
        silence = failure;
        ask_at = SteadyClock::now() + silence_kept;
        ended.swap(idle);  // each would have to be waited for
      } else {
        silence.reset();
      }
      if (session) {
        idle.push_back(std::move(session));
      }
    }
    all ? changed.notify_all() : changed.notify_one();
  }
};

ConnectionPool::ConnectionPool(std::string url, std::size_t connections_max,
                               const WaitLimits& limits)
    : impl_(std::make_unique<Impl>()) {
  impl_->limits = limits;
  impl_->url = std::move(url);
  impl_->connections_max = connections_max;
}

ConnectionPool::~ConnectionPool() = default;

std::optional<DatabaseError> ConnectionPool::run(const std::function<void(Transaction&)>& query) {
  std::unique_ptr<Session> session;
  if (auto none = impl_->take(session)) {
    return none;
  }
  std::optional<DatabaseError> failure;
  for (bool again = true; again;) {
    const bool was_idle = session != nullptr;
    again = false;
    failure.reset();
    try {
      if (!session) {
        session = open_reader(impl_->url, impl_->limits);
      }
      const BoundedWait wait(*session);
      pqxx::nontransaction tx(wait.connection());
      query(tx);
    } catch (...) {
      failure = current_failure(session.get());
    }
    const bool spoilt = session && !session->usable();
    if (failure && (failure->kind == DatabaseError::Kind::unavailable || spoilt)) {
      // It may have gone stale while it was idle: queries only read, so try once more on a new one.
      session.reset();
      again = was_idle && !failure->silent;
    }
  }
  if (session && !session->usable()) {
    session.reset();
  }
  impl_->give_back(std::move(session), failure);
  return failure;
}

}  // namespace vsim::read_model
