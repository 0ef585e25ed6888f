#include "schema/read_model/database.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "schema/read_model/quick_reads.h"
#include "schema/read_model/quick_session.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::unique_ptr<Session> open_reader(const std::string& url, const WaitLimits& limits) {
  auto session = open_session(url, limits);
  for (const auto& statements :
       {server_statements(), server_event_statements(), operation_statements(),
        billing_statements(), region_statements(), warm_pool_statements(), clock_statements(),
        checkpoint_statements(), log_identity_statements()}) {
    prepare(*session, statements);
  }
  return session;
}

/// Opens the session where there is none, and uses it. The error is the session's, not that of a
/// statement which the caller hears of by itself.
std::optional<DatabaseError> attempt(std::unique_ptr<Session>& session, const std::string& url,
                                     const WaitLimits& limits,
                                     const std::function<void(Transaction&)>& query) {
  try {
    if (!session) {
      session = open_reader(url, limits);
    }
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    query(tx);
    return std::nullopt;
  } catch (...) {
    return current_failure(session.get());
  }
}

using UseQuickly = std::function<std::optional<DatabaseError>(QuickSession&)>;

std::optional<DatabaseError> attempt(std::unique_ptr<QuickSession>& session, const std::string& url,
                                     const WaitLimits& limits, const UseQuickly& use) {
  try {
    if (!session) {
      auto opened = QuickSession::open(url, limits);
      if (!opened) {
        return opened.error();
      }
      session = std::move(*opened);
    }
    return use(*session);
  } catch (...) {
    return current_failure();
  }
}

/// A thread that waits for a place among the connections.
struct WaitingForPlace {
  enum class Turn { none, has_place, refused };
  std::condition_variable changed;
  Turn turn = Turn::none;
};

}  // namespace

struct ConnectionPool::Impl {
  template <typename AnySession>
  using Idle = std::vector<std::unique_ptr<AnySession>>;  // the last used one last

  std::string url;
  std::size_t connections_max;
  WaitLimits limits;
  std::mutex mutex;
  // What follows is guarded by the mutex.
  std::size_t in_use = 0;
  std::deque<WaitingForPlace*> waiting;  // the longest waiting one first
  Idle<Session> idle;
  Idle<QuickSession> idle_quick;
  std::optional<DatabaseError> silence;  // the last wait that came to its limit
  SteadyClock::time_point ask_at{};      // during a silence: not before
  bool asking = false;                   // during a silence: one does

  // Each has a part of the places, so that reads of the other kinds find one, with its session.
  QuickReads by_key;
  QuickReads pages;

  Impl(std::string url_of, std::size_t connections, const WaitLimits& limits_of)
      : url(std::move(url_of)),
        connections_max(connections),
        limits(limits_of),
        by_key({.groups_max = std::max<std::size_t>(1, connections / 4),
                .group_reads_max = quick_group_reads_max},
               group_runner()),
        pages({.groups_max = std::max<std::size_t>(1, connections / 2), .group_reads_max = 1},
              group_runner()) {}

  QuickReads::RunGroup group_runner() {
    return
        [this](const QuickReads::FormGroup& form_group, const QuickReads::OnFinished& on_finished) {
          return run_group(form_group, on_finished);
        };
  }

  bool fails_at_once() const { return silence && (asking || SteadyClock::now() < ask_at); }

  /// In the order of coming: a thread that has just given a place back does not overtake others.
  std::optional<DatabaseError> take_place(std::unique_lock<std::mutex>& lock) {
    if (fails_at_once()) {
      return silence;
    }
    if (in_use < connections_max && waiting.empty()) {
      ++in_use;
      return std::nullopt;
    }
    using Turn = WaitingForPlace::Turn;
    WaitingForPlace self;
    waiting.push_back(&self);
    self.changed.wait_for(lock, free_connection_max, [&] { return self.turn != Turn::none; });
    if (self.turn == Turn::none) {
      std::erase(waiting, &self);
    }
    if (self.turn == Turn::has_place && !fails_at_once()) {
      return std::nullopt;
    }
    if (self.turn == Turn::has_place) {
      leave_place();
    }
    return silence ? *silence : no_free_connection();
  }

  /// Gives it to the one that has waited for longest, if one does.
  void leave_place() {
    if (waiting.empty()) {
      --in_use;
      return;
    }
    call_first(WaitingForPlace::Turn::has_place);
  }

