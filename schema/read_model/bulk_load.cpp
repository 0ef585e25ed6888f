#include "schema/read_model/bulk_load.h"

#include <fmt/format.h>

#include "schema/read_model/long_statement.h"
#include "schema/read_model/session.h"
#include "schema/read_model/table_rows.h"

namespace vsim::read_model {
namespace {

/// Servers kept in memory; beyond that they go into the table, and maybe again later.
constexpr std::size_t servers_in_memory_max = 100'000;
constexpr std::size_t periods_looked_through = 20'000;

constexpr const char* bulk_tables =
    "('server_events'::regclass, 'operations'::regclass, 'billing_periods'::regclass,"
    " 'servers'::regclass)";

/// Runs `statements` in a session of their own, for as long as they take.
template <typename Tx, typename Statements>
DbResult<void> run_in(const std::string& url, const std::string& schema, Statements&& statements) {
  std::unique_ptr<Session> session;
  try {
    session = open_session(url, long_limits,
                           "SET search_path TO " + schema +
                               "; SET synchronous_commit TO off;"
                               " SET maintenance_work_mem TO '128MB'; SET work_mem TO '64MB'");
    BoundedWait wait(*session);
    const LongStatement work(wait);
    Tx tx(wait.connection());
    statements(tx, wait);
    tx.commit();
    return {};
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

void write_servers(CopyStream& to, ProjectionBatch& batch) {
  for (const auto& [id, state] : batch.servers) {
    add_row(to, server_row(id, state));
  }
  batch.servers.clear();
}

void write_ended_periods(CopyStream& to, ProjectionBatch& batch) {
  for (const PeriodBegun& period : batch.take_ended_periods()) {
    add_row(to, period);
  }
}

}  // namespace

DbResult<std::unique_ptr<BulkLoad>> BulkLoad::begin(const std::string& url,
                                                    const std::string& schema) {
  std::unique_ptr<BulkLoad> load(new BulkLoad(url, schema));
  if (auto off = load->take_indexes_off(); !off) {
    return tl::unexpected(off.error());
  }
  const auto stream = [&](const char* table, std::span<const Column> columns,
                          std::unique_ptr<CopyStream>& to) -> std::optional<DatabaseError> {
    auto begun = CopyStream::begin(url, schema, table, columns);
    if (!begun) {
      return begun.error();
    }
    to = std::move(*begun);
    return std::nullopt;
  };
  auto failure = stream("server_events", event_columns, load->events_);
  if (!failure) {
    failure = stream("operations", operation_columns, load->operations_);
  }
  if (!failure) {
    failure = stream("billing_periods", period_columns, load->periods_);
  }
  if (!failure) {
    failure = stream("servers", server_columns_written, load->servers_);
  }
  if (failure) {
    return tl::unexpected(*failure);
  }
  return load;
}

bool BulkLoad::good() const {
  return events_->good() && operations_->good() && periods_->good() && servers_->good();
}

DbResult<void> BulkLoad::take(ProjectionBatch& batch) {
  for (const auto& [server, row] : batch.events) {
    add_row(*events_, server, row);
  }
  batch.events.clear();
  for (const auto& [id, row] : batch.operations) {
    add_row(*operations_, row);
  }
  batch.operations.clear();
  if (batch.periods_begun.size() > 2 * running_periods_ + periods_looked_through) {
    write_ended_periods(*periods_, batch);
    running_periods_ = batch.periods_begun.size();
  }
  if (batch.servers.size() > servers_in_memory_max) {
    write_servers(*servers_, batch);
    spilled_ = true;
  }
  if (good()) {
    return {};
  }
  for (CopyStream* stream : {events_.get(), operations_.get(), periods_.get(), servers_.get()}) {
    if (stream->good()) {
      continue;
    }
    if (auto finished = stream->finish(); !finished) {
      return finished;
    }
  }
  return {};
}

DbResult<void> BulkLoad::finish(ProjectionBatch& batch) {
  if (auto taken = take(batch); !taken) {
    return taken;
  }
  for (const PeriodBegun& period : batch.periods_begun) {
    add_row(*periods_, period);
  }
  batch.periods_begun.clear();
  write_servers(*servers_, batch);
  for (CopyStream* stream : {events_.get(), operations_.get(), periods_.get(), servers_.get()}) {
    if (auto finished = stream->finish(); !finished) {
      return finished;
    }
  }
  // A command that was purged or buried and then replayed has two outcomes; the last one counts.
  auto done = keep_last("operations", "id", "event_sequence");
  if (done && spilled_) {
    done = keep_last("servers", "id", "version");
  }
  return done ? put_indexes_back() : done;
}

/// Definitions are read from Postgres, so that files to come in schema/postgres need no word here.
DbResult<void> BulkLoad::take_indexes_off() {
  return run_in<pqxx::work>(url_, schema_, [this](Transaction& tx, BoundedWait&) {
    const auto constraints = tx.exec(
        std::string(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
            " format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,"
            " pg_get_constraintdef(oid)) FROM pg_constraint"
            " WHERE contype IN ('p', 'u') AND conrelid IN ") +
        bulk_tables + " ORDER BY conname");
    const auto indexes =
        tx.exec(std::string("SELECT format('DROP INDEX %s', indexrelid::regclass),"
                            " pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid IN ") +
                bulk_tables +
                " AND indexrelid NOT IN (SELECT conindid FROM pg_constraint) ORDER BY indexrelid");
    for (const auto& found : {constraints, indexes}) {
      for (const auto& row : found) {
        tx.exec(text_of(row[0]));
        index_definitions_.push_back(text_of(row[1]));
      }
    }
  });
}

DbResult<void> BulkLoad::put_indexes_back() {
  return run_in<pqxx::nontransaction>(url_, schema_, [this](Transaction& tx, BoundedWait& wait) {
    for (const std::string& definition : index_definitions_) {
      wait.again();
      tx.exec(definition);
    }
    wait.again();
    // Plans of the first queries would else be made for empty tables.
    tx.exec("ANALYZE server_events, operations, billing_periods, servers");
  });
}

DbResult<void> BulkLoad::keep_last(const char* table, const char* key, const char* order) {
  return run_in<pqxx::nontransaction>(url_, schema_, [&](Transaction& tx, BoundedWait&) {
    tx.exec(
        fmt::format("DELETE FROM {0} t USING (SELECT {1}, max({2}) AS last FROM {0} GROUP BY {1}"
                    " HAVING count(*) > 1) AS twice WHERE t.{1} = twice.{1} AND t.{2} < last",
                    table, key, order));
  });
}

}  // namespace vsim::read_model
