#include "schema/read_model/session.h"

#include <utility>

#include <simdjson.h>

namespace vsim::read_model {
namespace {

/// The length of the well-formed UTF-8 character at the front; 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead == 0 || length > text.size() || !simdjson::validate_utf8(text.data(), length)) {
    return 0;
  }
  return length;
}

bool starts_with(const std::string& state, std::string_view start) {
  return state.compare(0, start.size(), start) == 0;
}

DatabaseError::Kind kind_of(const std::string& state) {
  // 42P01 undefined table, 3F000 no such schema, 42703 undefined column
  if (state == "42P01" || state == "3F000" || state == "42703") {
    return DatabaseError::Kind::not_migrated;
  }
  // 08 connection, 40 rolled back for another's sake, 53 out of something, 55 busy, 57 stopped
  for (const std::string_view passing : {"08", "40", "53", "55", "57"}) {
    if (starts_with(state, passing)) {
      return DatabaseError::Kind::unavailable;
    }
  }
  return DatabaseError::Kind::refused;
}

/// The first line: the rest of a message from Postgres points into the statement.
std::string first_line(std::string text) {
  text.resize(std::min(text.size(), text.find('\n')));
  return text;
}

}  // namespace

std::string with_timeout(const std::string& url) {
  if (url.find("connect_timeout") != std::string::npos) {
    return url;
  }
  if (url.find("://") == std::string::npos) {
    return url + " connect_timeout=5";
  }
  return url + (url.find('?') == std::string::npos ? '?' : '&') + "connect_timeout=5";
}

std::unique_ptr<pqxx::connection> open_connection(const std::string& url,
                                                  const std::string& settings) {
  auto connection = std::make_unique<pqxx::connection>(with_timeout(url));
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // version 7 never reactivates
  connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
  pqxx::nontransaction tx(*connection);
  // The statements are few, run often and are made so that one plan suits all their arguments.
  tx.exec("SET search_path TO " + std::string(read_model_schema) +
          ", public; SET client_encoding TO 'UTF8'; SET TimeZone TO 'UTC'; SET jit TO off;"
          " SET plan_cache_mode TO force_generic_plan; " +
          settings);
  return connection;
}

void prepare(Connection& connection, const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    connection.prepare(statement.name, statement.sql);
  }
}

DatabaseError current_failure() {
  using Kind = DatabaseError::Kind;
  try {
    throw;
  } catch (const pqxx::broken_connection& error) {
    return {Kind::unavailable, first_line(error.what())};
  } catch (const pqxx::deadlock_detected& error) {
    return {Kind::unavailable, first_line(error.what())};
  } catch (const pqxx::in_doubt_error& error) {
    return {Kind::unavailable, first_line(error.what())};
  } catch (const pqxx::sql_error& error) {
    return {kind_of(error.sqlstate()), first_line(error.what())};
  } catch (const std::exception& error) {
    return {Kind::refused, first_line(error.what())};
  }
}

DatabaseError current_failure(const pqxx::connection& connection) {
  // What libpqxx stumbles over once the connection is gone is not the news.
  return connection.is_open()
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
    const std::size_t length = character_length(text);
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

pqxx::result execute(Transaction& tx, const std::string& name, const Arguments& arguments) {
#if PQXX_VERSION_MAJOR < 7
  std::vector<const char*> values;
  values.reserve(arguments.values_.size());
  for (const auto& value : arguments.values_) {
    values.push_back(value ? value->c_str() : nullptr);
  }
  return tx.exec_prepared(name, pqxx::prepare::make_dynamic_params(values));
#else
  pqxx::params values;
  for (const auto& value : arguments.values_) {
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

}  // namespace vsim::read_model
