#include "schema/read_model/projection_tables.h"

#include <algorithm>
#include <map>
#include <span>

#include "schema/read_model/batch_statement.h"
#include "schema/read_model/column_arrays.h"
#include "schema/read_model/session.h"
#include "schema/read_model/table_rows.h"

namespace vsim::read_model {
namespace {

/// The values of one row, as arguments.
class RowArguments : public RowSink {
 public:
  explicit RowArguments(Arguments& to) : to_(to) {}
  void text(std::string_view value) override { to_.text(value); }
  void integer(std::int64_t value) override { to_.integer(value); }
  void null() override { to_.null(); }

 private:
  Arguments& to_;
};

void add_arrays(Arguments& arguments, ColumnArrays& columns) {
  for (ColumnArray& array : columns.arrays()) {
    arguments.ready(array.take());
  }
}

/// Adds a table's rows in the given form. `add` gives one of them to a sink.
template <typename Rows, typename Add>
void add_rows(Arguments& arguments, RowForm form, std::size_t columns, const Rows& rows, Add add) {
  switch (form) {
    case RowForm::none:
      return;
    case RowForm::one: {
      RowArguments row(arguments);
      return add(row, *rows.begin());
    }
    case RowForm::few:
    case RowForm::many: {
      ColumnArrays arrays(columns);
      for (const auto& row : rows) {
        add(arrays, row);
      }
      return add_arrays(arguments, arrays);
    }
  }
}

/// Most often a batch is what one server did. Larger ones differ only by which tables they have
/// rows for, so that there are few shapes.
BatchShape shape_of(const ProjectionBatch& batch) {
  const bool single = batch.events.size() <= 1;
  const auto form = [&](std::size_t rows) {
    if (rows == 0) {
      return RowForm::none;
    }
    if (single && rows == 1) {
      return RowForm::one;
    }
    const bool few = batch.events.size() <= few_rows_max && rows <= few_rows_max;
    return few ? RowForm::few : RowForm::many;
  };
  BatchShape shape;
  shape[BatchTable::server_events] = form(batch.events.size());
  shape[BatchTable::servers] = form(batch.servers.size());
  shape[BatchTable::server_counts] = form(batch.counts.size());
  shape[BatchTable::operations] = form(batch.operations.size());
  shape[BatchTable::addresses] = form(batch.addresses.size());
  shape[BatchTable::region_events] = form(batch.region_events.size());
  shape[BatchTable::clock] = batch.clock ? RowForm::one : RowForm::none;
  shape[BatchTable::billing_watermarks] = form(batch.watermarks.size());
  shape[BatchTable::billing_periods_begun] = form(batch.periods_begun.size());
  shape[BatchTable::billing_periods_ended] = form(batch.periods_ended.size());
  shape[BatchTable::warm_pools] = form(batch.warm_pools.size());
  shape[BatchTable::warm_pool_counts] = form(batch.warm_pool_counts.size());
  return shape;
}

void add_batch(Arguments& arguments, const BatchShape& shape, const ProjectionBatch& batch) {
  const auto add = [&](BatchTable table, std::span<const Column> columns, const auto& rows,
                       auto add_one) {
    add_rows(arguments, shape[table], columns.size(), rows, add_one);
  };
  add(BatchTable::server_events, event_columns, batch.events,
      [](RowSink& to, const auto& event) { add_row(to, event.first, event.second); });
  add(BatchTable::servers, server_columns_written, batch.servers,
      [](RowSink& to, const auto& one) { add_row(to, server_row(one.first, one.second)); });
  add(BatchTable::server_counts, count_columns, batch.counts, [](RowSink& to, const auto& count) {
    const auto& [region, type, status, account] = count.first;
    to.text(region);
    to.text(type);
    to.text(status);
    to.text(account);
    to.integer(count.second);
  });
  add(BatchTable::operations, operation_columns, batch.operations,
      [](RowSink& to, const auto& operation) { add_row(to, operation.second); });
  add(BatchTable::addresses, address_columns, batch.addresses,
      [](RowSink& to, const auto& address) { add_row(to, address.first, address.second); });
  add(BatchTable::region_events, region_event_columns, batch.region_events,
      [](RowSink& to, const auto& event) { add_row(to, event.first, event.second); });
  const std::span clock(batch.clock ? &*batch.clock : nullptr, batch.clock ? 1 : 0);
  add(BatchTable::clock, clock_columns, clock,
      [](RowSink& to, const ClockChange& last) { add_row(to, last); });
  add(BatchTable::billing_watermarks, watermark_columns, batch.watermarks,
      [](RowSink& to, const auto& last) { add_row(to, last.second.first, last.second.second); });
  add(BatchTable::billing_periods_begun, period_columns, batch.periods_begun,
      [](RowSink& to, const PeriodBegun& period) { add_row(to, period); });
  add(BatchTable::billing_periods_ended, period_end_columns, batch.periods_ended,
      [](RowSink& to, const auto& end) { add_row(to, end.first, end.second); });
  add(BatchTable::warm_pools, warm_pool_columns, batch.warm_pools,
      [](RowSink& to, const auto& pool) {
        add_row(to, pool.first, pool.second.first, pool.second.second);
      });
  add(BatchTable::warm_pool_counts, warm_pool_count_columns, batch.warm_pool_counts,
      [](RowSink& to, const auto& counts) { add_row(to, counts.first, counts.second); });
}

// Writers that meet on rows never wait in a circle: all go in the order of ids.
ColumnArrays arrays_of(const std::vector<OperationRow>& operations) {
  ColumnArrays arrays(operation_columns.size());
  for (const auto& [id, row] : last_of_each(operations)) {
    add_row(arrays, row);
  }
  return arrays;
}

Arguments checkpoint_arguments(const char* stream, StreamSequence previous,
                               const Checkpoint& next) {
  Arguments arguments;
  arguments.text(stream)
      .integer(static_cast<std::int64_t>(previous))
      .integer(static_cast<std::int64_t>(next.sequence))
      .text(next.hash)
      .integer(static_cast<std::int64_t>(next.command_sequence));
  return arguments;
}

}  // namespace

std::vector<Statement> projection_statements() {
  return {apply_pending_statement(),
          {"add_addresses",  // those that are not there yet, as free ones
           "INSERT INTO addresses (region, ip) SELECT $1, $2::inet + n"
           " FROM generate_series(0, $3::bigint) AS n ON CONFLICT DO NOTHING"},
          {"add_region", "INSERT INTO regions (name) VALUES ($1)"},
          {"add_instance_type", "INSERT INTO instance_types (name, hourly_rate) VALUES ($1, $2)"}};
}

BatchShape BatchWriter::prepare_for(Transaction& tx, const ProjectionBatch& batch) {
  BatchShape shape = shape_of(batch);
  if (prepared_.size() >= shapes_max_ && !prepared_.contains(shape.statement_name())) {
    shape = BatchShape::any();
  }
  if (!prepared_.contains(shape.statement_name())) {
    prepare(tx, apply_events_statement(shape));
    prepared_.insert(shape.statement_name());
  }
  return shape;
}

bool BatchWriter::apply(Transaction& tx, const ProjectionBatch& batch, StreamSequence previous,
                        const Checkpoint& next) {
  if (!batch.pool_ranges.empty()) {
    // Two statements shall not go into two models: a swap waits for this lock, or is over.
    tx.exec("LOCK TABLE projection_checkpoint IN ROW EXCLUSIVE MODE");
  }
  // The pool first: where the checkpoint has moved, addresses of the log are not wrong either.
  for (const auto& [region, range] : batch.pool_ranges) {
    execute(tx, "add_addresses",
            Arguments()
                .text(region.name)
                .text(range.first.to_string())
                .integer(static_cast<std::int64_t>(range.size() - 1)));
    BoundedWait::current().again();  // each may be a million rows
  }
  Arguments arguments = checkpoint_arguments("EVENTS", previous, next);
  const BatchShape shape = prepare_for(tx, batch);
  add_batch(arguments, shape, batch);
  return !execute(tx, shape.statement_name(), arguments).empty();
}

std::map<std::string_view, OperationRow> last_of_each(const std::vector<OperationRow>& operations) {
  std::map<std::string_view, OperationRow> rows;
  for (const OperationRow& row : operations) {
    const auto [found, is_first] = rows.try_emplace(row.id, row);
    if (is_first) {
      continue;
    }
    const auto since = std::min(found->second.pending_since, row.pending_since);
    if (found->second.command_sequence < row.command_sequence) {
      found->second = row;
    }
    found->second.pending_since = since;
  }
  return rows;
}

bool apply_pending(Transaction& tx, const std::vector<OperationRow>& operations,
                   StreamSequence previous, const Checkpoint& next) {
  Arguments arguments = checkpoint_arguments("JOURNAL", previous, next);
  ColumnArrays columns = arrays_of(operations);
  add_arrays(arguments, columns);
  return !execute(tx, "apply_pending", arguments).empty();
}

void put_catalogue(Transaction& tx, const Catalogue& catalogue) {
  tx.exec("DELETE FROM regions");
  tx.exec("DELETE FROM instance_types");
  for (const auto& [region, ranges] : catalogue.regions) {
    execute(tx, "add_region", Arguments().text(region.name));
  }
  for (const auto& [type, rate] : catalogue.instance_types) {
    execute(tx, "add_instance_type", Arguments().text(type).integer(rate.ten_thousandths_usd));
  }
}

}  // namespace vsim::read_model
