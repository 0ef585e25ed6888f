#include "schema/read_model/projection_writer.h"

#include <utility>

#include <fmt/format.h>

#include "schema/read_model/projection_tables.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

const char* stream_of(Projection projection) {
  switch (projection) {
    case Projection::events:
      return "EVENTS";
    case Projection::journal:
      return "JOURNAL";
  }
  return "";
}

// Advisory locks of the active projectors; the numbers are only ours.
std::int64_t lock_of(Projection projection) {
  return 0x7673696d10 + static_cast<std::int64_t>(projection);
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

void add_arrays(Arguments& arguments, ColumnArrays& columns) {
  for (ColumnArray& array : columns.arrays()) {
    arguments.ready(array.take());
  }
}

std::vector<Statement> single_row_statements() {
  return {{"add_addresses",  // those that are not there yet, as free ones
           "INSERT INTO addresses (region, ip) SELECT $1, $2::inet + n"
           " FROM generate_series(0, $3::bigint) AS n ON CONFLICT DO NOTHING"},
          {"add_region", "INSERT INTO regions (name) VALUES ($1)"},
          {"add_instance_type", "INSERT INTO instance_types (name, hourly_rate) VALUES ($1, $2)"}};
}

}  // namespace

struct ProjectionWriter::Impl {
  const char* stream;
  std::int64_t lock;
  std::unique_ptr<pqxx::connection> connection;
  bool prepared = false;

  /// Not at once: only the active projector makes sure that the tables are there.
  void prepare_once() {
    if (!prepared) {
      prepare(*connection, {apply_events_statement(), apply_pending_statement()});
      prepare(*connection, single_row_statements());
      prepare(*connection, small_table_statements());
      prepared = true;
    }
  }

  /// Runs `work` in a transaction of the given kind; gives what it gives.
  template <typename Tx, typename Work>
  auto in(Work&& work) -> DbResult<decltype(work(std::declval<Tx&>()))> {
    try {
      prepare_once();
      Tx tx(*connection);
      auto value = work(tx);
      tx.commit();
      return value;
    } catch (...) {
      return tl::unexpected(current_failure(*connection));
    }
  }
};

ProjectionWriter::ProjectionWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProjectionWriter::~ProjectionWriter() = default;

DbResult<std::unique_ptr<ProjectionWriter>> ProjectionWriter::open(const std::string& url,
                                                                   Projection projection) {
  try {
    // The log can always replay what a crash of Postgres takes along, so nobody waits for its disk.
    // Plans are kept, and may be made while the tables are empty: rows are found by an index.
    auto connection =
        open_connection(url, "SET synchronous_commit TO off; SET enable_seqscan TO off");
    auto impl = std::make_unique<Impl>();
    impl->stream = stream_of(projection);
    impl->lock = lock_of(projection);
    impl->connection = std::move(connection);
    return std::unique_ptr<ProjectionWriter>(new ProjectionWriter(std::move(impl)));
  } catch (...) {
    return tl::unexpected(current_failure());
  }
}

DbResult<bool> ProjectionWriter::try_lock() {
  try {
    pqxx::nontransaction tx(*impl_->connection);
    const auto rows = tx.exec(fmt::format("SELECT pg_try_advisory_lock({})", impl_->lock));
    return view_of(rows[0][0]) == "t";
  } catch (...) {
    return tl::unexpected(current_failure(*impl_->connection));
  }
}

DbResult<Checkpoint> ProjectionWriter::checkpoint() {
  // One transaction: its lock keeps others from dropping the table between the two statements.
  return impl_->in<pqxx::work>([&](Transaction& tx) {
    tx.exec(
        fmt::format("INSERT INTO projection_checkpoint VALUES ('{}', 0, '', 0)"
                    " ON CONFLICT DO NOTHING",
                    impl_->stream));
    return *find_checkpoint(tx, impl_->stream);
  });
}

DbResult<bool> ProjectionWriter::apply(ProjectionBatch batch, StreamSequence previous,
                                       const Checkpoint& next) {
  const auto ranges = std::move(batch.pool_ranges);
  Arguments arguments = checkpoint_arguments(impl_->stream, previous, next);
  for (ColumnArrays& columns : arrays_of(std::move(batch))) {
    add_arrays(arguments, columns);
  }
  const auto write = [&](Transaction& tx) {
    return !execute(tx, "apply_events", arguments).empty();
  };
  if (ranges.empty()) {
    return impl_->in<pqxx::nontransaction>(write);  // one statement is a transaction by itself
  }
  // The pool first: where the checkpoint has moved, addresses of the log are not wrong either.
  return impl_->in<pqxx::work>([&](Transaction& tx) {
    for (const auto& [region, range] : ranges) {
      execute(tx, "add_addresses",
              Arguments()
                  .text(region.name)
                  .text(range.first.to_string())
                  .integer(static_cast<std::int64_t>(range.size() - 1)));
    }
    return write(tx);
  });
}

DbResult<bool> ProjectionWriter::apply_pending(const std::vector<OperationRow>& operations,
                                               StreamSequence previous, const Checkpoint& next) {
  Arguments arguments = checkpoint_arguments(impl_->stream, previous, next);
  ColumnArrays columns = arrays_of(operations);
  add_arrays(arguments, columns);
  return impl_->in<pqxx::nontransaction>(
      [&](Transaction& tx) { return !execute(tx, "apply_pending", arguments).empty(); });
}

DbResult<void> ProjectionWriter::put_catalogue(const Catalogue& catalogue) {
  const auto done = impl_->in<pqxx::work>([&](Transaction& tx) {
    tx.exec("DELETE FROM regions");
    tx.exec("DELETE FROM instance_types");
    for (const auto& [region, ranges] : catalogue.regions) {
      execute(tx, "add_region", Arguments().text(region.name));
    }
    for (const auto& [type, rate] : catalogue.instance_types) {
      execute(tx, "add_instance_type", Arguments().text(type).integer(rate.ten_thousandths_usd));
    }
    return true;
  });
  if (!done) {
    return tl::unexpected(done.error());
  }
  return {};
}

}  // namespace vsim::read_model
