#include "schema/read_model/session.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include <libpq-fe.h>
#include <simdjson.h>

#include "domain/utf8.h"

namespace vsim::read_model {
namespace {

bool is_one_of(std::string_view state, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return state.starts_with(start); });
}

/// By Postgres' table of error codes (appendix A of its manual).
DatabaseError::Kind kind_of(std::string_view state) {
  using Kind = DatabaseError::Kind;
  // 42P01 undefined table, 3F000 no such schema, 42703 undefined column
  if (is_one_of(state, {"42P01", "3F000", "42703"})) {
    return Kind::not_migrated;
  }
  if (state == "25006") {
    return Kind::read_only;
  }
  // 08 connection, 57P stopped or starting
  if (is_one_of(state, {"08", "57P"})) {
    return Kind::unavailable;
  }
  // 25 the transaction was ended for us, 26 the session lost its statements, 40 rolled back for
  // another's sake, 53 out of something, 55 locked, 57 cancelled, 58 the system's fault
  if (is_one_of(state, {"25", "26", "40", "53", "55", "57", "58"})) {
    return Kind::busy;
  }
  // 21 cardinality, 22 data, 23 integrity, 54 too large for Postgres, P0 a trigger's objection
  if (is_one_of(state, {"21", "22", "23", "54", "P0"})) {
    return Kind::bad_value;
  }
  return Kind::refused;
}

/// What the error's text leaves out.
std::string_view meaning_of(std::string_view state) {
  if (state == "25006") {
    return "Postgres is read-only, as after a failover to its standby";
  }
  if (state == "55P03") {
    return "another session holds a lock on the tables";
  }
  if (state == "57014") {
    return "the statement took too long";
  }
  return {};
}

/// The first line: the rest of a message from Postgres points into the statement.
std::string first_line(std::string_view text) {
  return std::string(text.substr(0, std::min(text.size(), text.find('\n'))));
}

/// A value that `url`, in either of libpq's forms, gives; empty when it gives none.
std::string value_in(const std::string& url, std::string_view keyword) {
  std::string value;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), nullptr);
  for (const auto* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) {
      value = option->val;
    }
  }
  PQconninfoFree(options);
  return value;
}

/// A later one of the same keyword wins.
void add_value(std::string& url, const std::string& keyword, std::int64_t value) {
  const bool is_uri = url.find("://") != std::string::npos;
  const char* separator = !is_uri ? " " : url.find('?') == std::string::npos ? "?" : "&";
  url += separator + keyword + "=" + std::to_string(value);
}

}  // namespace

