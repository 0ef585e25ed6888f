#include "schema/read_model/migrations.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "schema/messages/sha256.h"
#include "schema/read_model/long_statement.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

// Whoever holds this advisory lock migrates; the number is only ours.
constexpr std::int64_t migration_lock = 0x7673696d01;

struct File {
  std::string name;
  std::string sql;
  std::string checksum;
};

struct Files {
  std::vector<File> operators;
  std::vector<File> read_models;
};

/// What a reader can act on, where libpqxx has no word for it.
struct MigrationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::vector<File> read_files(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code failure;
  std::vector<File> files;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().extension() != ".sql") {
      continue;
    }
    std::ifstream in(entry.path());
    std::ostringstream text;
    text << in.rdbuf();
    files.push_back(
        {entry.path().filename().string(), text.str(), messages::sha256_hex(text.str())});
  }
  if (failure || files.empty()) {
    throw MigrationError(
        fmt::format("no .sql files in {}: set SCHEMA_DIR to the schema folder", folder.string()));
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.name < b.name; });
  return files;
}

/// Tables and views of the search path's first schema, as an array.
constexpr const char* relations_sql =
    "SELECT coalesce(array_agg(relname::text ORDER BY relname), '{}') FROM pg_class"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v', 'p', 'm')";

/// Why the schema cannot be gone on with; empty when it can.
std::string reason_to_drop(Transaction& tx) {
  const auto relations = tx.exec(relations_sql);
  if (text_of(relations[0][0]) == "{}") {
    return {};
  }
  if (tx.exec("SELECT to_regclass('migrations')")[0][0].is_null()) {
    return "it holds tables but no record of migrations";
  }
  // Each file's record names what existed after it; the last one's must still be there.
  const auto missing = tx.exec(
      "SELECT r FROM unnest((SELECT relations FROM migrations ORDER BY name DESC LIMIT 1)) AS r"
      " WHERE to_regclass(quote_ident(r)) IS NULL ORDER BY r LIMIT 1");
  return missing.empty() ? std::string() : text_of(missing[0][0]) + " is missing";
}

void make_schema(Transaction& tx, const std::string& schema) {
  tx.exec("CREATE SCHEMA IF NOT EXISTS " + schema);
  tx.exec("SET LOCAL search_path TO " + schema + ", public");
}

/// The checksums of the recorded files. A difference to the files at hand is an error.
std::map<std::string, std::string> check_recorded(Transaction& tx, const std::vector<File>& files,
                                                  const std::string& schema) {
  tx.exec(
      "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, checksum text NOT NULL,"
      " applied_at timestamptz NOT NULL DEFAULT now(), relations text[] NOT NULL)");
  std::map<std::string, std::string> recorded;
  for (const auto& row : tx.exec("SELECT name, checksum FROM migrations")) {
    recorded[text_of(row[0])] = text_of(row[1]);
  }
  for (const auto& [name, checksum] : recorded) {
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&, wanted = name](const File& f) { return f.name == wanted; });
    if (file == files.end()) {
      throw MigrationError(fmt::format(
          "{} was applied to this database, but is not among the files: a newer build made it",
          name));
    }
    if (file->checksum != checksum) {
      throw MigrationError(fmt::format(
          "{} has changed since it was applied (recorded {:.12}, now {:.12}): put the change into a"
          " new file, or drop schema {} and let it be rebuilt from the log",
          name, checksum, file->checksum, schema));
    }
  }
  return recorded;
}

/// Files empty the tables before them where their rows have to be projected again. Of tables that
/// were made a moment ago Postgres would build each index anew, and wait for the disk each time:
/// most of what a new schema takes. // D71
std::string without_truncate(std::string sql) {
  constexpr std::string_view truncate = "\nTRUNCATE ";
  for (auto begin = sql.find(truncate); begin != std::string::npos; begin = sql.find(truncate)) {
    sql.erase(begin, sql.find(';', begin) + 1 - begin);
  }
  return sql;
}

