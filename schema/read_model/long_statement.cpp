#include "schema/read_model/long_statement.h"

#include <condition_variable>
#include <mutex>

#include <libpq-fe.h>

#include "schema/read_model/session.h"

namespace vsim::read_model {

LongStatement::LongStatement(SocketWatch& watch, int backend, std::string url,
                             const WaitLimits& limits)
    : watch_(watch),
      backend_(backend),
      url_(std::move(url)),
      limit_(limits.answer),
      thread_([this](const std::stop_token& stop) { keep_asking(stop); }) {}

LongStatement::LongStatement(const BoundedWait& wait)
    : LongStatement(wait.session_.watch_, wait.connection().backendpid(), wait.session_.url_,
                    wait.session_.limits_) {}

void LongStatement::keep_asking(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!never.wait_for(lock, stop, limit_ / 4, [&] { return stop.stop_requested(); })) {
    if (is_at_work()) {
      watch_.prolong(limit_);
    }
  }
}

/// Of a session that was cut off on its way Postgres says that it is idle, or gone. States are told
/// to the role that has logged in, whichever the URL has set since. A Postgres that refuses the
/// second session, as one without a free slot does, has answered: it is not silent, and nothing
/// speaks against the first one.
bool LongStatement::is_at_work() const {
  try {
    const auto session = open_session(url_, lock_limits, "SET ROLE NONE");
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    return !tx.exec("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND pid = " +
                    std::to_string(backend_))
                .empty();
  } catch (...) {
    return PQping(with_limits(url_).c_str()) == PQPING_OK;  // also when it refuses by an error
  }
}

}  // namespace vsim::read_model
