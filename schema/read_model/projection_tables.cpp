#include "schema/read_model/projection_tables.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace vsim::read_model {
namespace {

constexpr int first_array_parameter = 6;

constexpr std::array event_columns{
    Column{"server_id", "uuid"}, Column{"version", "bigint"},      Column{"sequence", "bigint"},
    Column{"at", "instant"},     Column{"event", "text"},          Column{"message", "text"},
    Column{"actor", "text"},     Column{"correlation_id", "text"}, Column{"command_id", "uuid"}};

constexpr std::array server_columns_written{Column{"id", "uuid"},
                                            Column{"name", "text"},
                                            Column{"region", "text"},
                                            Column{"type", "text"},
                                            Column{"status", "text"},
                                            Column{"ip", "inet"},
                                            Column{"profile", "text"},
                                            Column{"tags", "jsonb"},
                                            Column{"account", "text"},
                                            Column{"version", "bigint"},
                                            Column{"created_at", "instant"},
                                            Column{"updated_at", "instant"},
                                            Column{"last_started_at", "instant"},
                                            Column{"due", "instant"},
                                            Column{"termination_reason", "text"},
                                            Column{"hourly_rate", "bigint"},
                                            Column{"settled_seconds", "bigint"},
                                            Column{"open_since", "instant"},
                                            Column{"granularity_seconds", "bigint"},
                                            Column{"minimum_seconds", "bigint"},
                                            Column{"idle_timeout_ms", "bigint"}};

constexpr std::array count_columns{Column{"region", "text"}, Column{"type", "text"},
                                   Column{"status", "text"}, Column{"servers", "bigint"}};

constexpr std::array operation_columns{Column{"id", "uuid"},
                                       Column{"type", "text"},
                                       Column{"region", "text"},
                                       Column{"server_id", "uuid"},
                                       Column{"status", "text"},
                                       Column{"code", "text"},
                                       Column{"detail", "text"},
                                       Column{"request_hash", "text"},
                                       Column{"actor", "text"},
                                       Column{"correlation_id", "text"},
                                       Column{"command_sequence", "bigint"},
                                       Column{"event_sequence", "bigint"},
                                       Column{"version", "bigint"},
                                       Column{"decided_at", "instant"}};

constexpr std::array address_columns{Column{"region", "text"}, Column{"ip", "inet"},
                                     Column{"server_id", "uuid"}, Column{"last_claim", "bigint"}};

constexpr std::array clock_columns{Column{"sequence", "bigint"},
                                   Column{"simulated_at", "instant"},
                                   Column{"stored_at_ns", "bigint"},
                                   Column{"scale", "double precision"},
                                   Column{"seed", "numeric"},
                                   Column{"version", "bigint"},
                                   Column{"deadlines_applied", "instant"}};

constexpr std::array watermark_columns{Column{"region", "text"}, Column{"sequence", "bigint"},
                                       Column{"version", "bigint"}, Column{"through", "instant"}};

constexpr std::array period_columns{Column{"server_id", "uuid"},
                                    Column{"opened_version", "bigint"},
                                    Column{"began", "instant"},
                                    Column{"ended", "instant"},
                                    Column{"hourly_rate", "bigint"},
                                    Column{"granularity_seconds", "bigint"},
                                    Column{"minimum_seconds", "bigint"},
                                    Column{"settled_before", "bigint"},
                                    Column{"billed_seconds", "bigint"},
                                    Column{"region", "text"},
                                    Column{"type", "text"}};

constexpr std::array period_end_columns{Column{"server_id", "uuid"}, Column{"ended", "instant"},
                                        Column{"settled", "bigint"}};

/// Everything below hangs on the row of `moved`: without it, nothing is inserted.
constexpr const char* move_checkpoint =
    "WITH moved AS (UPDATE projection_checkpoint"
    " SET sequence = $3, hash = $4, command_sequence = $5"
    " WHERE stream = $1 AND sequence = $2 RETURNING sequence)";

/// Strings changes together as parts of one statement and counts their parameters.
class StatementBuilder {
 public:
  void insert(const char* table, std::span<const Column> columns, const std::string& on_conflict) {
    sql_ += ", " + std::string("into_") + table + " AS (INSERT INTO " + table + " (" +
            column_names(columns) + ") " + select_from_arrays(columns, next_parameter_) +
            on_conflict + ")";
    next_parameter_ += static_cast<int>(columns.size());
  }

