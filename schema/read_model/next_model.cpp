#include "schema/read_model/next_model.h"

#include <fmt/format.h>

#include "schema/read_model/bulk_load.h"
#include "schema/read_model/long_statement.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/projection_tables.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

/// "options" of libpq, which set the role before anything is done.
std::string with_role(const std::string& url, const std::string& role) {
  if (url.find("://") == std::string::npos) {
    return url + " options='-c role=" + role + "'";
  }
  return url + (url.find('?') == std::string::npos ? '?' : '&') + "options=-crole%3D" + role;
}

}  // namespace

DbResult<std::string> as_owner(const std::string& url) {
  std::unique_ptr<Session> session;
  try {
    session = open_session(url, read_limits);
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    const auto owner = tx.exec(
        "SELECT pg_get_userbyid(datdba), pg_get_userbyid(datdba) = current_user"
        " FROM pg_database WHERE datname = current_database()");
    const bool is_owner = view_of(owner[0][1]) == "t";
    return is_owner ? url : with_role(url, text_of(owner[0][0]));
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

struct NextModel::Impl {
  std::string url;
  std::string schema;
  std::unique_ptr<Session> session;  // its session holds the lock
  std::unique_ptr<BulkLoad> bulk;
  BatchWriter batches;
  Checkpoint checkpoint;

  /// Runs `work`; gives its failure.
  template <typename Work>
  DbResult<void> attempt(Work&& work) {
    try {
      work();
      return {};
    } catch (...) {
      return tl::unexpected(current_failure(session.get()));
    }
  }

  std::string lock_number() const {
    return fmt::format("hashtextextended('making {}', 0)", schema);
  }

  bool try_lock() {
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    const auto locked = tx.exec(fmt::format("SELECT pg_try_advisory_lock({})", lock_number()));
    return view_of(locked[0][0]) == "t";
  }

  /// The end of the session would do it too, but some time after the client has gone.
  void unlock() {
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    tx.exec(fmt::format("SELECT pg_advisory_unlock({})", lock_number()));
  }

  void drop() {
    const BoundedWait wait(*session);
    const LongStatement work(wait);
    pqxx::nontransaction tx(wait.connection());
    tx.exec("SET client_min_messages TO warning");
    tx.exec("DROP SCHEMA IF EXISTS " + schema + " CASCADE");
  }

  void begin(const Catalogue& catalogue) {
    prepare(*session, projection_statements());
    const BoundedWait wait(*session);
    pqxx::work tx(wait.connection());
    put_catalogue(tx, catalogue);
    tx.exec("INSERT INTO projection_checkpoint VALUES ('EVENTS', 0, '', 0)");
    tx.commit();
  }

  void apply(const ProjectionBatch& batch, const Checkpoint& next) {
    const BoundedWait wait(*session);
    const LongStatement work(wait);
    pqxx::work tx(wait.connection());
    if (!batches.apply(tx, batch, checkpoint.sequence, next)) {
      throw std::runtime_error("schema " + schema + " was changed by others");
    }
    tx.commit();
    checkpoint = next;
  }
};

NextModel::NextModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

DbResult<std::unique_ptr<NextModel>> NextModel::begin(const std::string& owner_url,
                                                      const std::string& schema_dir,
                                                      const std::string& schema,
                                                      const Catalogue& catalogue,
                                                      std::size_t servers_in_memory) {
  auto impl = std::make_unique<Impl>();
  impl->url = owner_url;
  impl->schema = schema;
  try {
    impl->session = open_session(owner_url, long_limits,
                                 "SET search_path TO " + schema +
                                     "; SET synchronous_commit TO off; SET enable_seqscan TO off");
    if (!impl->try_lock()) {
      return tl::unexpected(DatabaseError{
          DatabaseError::Kind::refused,
          "another session is making schema " + schema + "; wait until it has ended"});
    }
    impl->drop();
  } catch (...) {
    return tl::unexpected(current_failure(impl->session.get()));
  }
  // From here on its end drops what has been made.
  std::unique_ptr<NextModel> model(new NextModel(std::move(impl)));
  if (auto made = apply_migrations(owner_url, schema_dir, schema); !made) {
    return tl::unexpected(made.error());
  }
  auto begun = model->impl_->attempt([&] { model->impl_->begin(catalogue); });
  if (!begun) {
    return tl::unexpected(begun.error());
  }
  auto bulk = BulkLoad::begin(owner_url, schema, servers_in_memory);
  if (!bulk) {
    return tl::unexpected(bulk.error());
  }
  model->impl_->bulk = std::move(*bulk);
  return model;
}

NextModel::~NextModel() {
  impl_->bulk.reset();  // its sessions hold locks on the tables
  (void)impl_->attempt([&] {
    impl_->drop();
    impl_->unlock();
  });
}

DbResult<void> NextModel::load(ProjectionBatch& batch) { return impl_->bulk->take(batch); }

DbResult<void> NextModel::finish_load(ProjectionBatch batch, const Checkpoint& at) {
  if (auto finished = impl_->bulk->finish(batch); !finished) {
    return finished;
  }
  impl_->bulk.reset();
  return apply(std::move(batch), at);
}

DbResult<void> NextModel::apply(ProjectionBatch batch, const Checkpoint& next) {
  return impl_->attempt([&] { impl_->apply(batch, next); });
}

const Checkpoint& NextModel::checkpoint() const { return impl_->checkpoint; }

}  // namespace vsim::read_model
