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

}  // namespace

struct ProjectionWriter::Impl {
  const char* stream;
  std::int64_t lock;
  std::unique_ptr<Session> session;
  bool prepared = false;
  BatchWriter batches;

  /// Not at once: only the active projector makes sure that the tables are there. Where that fails
  /// the session is of no use any more, and so is the writer.
  void prepare_once() {
    if (session->is_open() && !session->usable()) {
      throw pqxx::broken_connection("the session has not all of its statements");
    }
    if (!prepared) {
      prepare(*session, projection_statements());
      prepare(*session, checkpoint_statements());
      prepared = true;
    }
  }

  /// Runs `work` in a transaction of the given kind; gives what it gives.
  template <typename Tx, typename Work>
  auto in(Work&& work, std::chrono::milliseconds limit = write_limits.answer)
      -> DbResult<decltype(work(std::declval<Tx&>()))> {
    try {
      prepare_once();
      const BoundedWait wait(*session, limit);
      Tx tx(wait.connection());
      auto value = work(tx);
      tx.commit();
      return value;
    } catch (...) {
      return tl::unexpected(current_failure(session.get()));
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
    auto session =
        open_session(url, write_limits, "SET synchronous_commit TO off; SET enable_seqscan TO off");
    auto impl = std::make_unique<Impl>();
    impl->stream = stream_of(projection);
    impl->lock = lock_of(projection);
    impl->session = std::move(session);
    return std::unique_ptr<ProjectionWriter>(new ProjectionWriter(std::move(impl)));
  } catch (...) {
    return tl::unexpected(current_failure());
  }
}

DbResult<bool> ProjectionWriter::try_lock() {
  try {
    const BoundedWait wait(*impl_->session, look_max);
    pqxx::nontransaction tx(wait.connection());
    const auto rows = tx.exec(fmt::format("SELECT pg_try_advisory_lock({})", impl_->lock));
    return view_of(rows[0][0]) == "t";
  } catch (...) {
    return tl::unexpected(current_failure(impl_->session.get()));
  }
}

DbResult<Checkpoint> ProjectionWriter::checkpoint() {
  // One transaction: its lock keeps others from dropping the table between the two statements.
  const auto find = [&](Transaction& tx) {
    tx.exec(
        fmt::format("INSERT INTO projection_checkpoint VALUES ('{}', 0, '', 0)"
                    " ON CONFLICT DO NOTHING",
                    impl_->stream));
    return *find_checkpoint(tx, impl_->stream);
  };
  return impl_->in<pqxx::work>(find, look_max);
}

DbResult<bool> ProjectionWriter::apply(ProjectionBatch batch, StreamSequence previous,
                                       const Checkpoint& next) {
  const bool one_statement = batch.pool_ranges.empty();
  const auto write = [&](Transaction& tx) {
    return impl_->batches.apply(tx, batch, previous, next);
  };
  // One statement is a transaction by itself.
  return one_statement ? impl_->in<pqxx::nontransaction>(write) : impl_->in<pqxx::work>(write);
}

DbResult<bool> ProjectionWriter::apply_pending(const std::vector<OperationRow>& operations,
                                               StreamSequence previous, const Checkpoint& next) {
  return impl_->in<pqxx::nontransaction>(
      [&](Transaction& tx) { return read_model::apply_pending(tx, operations, previous, next); });
}

DbResult<void> ProjectionWriter::put_catalogue(const Catalogue& catalogue) {
  const auto done = impl_->in<pqxx::work>([&](Transaction& tx) {
    read_model::put_catalogue(tx, catalogue);
    return true;
  });
  if (!done) {
    return tl::unexpected(done.error());
  }
  return {};
}

}  // namespace vsim::read_model