  /// An UPDATE of rows that were there before the statement. `condition` may name `new`.
  void update(const char* table, const char* assignments, std::span<const Column> columns,
              const char* condition) {
    sql_ += ", " + std::string("updated_") + table + " AS (UPDATE " + table + " AS old SET " +
            assignments + " FROM (" + select_from_arrays(columns, next_parameter_) + ") AS new(" +
            column_names(columns) + ") WHERE " + condition + ")";
    next_parameter_ += static_cast<int>(columns.size());
  }

  std::string take() { return sql_ + " SELECT sequence FROM moved"; }

 private:
  std::string sql_ = move_checkpoint;
  int next_parameter_ = first_array_parameter;
};

void add_event(ColumnArrays& to, const ServerId& server, const ServerEventRow& row) {
  to.text(server.to_string());
  to.integer(static_cast<std::int64_t>(row.version));
  to.integer(static_cast<std::int64_t>(row.sequence));
  to.integer(unix_milliseconds(row.at));
  to.text(row.event);
  to.text(row.message);
  to.text(row.actor);
  to.text(row.correlation_id);
  to.text_or_null(row.command_id);
}

void add_instant(ColumnArrays& to, const std::optional<Instant>& at) {
  if (at) {
    to.integer(unix_milliseconds(*at));
  } else {
    to.null();
  }
}

void add_server(ColumnArrays& to, const ServerRow& row) {
  to.text(row.id);
  to.text(row.name);
  to.text(row.region);
  to.text(row.type);
  to.text(row.status);
  to.text(row.ip);
  to.text(row.profile);
  to.text(row.tags_json);
  to.text(row.account);
  to.integer(static_cast<std::int64_t>(row.version));
  to.integer(unix_milliseconds(row.created_at));
  to.integer(unix_milliseconds(row.updated_at));
  add_instant(to, row.last_started_at);
  add_instant(to, row.due);
  to.text_or_null(row.termination_reason.value_or(""));
  to.integer(row.hourly_rate.ten_thousandths_usd);
  to.integer(row.bill.settled.count());
  add_instant(to, row.bill.open_since);
  to.integer(row.billing.granularity.count());
  to.integer(row.billing.minimum.count());
  to.integer(row.idle_timeout.count());
}

void add_operation(ColumnArrays& to, const OperationRow& row) {
  to.text(row.id);
  to.text(row.type);
  to.text(row.region);
  to.text_or_null(row.server_id);
  to.text(row.status);
  to.text(row.code);
  to.text(row.detail);
  to.text(row.request_hash);
  to.text(row.actor);
  to.text(row.correlation_id);
  to.integer(static_cast<std::int64_t>(row.command_sequence));
  to.integer(static_cast<std::int64_t>(row.event_sequence));
  to.integer(static_cast<std::int64_t>(row.version));
  add_instant(to, row.decided_at);
}

void add_address(ColumnArrays& to, const std::pair<Region, Ipv4>& address,
                 const AddressChange& change) {
  to.text(address.first.name);
  to.text(address.second.to_string());
  to.text_or_null(change.holder ? change.holder->to_string() : "");
  to.integer(static_cast<std::int64_t>(change.last_claim));
}

void add_clock(ColumnArrays& to, const SimClock& clock, StreamSequence sequence) {
  char scale[32];  // the shortest text that reads back as the same value
  const auto end = std::to_chars(scale, scale + sizeof scale, clock.time.scale).ptr;
  to.integer(static_cast<std::int64_t>(sequence));
  to.integer(unix_milliseconds(clock.time.sim));
  to.integer(clock.time.stored_at.time_since_epoch().count());
  to.text({scale, static_cast<std::size_t>(end - scale)});
  to.text(std::to_string(clock.time.seed));
  to.integer(static_cast<std::int64_t>(clock.version));
  to.integer(unix_milliseconds(clock.deadlines_applied_through));
}

void add_watermark(ColumnArrays& to, const BillingWatermark& watermark, StreamSequence sequence) {
  to.text(watermark.region.name);
  to.integer(static_cast<std::int64_t>(sequence));
  to.integer(static_cast<std::int64_t>(watermark.version));
  to.integer(unix_milliseconds(watermark.through));
}

void add_period(ColumnArrays& to, const PeriodBegun& period) {
  to.text(period.server.to_string());
  to.integer(static_cast<std::int64_t>(period.version));
  to.integer(unix_milliseconds(period.began));
  if (period.end) {
    to.integer(unix_milliseconds(period.end->at));
  } else {
    to.null();
  }
  to.integer(period.rate.ten_thousandths_usd);
  to.integer(period.policy.granularity.count());
  to.integer(period.policy.minimum.count());
  to.integer(period.settled_before.count());
  if (period.end) {
    to.integer((period.end->settled - period.settled_before).count());
  } else {
    to.null();
  }
  to.text(period.region);
  to.text(period.type);
}

void add_period_end(ColumnArrays& to, const ServerId& server, const PeriodEnd& end) {
  to.text(server.to_string());
  to.integer(unix_milliseconds(end.at));
  to.integer(end.settled.count());
}

}  // namespace

