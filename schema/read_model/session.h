#pragma once

// The inside of this folder: libpqxx itself, and the little that makes its versions 6 and 7 look
// alike. Included by .cpp files only.

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pqxx/pqxx>

#include "domain/instant.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

#if PQXX_VERSION_MAJOR < 7
using Connection = pqxx::connection_base;
#else
using Connection = pqxx::connection;
#endif

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
std::vector<Statement> small_table_statements();

/// Connects: search path on the read models, plans made once per statement, then the caller's own
/// `settings` (SQL). A broken connection stays broken: libpqxx 6 would quietly make a new one,
/// without the lock that the old one held.
std::unique_ptr<pqxx::connection> open_connection(const std::string& url,
                                                  const std::string& settings = {});
/// The URL with a bound on how long a connection attempt may take, where it does not say.
std::string with_timeout(const std::string& url);
void prepare(Connection& connection, const std::vector<Statement>& statements);

/// What the caught exception means; call it inside of a catch block.
DatabaseError current_failure();
/// The same, on a connection that was open before.
DatabaseError current_failure(const pqxx::connection& connection);

/// The arguments of a statement, in order. Text is made fit for Postgres: what is no UTF-8, and
/// NUL, becomes U+FFFD.
class Arguments {
 public:
  Arguments& text(std::string_view value);
  Arguments& integer(std::int64_t value);
  Arguments& null();
  Arguments& ready(std::string value);  // fit already

 private:
  friend pqxx::result execute(Transaction& tx, const std::string& name, const Arguments& arguments);
  std::vector<std::optional<std::string>> values_;
};

/// Runs a prepared statement.
pqxx::result execute(Transaction& tx, const std::string& name, const Arguments& arguments);

/// The text itself where it is fit for Postgres, else a mended copy in `storage`.
std::string_view fit_text(std::string_view text, std::string& storage);

// Fields, read without streams or copies.

inline std::string_view view_of(const pqxx::field& field) { return {field.c_str(), field.size()}; }

inline std::string text_of(const pqxx::field& field) { return std::string(view_of(field)); }

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