  void call_first(WaitingForPlace::Turn turn) {
    waiting.front()->turn = turn;
    waiting.front()->changed.notify_one();  // under the lock, since it may end then
    waiting.pop_front();
  }

  /// A place among the connections, and an idle one of its kind if there is one.
  template <typename AnySession, typename OtherSession>
  std::optional<DatabaseError> take(std::unique_ptr<AnySession>& session, Idle<AnySession>& of_kind,
                                    Idle<OtherSession>& of_other_kind) {
    std::unique_ptr<OtherSession> ended;  // outside of the lock
    std::unique_lock lock(mutex);
    if (auto none = take_place(lock)) {
      return none;
    }
    asking = silence.has_value();
    if (!of_kind.empty()) {
      session = std::move(of_kind.back());
      of_kind.pop_back();
    } else if (in_use + of_other_kind.size() > connections_max) {
      ended = std::move(of_other_kind.back());
      of_other_kind.pop_back();
    }
    lock.unlock();
    return std::nullopt;
  }

  /// Gives the place back; nothing in `session` when it broke.
  template <typename AnySession>
  void give_back(std::unique_ptr<AnySession> session, Idle<AnySession>& of_kind,
                 const std::optional<DatabaseError>& failure) {
    Idle<Session> ended;  // outside of the lock, as the next
    Idle<QuickSession> ended_quick;
    const std::lock_guard lock(mutex);
    asking = false;
    if (failure && failure->silent) {
      silence = failure;
      ask_at = SteadyClock::now() + silence_kept;
      ended.swap(idle);  // each would have to be waited for
      ended_quick.swap(idle_quick);
      while (!waiting.empty()) {
        call_first(WaitingForPlace::Turn::refused);
      }
    } else {
      silence.reset();
    }
    if (session) {
      of_kind.push_back(std::move(session));
    }
    leave_place();
  }

  template <typename AnySession, typename OtherSession, typename Use>
  std::optional<DatabaseError> run(Idle<AnySession>& of_kind, Idle<OtherSession>& of_other_kind,
                                   const Use& use) {
    std::unique_ptr<AnySession> session;
    if (auto none = take(session, of_kind, of_other_kind)) {
      return none;
    }
    std::optional<DatabaseError> failure;
    for (bool again = true; again;) {
      const bool was_idle = session != nullptr;
      again = false;
      failure = attempt(session, url, limits, use);
      const bool spoilt = session && !session->usable();
      if (failure && (failure->kind == DatabaseError::Kind::unavailable || spoilt)) {
        // It may have gone stale while it was idle: queries only read, so try once more on a new
        // one.
        session.reset();
        again = was_idle && !failure->silent;
      }
    }
    if (session && !session->usable()) {
      session.reset();
    }
    give_back(std::move(session), of_kind, failure);
    return failure;
  }

  /// Waits for no group while Postgres is known to be silent: the one that goes asks whether it is.
  void run(QuickReads& reads, QuickRead& read) {
    {
      const std::lock_guard lock(mutex);
      if (fails_at_once()) {
        read.failure = silence;
      }
    }
    if (!read.failure) {
      reads.run(read);
    }
  }

  std::optional<DatabaseError> run_group(const QuickReads::FormGroup& form_group,
                                         const QuickReads::OnFinished& on_finished) {
    std::optional<std::vector<QuickRead*>> group;
    const UseQuickly use = [&](QuickSession& session) {
      if (!group) {
        group = form_group();
      }
      return session.run(*group, on_finished);
    };
    return run(idle_quick, idle, use);
  }
};

ConnectionPool::ConnectionPool(std::string url, std::size_t connections_max,
                               const WaitLimits& limits)
    : impl_(std::make_unique<Impl>(std::move(url), connections_max, limits)) {}

ConnectionPool::~ConnectionPool() = default;

std::optional<DatabaseError> ConnectionPool::run(const std::function<void(Transaction&)>& query) {
  return impl_->run(impl_->idle, impl_->idle_quick, query);
}

std::size_t ConnectionPool::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting.size();
}

void ConnectionPool::run_together(QuickRead& read) { impl_->run(impl_->by_key, read); }
void ConnectionPool::run_alone(QuickRead& read) { impl_->run(impl_->pages, read); }

}  // namespace vsim::read_model
