#include "schema/read_model/batch_statement.h"

#include <span>

#include "schema/read_model/column_arrays.h"
#include "schema/read_model/table_rows.h"

namespace vsim::read_model {
namespace {

constexpr int first_row_parameter = 6;

/// Everything below hangs on the row of `moved`: without it, nothing is inserted. D10
constexpr const char* move_checkpoint =
    "WITH moved AS (UPDATE projection_checkpoint"
    " SET sequence = $3, hash = $4, command_sequence = $5"
    " WHERE stream = $1 AND sequence = $2 RETURNING sequence)";

/// Strings changes together as parts of one statement and counts their parameters. A part whose
/// rows have the form `none` is left out.
class StatementBuilder {
 public:
  void insert(const char* table, RowForm form, std::span<const Column> columns,
              const std::string& on_conflict) {
    if (form != RowForm::none) {
      sql_ += ", " + std::string("into_") + table + " AS (INSERT INTO " + table + " (" +
              column_names(columns) + ") " + select_rows(form, columns) + on_conflict + ")";
    }
  }

  /// An UPDATE of rows that were there before the statement. `condition` may name `new`.
  void update(const char* table, RowForm form, const char* assignments,
              std::span<const Column> columns, const char* condition) {
    if (form != RowForm::none) {
      sql_ += ", " + std::string("updated_") + table + " AS (UPDATE " + table + " AS old SET " +
              assignments + " FROM (" + select_rows(form, columns) + ") AS new(" +
              column_names(columns) + ") WHERE " + condition + ")";
    }
  }

  std::string take() { return sql_ + " SELECT sequence FROM moved"; }

 private:
  std::string select_rows(RowForm form, std::span<const Column> columns) {
    const int first = next_parameter_;
    next_parameter_ += static_cast<int>(columns.size());
    switch (form) {
      case RowForm::none:
        break;
      case RowForm::one:
        return select_values(columns, first);
      case RowForm::few:
        return select_few(columns, first);
      case RowForm::many:
        return select_arrays(columns, first);
    }
    return {};
  }

  std::string sql_ = move_checkpoint;
  int next_parameter_ = first_row_parameter;
};

}  // namespace

BatchShape BatchShape::any() {
  BatchShape shape;
  shape.forms_.fill(RowForm::many);
  return shape;
}

std::string BatchShape::statement_name() const {
  std::string name = "apply_events_";
  for (const RowForm form : forms_) {
    name += static_cast<char>(form);
  }
  return name;
}

Statement apply_events_statement(const BatchShape& shape) {
  using Table = BatchTable;
  StatementBuilder sql;
  sql.insert("server_events", shape[Table::server_events], event_columns, "");
  sql.insert("servers", shape[Table::servers], server_columns_written,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(server_columns_written, 1));
  sql.insert("server_counts", shape[Table::server_counts], count_columns,
             " ON CONFLICT (region, type, status, account)"
             " DO UPDATE SET servers = server_counts.servers + excluded.servers");
  // What was purged and waits again as a later copy stays PENDING.
  sql.insert("operations", shape[Table::operations], operation_columns,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(operation_columns, 1) +
                 " WHERE NOT (operations.status = 'PENDING' AND " +
                 left_undone("excluded", "operations") + ")");
  sql.insert("addresses", shape[Table::addresses], address_columns,
             " ON CONFLICT (region, ip) DO UPDATE SET server_id = excluded.server_id,"
             " last_claim = greatest(addresses.last_claim, excluded.last_claim)");
  sql.insert("region_events", shape[Table::region_events], region_event_columns, "");
  const std::span all_but_log_through(clock_columns.begin(), clock_columns.size() - 1);
  sql.insert("clock", shape[Table::clock], clock_columns,
             " ON CONFLICT (one_row) DO UPDATE SET " + overwrite_all(all_but_log_through, 0) +
                 ", log_through = greatest(clock.log_through, excluded.log_through)");
  sql.insert("billing_watermarks", shape[Table::billing_watermarks], watermark_columns,
             " ON CONFLICT (region) DO UPDATE SET " + overwrite_all(watermark_columns, 1));
  sql.insert("billing_periods", shape[Table::billing_periods_begun], period_columns, "");
  // A server has one that runs at most, and it began in an earlier batch. It is looked up for each
  // server: a join would be planned on the table's size of that moment, and then walk it.
  sql.update("billing_periods", shape[Table::billing_periods_ended],
             "ended = new.ended, billed_seconds = new.settled - old.settled_before",
             period_end_columns,
             "old.ctid = (SELECT running.ctid FROM billing_periods AS running"
             " WHERE running.server_id = new.server_id AND running.ended IS NULL LIMIT 1)");
  sql.insert("warm_pools", shape[Table::warm_pools], warm_pool_columns,
             " ON CONFLICT (account, name) DO UPDATE SET " + overwrite_all(warm_pool_columns, 2));
  sql.insert("warm_pool_counts", shape[Table::warm_pool_counts], warm_pool_count_columns,
             " ON CONFLICT (account, name) DO UPDATE SET"
             " last_number = greatest(warm_pool_counts.last_number, excluded.last_number),"
             " hits = warm_pool_counts.hits + excluded.hits,"
             " failed = warm_pool_counts.failed + excluded.failed");
  return {shape.statement_name(), sql.take()};
}

Statement apply_pending_statement() {
  StatementBuilder sql;
  // A copy of what is pending still waits since its first one: whoever holds that may decide it,
  // at a time before the later copy came (D40).
  const std::span all_but_since(operation_columns.begin(), operation_columns.size() - 1);
  sql.insert("operations", RowForm::many, operation_columns,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(all_but_since, 1) +
                 ", pending_since = CASE WHEN operations.status = 'PENDING' THEN"
                 " least(operations.pending_since, operations.command_sequence,"
                 " excluded.pending_since) ELSE excluded.pending_since END WHERE " +
                 left_undone("operations", "excluded"));
  return {"apply_pending", sql.take()};
}

std::string left_undone(const std::string& earlier, const std::string& later) {
  // A message that bears the id and is another command changes nothing: no worker carries it out.
  return earlier + ".status IN ('PENDING', 'PURGED', 'DEAD_LETTERED') AND " + earlier +
         ".command_sequence < " + later + ".command_sequence AND " + earlier + ".type = " + later +
         ".type AND (" + earlier + ".request_hash = " + later + ".request_hash OR '' IN (" +
         earlier + ".request_hash, " + later + ".request_hash))";
}

}  // namespace vsim::read_model