Statement apply_events_statement() {
  StatementBuilder sql;
  sql.insert("server_events", event_columns, "");
  sql.insert("servers", server_columns_written,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(server_columns_written, 1));
  sql.insert("server_counts", count_columns,
             " ON CONFLICT (region, type, status)"
             " DO UPDATE SET servers = server_counts.servers + excluded.servers");
  sql.insert("operations", operation_columns,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(operation_columns, 1));
  sql.insert("addresses", address_columns,
             " ON CONFLICT (region, ip) DO UPDATE SET server_id = excluded.server_id,"
             " last_claim = greatest(addresses.last_claim, excluded.last_claim)");
  sql.insert("clock", clock_columns,
             " ON CONFLICT (one_row) DO UPDATE SET " + overwrite_all(clock_columns, 0));
  sql.insert("billing_watermarks", watermark_columns,
             " ON CONFLICT (region) DO UPDATE SET " + overwrite_all(watermark_columns, 1));
  sql.insert("billing_periods", period_columns, "");
  // A server has one that runs at most, and it began in an earlier batch. It is looked up for each
  // server: a join would be planned on the table's size of that moment, and then walk it.
  sql.update("billing_periods",
             "ended = new.ended, billed_seconds = new.settled - old.settled_before",
             period_end_columns,
             "old.ctid = (SELECT running.ctid FROM billing_periods AS running"
             " WHERE running.server_id = new.server_id AND running.ended IS NULL LIMIT 1)");
  return {"apply_events", sql.take()};
}

Statement apply_pending_statement() {
  StatementBuilder sql;
  sql.insert("operations", operation_columns, " ON CONFLICT DO NOTHING");
  return {"apply_pending", sql.take()};
}

std::vector<ColumnArrays> arrays_of(ProjectionBatch batch) {
  ColumnArrays events(event_columns.size());
  for (const auto& [server, row] : batch.events) {
    add_event(events, server, row);
  }
  ColumnArrays servers(server_columns_written.size());
  for (const auto& [id, state] : batch.servers) {
    add_server(servers, server_row(id, state));
  }
  ColumnArrays counts(count_columns.size());
  for (const auto& [key, change] : batch.counts) {
    counts.text(std::get<0>(key)).text(std::get<1>(key)).text(std::get<2>(key)).integer(change);
  }
  ColumnArrays operations(operation_columns.size());
  for (const auto& [id, row] : batch.operations) {
    add_operation(operations, row);
  }
  ColumnArrays addresses(address_columns.size());
  for (const auto& [address, change] : batch.addresses) {
    add_address(addresses, address, change);
  }
  ColumnArrays clock(clock_columns.size());
  if (batch.clock) {
    add_clock(clock, batch.clock->first, batch.clock->second);
  }
  ColumnArrays watermarks(watermark_columns.size());
  for (const auto& [region, last] : batch.watermarks) {
    add_watermark(watermarks, last.first, last.second);
  }
  ColumnArrays periods(period_columns.size());
  for (const PeriodBegun& period : batch.periods_begun) {
    add_period(periods, period);
  }
  ColumnArrays period_ends(period_end_columns.size());
  for (const auto& [server, end] : batch.periods_ended) {
    add_period_end(period_ends, server, end);
  }
  return {std::move(events),     std::move(servers),   std::move(counts),
          std::move(operations), std::move(addresses), std::move(clock),
          std::move(watermarks), std::move(periods),   std::move(period_ends)};
}

ColumnArrays arrays_of(const std::vector<OperationRow>& operations) {
  // One row a command, in the order of ids: writers that meet on rows never wait in a circle.
  std::map<std::string_view, const OperationRow*> rows;
  for (const OperationRow& row : operations) {
    rows.emplace(row.id, &row);
  }
  ColumnArrays arrays(operation_columns.size());
  for (const auto& [id, row] : rows) {
    add_operation(arrays, *row);
  }
  return arrays;
}

}  // namespace vsim::read_model
