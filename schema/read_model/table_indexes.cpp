#include "schema/read_model/table_indexes.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "schema/read_model/long_statement.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

constexpr std::size_t tables_at_once = 2;

std::unique_ptr<Session> open_for_tables(const std::string& url, const std::string& schema) {
  // A rough sample is enough for the first plans, and reading a tenth of the usual one takes a
  // tenth of the time, whatever the size of the table. // D71
  return open_session(url, long_limits,
                      "SET search_path TO " + schema +
                          "; SET synchronous_commit TO off; SET maintenance_work_mem TO '128MB';"
                          " SET work_mem TO '64MB'; SET default_statistics_target TO 10");
}

/// The statements that take an index or a constraint off, and those that put it back.
constexpr const char* constraints_sql =
    "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
    " format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,"
    " pg_get_constraintdef(oid)) FROM pg_constraint"
    " WHERE contype IN ('p', 'u') AND conrelid = '{}'::regclass ORDER BY conname";
constexpr const char* indexes_sql =
    "SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)"
    " FROM pg_index WHERE indrelid = '{}'::regclass"
    " AND indexrelid NOT IN (SELECT conindid FROM pg_constraint) ORDER BY indexrelid";

/// Each statement is a transaction of its own.
void run_alone(BoundedWait& wait, const std::string& sql) {
  wait.again();
  pqxx::nontransaction tx(wait.connection());
  tx.exec(sql);
  tx.commit();
}

void delete_all_but_last(BoundedWait& wait, const std::string& table, const Repeats& repeats) {
  run_alone(wait, fmt::format("DELETE FROM {0} t USING (SELECT {1}, max({2}) AS last FROM {0}"
                              " GROUP BY {1} HAVING count(*) > 1) AS twice"
                              " WHERE t.{1} = twice.{1} AND t.{2} < last",
                              table, repeats.key, repeats.order));
}

/// That a key is there twice is seldom, and looking for it beforehand costs as much as its index.
void put_indexes_back(BoundedWait& wait, const LoadedTable& table) {
  for (const std::string& definition : table.index_definitions) {
    try {
      run_alone(wait, definition);
    } catch (const pqxx::unique_violation&) {
      if (!table.repeats) {
        throw;
      }
      delete_all_but_last(wait, table.name, *table.repeats);
      run_alone(wait, definition);
    }
  }
  run_alone(wait, "ANALYZE " + table.name);
}

}  // namespace

/// Definitions are read from Postgres, so that files to come in schema/postgres need no word here.
DbResult<void> TableIndexes::take_off() {
  std::unique_ptr<Session> session;
  try {
    session = open_for_tables(url_, schema_);
    const BoundedWait wait(*session);
    pqxx::work tx(wait.connection());
    for (LoadedTable& table : tables_) {
      for (const char* found_by : {constraints_sql, indexes_sql}) {
        for (const auto& row : tx.exec(fmt::format(fmt::runtime(found_by), table.name))) {
          tx.exec(text_of(row[0]));
          table.index_definitions.push_back(text_of(row[1]));
        }
      }
    }
    tx.commit();
    return {};
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

DbResult<void> TableIndexes::put_back() const {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<DatabaseError> failure;  // the first one; guarded by mutex
  const auto work = [&] {
    std::unique_ptr<Session> session;
    try {
      session = open_for_tables(url_, schema_);
      BoundedWait wait(*session);
      const LongStatement long_work(wait);
      for (auto i = next++; i < tables_.size(); i = next++) {
        put_indexes_back(wait, tables_[i]);
      }
    } catch (...) {
      auto error = current_failure(session.get());
      const std::lock_guard lock(mutex);
      next = tables_.size();  // the other one finishes its table, and no more
      if (!failure) {
        failure = std::move(error);
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < tables_at_once; ++i) {
      threads.emplace_back(work);
    }
  }
  if (failure) {
    return tl::unexpected(std::move(*failure));
  }
  return {};
}

}  // namespace vsim::read_model
