#pragma once

// The inside of this folder: a session of libpq for the reads that are asked most. Sends several
// statements at once and takes their rows in the binary form: libpqxx 6 can do neither, and copies
// each field. D68

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "schema/read_model/binary_rows.h"
#include "schema/read_model/database.h"
#include "schema/read_model/session.h"
#include "schema/read_model/socket_watch.h"

namespace vsim::read_model {

/// One statement that only reads, by a key or a page of bounded length, and its outcome.
struct QuickRead {
  const Statement& statement;  // outlives all sessions; its name stands for its SQL
  Arguments arguments;
  ResultHandle rows = nullptr;                          // none: it failed
  std::optional<DatabaseError> failure = std::nullopt;  // why
  bool finished = false;
};

/// One thread at a time. A broken one stays broken.
class QuickSession {
 public:
  using OnFinished = std::function<void(const QuickRead&)>;

  /// Connects, as Session does.
  static DbResult<std::unique_ptr<QuickSession>> open(const std::string& url,
                                                      const WaitLimits& limits);
  /// Its end is talk with Postgres too, and bounded.
  ~QuickSession();
  QuickSession(const QuickSession&) = delete;
  QuickSession& operator=(const QuickSession&) = delete;

  /// Runs them in one round trip: each on a snapshot of its own, taken after the call. Takes each
  /// out of `reads` when it is finished, and calls `on_finished`, after which it may be gone; those
  /// behind it may still be under way. Where one fails, those behind it go in one more round trip,
  /// unless it has waited as long as may be. The error is that of those that are left: the
  /// connection's, or that wait's. Blocks for `limits.answer` at most, for each round trip.
  std::optional<DatabaseError> run(std::vector<QuickRead*>& reads, const OnFinished& on_finished);

  /// As Session::usable().
  bool usable() const;

 private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  /// What is asked in a round trip, in order, and with each whether its statement is prepared
  /// first.
  struct Asked {
    QuickRead* read;
    bool prepares;
  };

  QuickSession(std::unique_ptr<PGconn, Close> connection, const WaitLimits& limits);
  std::optional<DatabaseError> set_up();
  std::optional<DatabaseError> round_trip(std::vector<QuickRead*>& reads,
                                          const OnFinished& on_finished);
  std::vector<Asked> send(const std::vector<QuickRead*>& reads);
  bool take_outcome(const Asked& asked);
  ResultHandle next_result();
  bool take_synchronisation();
  void fail(QuickRead& read, const PGresult* result);
  bool is_broken() const;
  DatabaseError why_broken() const;

  const WaitLimits limits_;
  std::unique_ptr<PGconn, Close> connection_;
  std::unordered_set<std::string> prepared_;
  bool statements_lost_ = false;
  std::optional<DatabaseError> busy_;  // of a statement of the round trip under way
  SocketWatch watch_;                  // ends first: its socket is the connection's
};

}  // namespace vsim::read_model
