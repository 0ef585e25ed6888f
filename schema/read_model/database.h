#pragma once

// Connections to Postgres, with libpqxx kept behind this folder: its API differs between versions.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "schema/read_model/wait_limits.h"

namespace pqxx {
class transaction_base;
}  // namespace pqxx

namespace vsim::read_model {

struct QuickRead;

/// The Postgres schema of the read models: nothing else lives there, so it can be dropped whole and
/// made again from the log.
inline constexpr std::string_view read_model_schema = "vsim";

/// What operators write, and no log holds: kept when the read models are dropped or made anew.
inline constexpr std::string_view operator_schema = "operator";

/// Why the database gave no answer.
struct DatabaseError {
  enum class Kind {
    unavailable,   // no connection, or it broke: what was asked may or may not have been done
    busy,          // it answers, and cannot do it now: a lock, a limit, no room; nothing was done
    read_only,     // it answers, and takes no writes: a standby, or an operator wants it so
    not_migrated,  // tables are missing: run `vsimctl migrate`, or start a projector
    bad_value,     // a value that we gave cannot be stored
    refused        // the database said no: a bug of ours, or missing rights
  };
  Kind kind{};
  std::string detail;
  bool silent = false;  // unavailable, and it took a time limit of ours to know

  /// Whether it may go well without anybody's doing, a little later.
  bool passes() const {
    return kind == Kind::unavailable || kind == Kind::busy || kind == Kind::read_only;
  }
};

template <typename T>
using DbResult = tl::expected<T, DatabaseError>;

/// From `limit` from now on no wait for Postgres goes on or begins in this process: for its end. A
/// connection that is being made ends by itself within seconds. Any thread.
void end_waits_within(std::chrono::milliseconds limit);

/// One query running: what the functions of this folder take.
using Transaction = pqxx::transaction_base;

/// A bounded set of connections, opened when first needed, opened anew when broken, and given to
/// those that wait in the order in which they came. Each wait in it has a limit (wait_limits.h).
/// Once Postgres has let one of them run out, callers fail at once, but for one in a second that
/// asks whether it is back: so however many callers there are, they do not pile up, and nothing
/// need be restarted. Any thread.
class ConnectionPool {
 public:
  ConnectionPool(std::string url, std::size_t connections_max,
                 const WaitLimits& limits = read_limits);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// How many callers wait for a connection.
  std::size_t waiting() const;

  /// Runs a quick read, in one round trip with others that wait at the same time. It has its rows
  /// or its failure afterwards. Blocks. Inside of this folder.
  void run_together(QuickRead& read);
  /// The same, by itself: for a page, which would hold the others up.
  void run_alone(QuickRead& read);

  /// Runs `query` on a free connection outside of a transaction block (one statement, one round
  /// trip). Exceptions of libpqxx are caught here and nowhere else; a broken idle connection is
  /// replaced and the query tried once more.
  template <typename Query>
  auto read(Query&& query) -> DbResult<decltype(query(std::declval<Transaction&>()))> {
    using T = decltype(query(std::declval<Transaction&>()));
    std::optional<T> value;
    auto failure = run([&](Transaction& tx) { value.emplace(query(tx)); });
    if (failure) {
      return tl::unexpected(std::move(*failure));
    }
    return std::move(*value);
  }

 private:
  std::optional<DatabaseError> run(const std::function<void(Transaction&)>& query);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::read_model
