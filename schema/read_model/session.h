#pragma once

// The inside of this folder: libpqxx itself, and the little that makes its versions 6 and 7 look
// alike. Included by .cpp files only.

#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <pqxx/pqxx>

#include "domain/instant.h"
#include "schema/read_model/database.h"
#include "schema/read_model/socket_watch.h"
#include "schema/read_model/wait_limits.h"

namespace vsim::read_model {

/// A named statement of this folder.
struct Statement {
  std::string name;
  std::string sql;
};

/// The statements of each file's queries; prepared on every connection that reads.
std::vector<Statement> server_statements();
std::vector<Statement> server_event_statements();
std::vector<Statement> operation_statements();
std::vector<Statement> billing_statements();
std::vector<Statement> region_statements();
std::vector<Statement> warm_pool_statements();
std::vector<Statement> clock_statements();
std::vector<Statement> checkpoint_statements();
std::vector<Statement> log_identity_statements();
/// Of pages of servers, a shape each; those are quick reads (D68) and prepared when first run.
const std::vector<Statement>& server_page_statements();

/// A session with Postgres, whose waits are limited. One thread at a time. A broken one stays
/// broken: libpqxx 6 would quietly make a new one, without the lock that the old one held.
class Session {
 public:
  /// Connects: limits, search path on the read models, plans made once per statement, then the
  /// caller's own `settings` (SQL). Throws what libpqxx throws, and NoAnswer.
  Session(const std::string& url, const WaitLimits& limits, const std::string& settings = {});

  bool is_open() const { return connection_.is_open() && !watch_.cut(); }
  /// Whether it is open and has the statements that were to be prepared. One that is not usable is
  /// replaced: which of them it has is not known.
  bool usable() const { return is_open() && !statements_lost_; }
  /// Whether Postgres has let a wait come to its limit.
  bool silent() const { return watch_.cut(); }

 private:
  friend class BoundedWait;
  friend class LongStatement;

  const std::string url_;
  const WaitLimits limits_;
  pqxx::connection connection_;
  bool statements_lost_ = false;
  SocketWatch watch_;  // ends first: its socket is the connection's
};

/// Postgres, or what lies before it, has not even refused.
struct NoAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A stretch of talk with Postgres that ends in time, and the only way to a session's connection.
/// Stands before the transactions on it, since ending them is talk too. One at a time.
class BoundedWait {
 public:
  explicit BoundedWait(Session& session) : BoundedWait(session, session.limits_.answer) {}
  /// A shorter one, for what is usually quick.
  BoundedWait(Session& session, std::chrono::milliseconds limit)
      : session_(session), limit_(limit) {
    current_ = this;
    again();
  }
  ~BoundedWait() {
    session_.watch_.end();
    current_ = nullptr;
  }
  BoundedWait(const BoundedWait&) = delete;
  BoundedWait& operator=(const BoundedWait&) = delete;

  pqxx::connection& connection() const { return session_.connection_; }

  /// That the session cannot be relied on to have its prepared statements.
  void statements_are_lost() { session_.statements_lost_ = true; }

  /// Once more as long from now: for the next of several statements.
  void again() { session_.watch_.begin(limit_); }

  /// This thread's, for queries that know that they take long; it must be in one.
  static BoundedWait& current() { return *current_; }

 private:
  friend class LongStatement;
  static inline thread_local BoundedWait* current_ = nullptr;
  Session& session_;
  std::chrono::milliseconds limit_;
};

std::unique_ptr<Session> open_session(const std::string& url, const WaitLimits& limits,
                                      const std::string& settings = {});
/// The URL with what bounds waits where it says nothing: for a connection attempt, and for a
/// connection that carries nothing any more.
std::string with_limits(const std::string& url);
/// SQL that makes a session of Postgres' keep to these limits.
std::string limits_sql(const WaitLimits& limits);
/// The same, and what every session on the read models is set to.
std::string session_sql(const WaitLimits& limits);
/// All of them or, where one fails, a session that is not usable() any more. libpqxx 6 sends each
/// to Postgres when it is first run, version 7 at once.
void prepare(Session& session, const std::vector<Statement>& statements);
/// One more, in the midst of a session's work.
void prepare(Transaction& tx, const Statement& statement);

/// What the caught exception means; call it inside of a catch block.
DatabaseError current_failure();
/// The same, on a session that was open before; there may be none.
DatabaseError current_failure(const Session* session);
/// What an error of this SQLSTATE means.
DatabaseError failure_of(std::string_view state, std::string_view text);
/// Whether it says that the session's prepared statements are not those that it was to have.
bool means_lost_statements(std::string_view state);
/// That a wait came to its limit.
DatabaseError no_answer();
/// That a wait for one of a pool's connections came to its limit.
DatabaseError no_free_connection();

/// The arguments of a statement, in order. Text is made fit for Postgres: what is no UTF-8, and
/// NUL, becomes U+FFFD.
class Arguments {
 public:
  Arguments& text(std::string_view value);
  Arguments& integer(std::int64_t value);
  Arguments& null();
  Arguments& ready(std::string value);  // fit already

  const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  std::vector<std::optional<std::string>> values_;
};

/// Runs a prepared statement. Where the session turns out to have lost it, or to have another of
/// that name, it is not usable() any more.
pqxx::result execute(Transaction& tx, const std::string& name, const Arguments& arguments);

/// The text itself where it is fit for Postgres, else a mended copy in `storage`.
std::string_view fit_text(std::string_view text, std::string& storage);

// Fields, read without streams or copies.

inline std::string_view view_of(const pqxx::field& field) { return {field.c_str(), field.size()}; }

inline std::string text_of(const pqxx::field& field) { return std::string(view_of(field)); }

// The next three are texts here, and other bytes in a BinaryField.
inline std::string id_text_of(const pqxx::field& field) { return text_of(field); }
inline std::string address_text_of(const pqxx::field& field) { return text_of(field); }
inline std::string json_text_of(const pqxx::field& field) { return text_of(field); }

template <typename Integer>
Integer integer_of(const pqxx::field& field) {
  Integer value{};
  const std::string_view digits = view_of(field);
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// A column that the query gives as Unix milliseconds.
inline Instant instant_of(const pqxx::field& field) {
  return Instant{Duration{integer_of<std::int64_t>(field)}};
}

inline std::optional<Instant> optional_instant_of(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(instant_of(field));
}

inline std::int64_t unix_milliseconds(Instant at) { return at.time_since_epoch().count(); }

/// SQL for the moment so many milliseconds (an expression of a bigint) after 1970. Divided by 1000
/// as a double they would be a microsecond off here and there, from the year 2255 on; whole seconds
/// are exact beyond the year 9999.
inline std::string moment_sql(const std::string& milliseconds) {
  return "(to_timestamp(" + milliseconds + " / 1000) + " + milliseconds +
         " % 1000 * interval '1 millisecond')";
}

}  // namespace vsim::read_model