std::string with_limits(const std::string& url) {
  std::string limited = url;
  const std::string given = value_in(url, "connect_timeout");
  const long seconds = std::strtol(given.c_str(), nullptr, 10);
  if (seconds < 1 || seconds > connect_in_url_max.count()) {
    add_value(limited, "connect_timeout", connect_max.count());
  }
  // What nobody waits on is noticed by the kernel, if at all: a host that is gone, a cut line.
  for (const auto& [keyword, value] :
       {std::pair("keepalives_idle", 5), std::pair("keepalives_interval", 3),
        std::pair("keepalives_count", 3), std::pair("tcp_user_timeout", 15'000)}) {
    if (value_in(url, keyword).empty()) {
      add_value(limited, keyword, value);
    }
  }
  return limited;
}

std::string limits_sql(const WaitLimits& limits) {
  const auto set = [](const char* name, std::chrono::milliseconds value) {
    return std::string("SET ") + name + " TO " + std::to_string(value.count()) + "; ";
  };
  // The last ones, in seconds: how long the server keeps the locks of a client that is gone.
  return set("lock_timeout", limits.lock) + set("statement_timeout", limits.statement) +
         set("idle_in_transaction_session_timeout", limits.idle) +
         "SET tcp_keepalives_idle TO 5; SET tcp_keepalives_interval TO 3;"
         " SET tcp_keepalives_count TO 3; SET tcp_user_timeout TO 15000; ";
}

std::string session_sql(const WaitLimits& limits) {
  // The statements are few, run often and are made so that one plan suits all their arguments.
  return limits_sql(limits) + "SET search_path TO " + std::string(read_model_schema) +
         ", public; SET client_encoding TO 'UTF8'; SET TimeZone TO 'UTC'; SET jit TO off;"
         " SET plan_cache_mode TO force_generic_plan; ";
}

Session::Session(const std::string& url, const WaitLimits& limits, const std::string& settings)
    : url_(url), limits_(limits), connection_(with_limits(url)), watch_(connection_.sock()) {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // version 7 never reactivates
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
  const BoundedWait wait(*this);
  try {
    pqxx::nontransaction tx(connection_);
    tx.exec(session_sql(limits_) + settings);
  } catch (...) {
    if (silent()) {
      throw NoAnswer(no_answer().detail);
    }
    throw;
  }
}

std::unique_ptr<Session> open_session(const std::string& url, const WaitLimits& limits,
                                      const std::string& settings) {
  if (waits_are_over()) {
    throw NoAnswer("this process is about to end");
  }
  const auto began = std::chrono::steady_clock::now();
  try {
    return std::make_unique<Session>(url, limits, settings);
  } catch (const pqxx::broken_connection& error) {
    // By time, since libpq tells only in words, and maybe in another language, why it gave up. It
    // counts by the second.
    if (std::chrono::steady_clock::now() - began < connect_max - std::chrono::seconds(1)) {
      throw;
    }
    throw NoAnswer(first_line(error.what()));
  }
}

void prepare(Session& session, const std::vector<Statement>& statements) {
  BoundedWait wait(session);
  try {
    for (const Statement& statement : statements) {
      wait.again();
      wait.connection().prepare(statement.name, statement.sql);
    }
  } catch (...) {
    wait.statements_are_lost();
    throw;
  }
}

void prepare(Transaction& tx, const Statement& statement) {
  try {
    tx.conn().prepare(statement.name, statement.sql);
  } catch (...) {
    BoundedWait::current().statements_are_lost();
    throw;
  }
}

DatabaseError failure_of(std::string_view state, std::string_view text) {
  const std::string_view meaning = meaning_of(state);
  return {kind_of(state),
          meaning.empty() ? first_line(text) : std::string(meaning) + ": " + first_line(text)};
}

/// 26: it is not there, as after DISCARD; 42P05: another of its name is.
bool means_lost_statements(std::string_view state) { return is_one_of(state, {"26", "42P05"}); }

DatabaseError no_answer() {
  return {DatabaseError::Kind::unavailable,
          "no answer in time: it is frozen, or the connection carries nothing any more", true};
}

DatabaseError no_free_connection() {
  return {DatabaseError::Kind::busy, "all connections to Postgres were busy for " +
                                         std::to_string(free_connection_max.count()) + " s"};
}

DatabaseError current_failure() {
  using Kind = DatabaseError::Kind;
  try {
    throw;
  } catch (const NoAnswer& error) {
    return {Kind::unavailable, error.what(), true};
  } catch (const pqxx::broken_connection& error) {
    return {Kind::unavailable, first_line(error.what())};
  } catch (const pqxx::deadlock_detected& error) {
    return {Kind::busy, first_line(error.what())};
  } catch (const pqxx::in_doubt_error& error) {
    return {Kind::unavailable, first_line(error.what())};
  } catch (const pqxx::sql_error& error) {
    return failure_of(error.sqlstate(), error.what());
  } catch (const std::exception& error) {
    return {Kind::refused, first_line(error.what())};
  }
}

DatabaseError current_failure(const Session* session) {
  if (session == nullptr) {
    return current_failure();
  }
  if (session->silent()) {
    return no_answer();
  }
  // What libpqxx stumbles over once the connection is gone is not the news.
  return session->is_open()
             ? current_failure()
             : DatabaseError{DatabaseError::Kind::unavailable, "the connection was lost"};
}

std::string_view fit_text(std::string_view text, std::string& storage) {
  const bool fit = text.find('\0') == std::string_view::npos &&
                   simdjson::validate_utf8(text.data(), text.size());
  if (fit) {
    return text;
  }
  storage.clear();
  while (!text.empty()) {
    // Postgres stores no NUL.
    const std::size_t length = text.front() == '\0' ? 0 : utf8_character_length(text);
    if (length == 0) {
      storage += "\xEF\xBF\xBD";
    } else {
      storage += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return storage;
}

Arguments& Arguments::text(std::string_view value) {
  std::string storage;
  values_.emplace_back(std::string(fit_text(value, storage)));
  return *this;
}

Arguments& Arguments::integer(std::int64_t value) {
  values_.emplace_back(std::to_string(value));
  return *this;
}

Arguments& Arguments::null() {
  values_.emplace_back();
  return *this;
}

Arguments& Arguments::ready(std::string value) {
  values_.emplace_back(std::move(value));
  return *this;
}

namespace {

pqxx::result run_prepared(Transaction& tx, const std::string& name,
                          const std::vector<std::optional<std::string>>& given) {
#if PQXX_VERSION_MAJOR < 7
  std::vector<const char*> values;
  values.reserve(given.size());
  for (const auto& value : given) {
    values.push_back(value ? value->c_str() : nullptr);
  }
  return tx.exec_prepared(name, pqxx::prepare::make_dynamic_params(values));
#else
  pqxx::params values;
  for (const auto& value : given) {
    if (value) {
      values.append(*value);
    } else {
      values.append();
    }
  }
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 10
  return tx.exec(pqxx::prepped{name}, values);
#else
  return tx.exec_prepared(name, values);
#endif
#endif
}

}  // namespace

pqxx::result execute(Transaction& tx, const std::string& name, const Arguments& arguments) {
  try {
    return run_prepared(tx, name, arguments.values());
  } catch (const pqxx::sql_error& error) {
    if (means_lost_statements(error.sqlstate())) {
      BoundedWait::current().statements_are_lost();
    }
    throw;
  }
}

}  // namespace vsim::read_model