void apply_file(Transaction& tx, const File& file, bool tables_are_new) {
  try {
    tx.exec(tables_are_new ? without_truncate(file.sql) : file.sql);
  } catch (const pqxx::sql_error& error) {
    if (failure_of(error.sqlstate(), error.what()).passes()) {
      throw;  // not the file's fault
    }
    throw MigrationError(file.name + ": " + error.what());
  }
}

/// Applies what is missing of one schema's files; gives their names.
std::vector<std::string> apply_missing(Transaction& tx, const std::vector<File>& files,
                                       const std::string& schema) {
  const auto recorded = check_recorded(tx, files, schema);
  const std::string record = "record_" + schema;
  tx.conn().prepare(record, "INSERT INTO migrations (name, checksum, relations) VALUES ($1, $2, (" +
                                std::string(relations_sql) + "))");
  std::vector<std::string> applied;
  for (const File& file : files) {
    if (recorded.count(file.name) > 0) {
      continue;
    }
    apply_file(tx, file, recorded.empty());
    execute(tx, record, Arguments().text(file.name).text(file.checksum));
    applied.push_back(file.name);
  }
  return applied;
}

/// What operators have written is in no log: where it is damaged it is theirs to look at.
void migrate_operator(Transaction& tx, const std::vector<File>& files) {
  const std::string schema(operator_schema);
  make_schema(tx, schema);
  const std::string damage = reason_to_drop(tx);
  if (!damage.empty()) {
    throw MigrationError("schema " + schema + " is damaged, " + damage +
                         ": restore it from a backup, or drop it and with it what was not sent");
  }
  apply_missing(tx, files, schema);
}

MigrationReport migrate(Transaction& tx, const Files& files, const std::string& schema) {
  MigrationReport report;
  tx.exec("SET LOCAL client_min_messages TO warning");
  lock_migrations(tx);
  migrate_operator(tx, files.operators);
  make_schema(tx, schema);
  report.dropped_because = reason_to_drop(tx);
  if (!report.dropped_because.empty()) {
    tx.exec("DROP SCHEMA " + schema + " CASCADE");
    make_schema(tx, schema);
  }
  report.applied = apply_missing(tx, files.read_models, schema);
  return report;
}

/// So that psql finds the tables by their bare names. Only the database's owner may.
std::string set_search_path(Session& session, const std::string& schema) {
  try {
    const BoundedWait wait(session);
    pqxx::nontransaction tx(wait.connection());
    const auto set = tx.exec(
        fmt::format("SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                    " WHERE d.datname = current_database() AND s.setrole = 0"
                    " AND 'search_path={}, public' = ANY (s.setconfig)",
                    schema));
    if (set.empty()) {
      tx.exec(
          fmt::format("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO {}, "
                      "public', current_database()); END $$",
                      schema));
    }
    return {};
  } catch (...) {
    return fmt::format("psql needs \"SET search_path TO {}\" here: {}", schema,
                       current_failure(&session).detail);
  }
}

}  // namespace

void lock_migrations(Transaction& tx) {
  tx.exec(fmt::format("SELECT pg_advisory_xact_lock({})", migration_lock));
}

DbResult<MigrationReport> apply_migrations(const std::string& url, const std::string& schema_dir,
                                           std::string_view schema) {
  std::unique_ptr<Session> session;
  try {
    const auto folder = std::filesystem::path(schema_dir) / "postgres";
    const Files files{read_files(folder / operator_schema), read_files(folder)};
    session = open_session(url, long_limits);
    MigrationReport report;
    {
      const BoundedWait wait(*session);
      const LongStatement work(wait);
      pqxx::work tx(wait.connection());
      report = migrate(tx, files, std::string(schema));
      tx.commit();
    }
    if (schema == read_model_schema) {
      report.warning = set_search_path(*session, std::string(schema));
    }
    return report;
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

}  // namespace vsim::read_model
