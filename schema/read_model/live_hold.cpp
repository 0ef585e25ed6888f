#include "schema/read_model/live_hold.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "schema/read_model/column_arrays.h"
#include "schema/read_model/long_statement.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/projection_tables.h"
#include "schema/read_model/session.h"
#include "schema/read_model/table_rows.h"

namespace vsim::read_model {
namespace {

using namespace std::chrono_literals;

constexpr const char* replaced_schema = "vsim_old";
constexpr int hold_attempts_max = 5;
constexpr auto drop_patience = 30s;
constexpr auto drop_pause = 100ms;

bool exists(Transaction& tx, const std::string& table) {
  return !tx.exec("SELECT to_regclass('" + table + "')")[0][0].is_null();
}

std::optional<Checkpoint> read_checkpoint(Transaction& tx) {
  const auto rows =
      tx.exec("SELECT sequence, hash FROM vsim.projection_checkpoint WHERE stream = 'EVENTS'");
  if (rows.empty()) {
    return std::nullopt;
  }
  return Checkpoint{integer_of<StreamSequence>(rows[0][0]), text_of(rows[0][1]), 0};
}

/// Outcomes win: the next model has them, and their rows stay, but where a later copy waits of what
/// was left undone.
void copy_pending(Transaction& tx, const std::string& schema) {
  tx.exec(
      fmt::format("INSERT INTO {0}.operations AS known ({1}) SELECT {1} FROM vsim.operations"
                  " WHERE status = 'PENDING' ON CONFLICT (id) DO UPDATE SET {2} WHERE {3}",
                  schema, column_names(operation_columns), overwrite_all(operation_columns, 1),
                  left_undone("known", "excluded")));
  tx.exec(
      fmt::format("INSERT INTO {0}.projection_checkpoint (stream, sequence, hash,"
                  " command_sequence) SELECT stream, sequence, hash, command_sequence"
                  " FROM vsim.projection_checkpoint WHERE stream = 'JOURNAL'",
                  schema));
}

/// Tables that somebody has broken have nothing to copy: JOURNAL has it too.
void try_copy_pending(pqxx::work& tx, const std::string& schema) {
  try {
    pqxx::subtransaction part(tx);
    copy_pending(part, schema);
    part.commit();
  } catch (const pqxx::sql_error&) {
    if (!tx.conn().is_open()) {
      throw;
    }
  }
}

bool is_lock_timeout(const DatabaseError& error) {
  return error.detail.find("lock timeout") != std::string::npos;
}

}  // namespace

DbResult<std::optional<Checkpoint>> live_checkpoint(const std::string& url) {
  std::unique_ptr<Session> session;
  try {
    session = open_session(url, read_limits);
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    if (!exists(tx, "vsim.projection_checkpoint")) {
      return std::optional<Checkpoint>();
    }
    return read_checkpoint(tx);
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

struct LiveHold::Impl {
  std::unique_ptr<Session> session;
  std::unique_ptr<pqxx::work> tx;
  std::optional<Checkpoint> checkpoint;
  std::mutex mutex;     // of the transaction, while it is kept
  std::jthread keeper;  // ends first

  ~Impl() { end(); }

  /// What the hold is taken for may last longer than Postgres lets a transaction be idle: it ends
  /// one whose client has stopped. So this one says that it goes on. Where that fails the
  /// transaction is over, and swap_in() tells why.
  void keep(std::chrono::milliseconds idle) {
    keeper = std::jthread([this, idle](const std::stop_token& stop) {
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      while (!never.wait_for(lock, stop, idle / 4, [&] { return stop.stop_requested(); })) {
        try {
          const BoundedWait wait(*session);
          tx->exec("SELECT 1");
        } catch (const std::exception&) {
          return;
        }
      }
    });
  }

  void stop_keeping() { keeper = {}; }

  /// Taking back what was begun is talk with Postgres too.
  void end() {
    stop_keeping();
    if (!tx) {
      return;
    }
    const BoundedWait wait(*session);
    tx.reset();
  }

  /// A projector that comes now waits for the lock, and then looks the tables' names up again: it
  /// writes into the model that is live by then, if its checkpoint fits. Reads need none of these
  /// locks.
  void hold() {
    const BoundedWait wait(*session);
    tx = std::make_unique<pqxx::work>(wait.connection());
    tx->exec("SET LOCAL lock_timeout TO '2s'");
    lock_migrations(*tx);
    if (exists(*tx, "vsim.projection_checkpoint")) {
      tx->exec("LOCK TABLE vsim.projection_checkpoint IN EXCLUSIVE MODE");
      checkpoint = read_checkpoint(*tx);
    }
  }
};

LiveHold::LiveHold(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveHold::~LiveHold() = default;

DbResult<std::unique_ptr<LiveHold>> LiveHold::take(const std::string& owner_url,
                                                   const WaitLimits& limits) {
  auto impl = std::make_unique<Impl>();
  try {
    impl->session = open_session(owner_url, limits);
  } catch (...) {
    return tl::unexpected(current_failure());
  }
  for (int attempt = 1;; ++attempt) {
    try {
      impl->hold();
      impl->keep(limits.idle);
      return std::unique_ptr<LiveHold>(new LiveHold(std::move(impl)));
    } catch (...) {
      const auto failure = current_failure(impl->session.get());
      impl->end();
      if (!is_lock_timeout(failure) || attempt == hold_attempts_max) {
        return tl::unexpected(failure);
      }
    }
  }
}

const std::optional<Checkpoint>& LiveHold::checkpoint() const { return impl_->checkpoint; }

DbResult<void> LiveHold::swap_in(const std::string& schema, bool pending) {
  impl_->stop_keeping();
  pqxx::work& tx = *impl_->tx;
  const BoundedWait wait(*impl_->session);
  const LongStatement work(wait);
  try {
    if (pending) {
      try_copy_pending(tx, schema);
    }
    const bool has_live = !tx.exec("SELECT to_regnamespace('vsim')")[0][0].is_null();
    if (has_live) {
      tx.exec(fmt::format("ALTER SCHEMA vsim RENAME TO {}", replaced_schema));
    }
    tx.exec(fmt::format("ALTER SCHEMA {} RENAME TO vsim", schema));
    tx.commit();
    return {};
  } catch (...) {
    return tl::unexpected(current_failure(impl_->session.get()));
  }
}

DbResult<bool> drop_replaced_model(const std::string& owner_url) {
  const auto give_up = std::chrono::steady_clock::now() + drop_patience;
  std::unique_ptr<Session> session;
  try {
    session = open_session(owner_url, long_limits, "SET client_min_messages TO warning");
    while (true) {
      try {
        const BoundedWait wait(*session);
        const LongStatement work(wait);
        pqxx::work tx(wait.connection());
        // Shorter than the time after which Postgres looks for deadlocks: nobody is thrown out.
        tx.exec("SET LOCAL lock_timeout TO '200ms'");
        tx.exec(fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", replaced_schema));
        tx.commit();
        return true;
      } catch (...) {
        const auto failure = current_failure(session.get());
        if (!is_lock_timeout(failure)) {
          return tl::unexpected(failure);
        }
      }
      if (std::chrono::steady_clock::now() > give_up) {
        return false;
      }
      std::this_thread::sleep_for(drop_pause);
    }
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

}  // namespace vsim::read_model
