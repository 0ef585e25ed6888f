// The functions of schema/read_model that ask Postgres, on rows in memory (D80): those that the
// roles and the gateway call. What a batch makes of events stays the product's.

#include <algorithm>
#include <array>

#include "schema/read_model/billing.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/log_identity.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/outbox.h"
#include "schema/read_model/projection_writer.h"
#include "schema/read_model/session_lock.h"
#include "tests/simulation/world.h"

namespace vsim::read_model {

using simulation::Luck;
using simulation::Machine;
using simulation::Tables;
using simulation::world;

namespace {

DatabaseError away() { return {DatabaseError::Kind::unavailable, "simulated: no connection"}; }

std::optional<DatabaseError> not_made() {
  if (world().tables.made) {
    return std::nullopt;
  }
  return DatabaseError{DatabaseError::Kind::not_migrated, "relation does not exist"};
}

/// One transaction: `work` runs at one moment, between two ways.
template <typename Work>
auto transact(const char* what, Work work) -> DbResult<decltype(work(std::declval<Tables&>()))> {
  auto& machine = Machine::here();
  machine.step(what);
  const auto luck = world().weather.luck_of_database(machine);
  machine.sleep(world().weather.time_of_way(machine));
  if (!machine.lives() || luck == Luck::request_lost) {
    return tl::unexpected(away());
  }
  if (auto missing = not_made()) {
    return tl::unexpected(std::move(*missing));
  }
  auto value = work(world().tables);
  machine.sleep(world().weather.time_of_way(machine));
  if (luck == Luck::answer_lost) {
    machine.note("  Postgres' answer is lost");
    return tl::unexpected(away());
  }
  return value;
}

/// Whether this session holds it now.
bool take_lock(std::int64_t number, const void* session) {
  return world().session_locks.try_emplace(number, session).first->second == session;
}

void release_locks(const void* session) {
  std::erase_if(world().session_locks, [&](const auto& lock) { return lock.second == session; });
}

const std::string& stream_of(Projection projection) {
  static const std::array<std::string, 2> names{"EVENTS", "JOURNAL"};
  return names[static_cast<std::size_t>(projection)];
}

}  // namespace

void end_waits_within(std::chrono::milliseconds) {}

// ---- reads

struct ConnectionPool::Impl {};
ConnectionPool::ConnectionPool(std::string, std::size_t, const WaitLimits&) {}
ConnectionPool::~ConnectionPool() = default;

std::optional<DatabaseError> ConnectionPool::run(const std::function<void(Transaction&)>& query) {
  // Its reads are the functions below, which look at no transaction.
  static std::array<std::max_align_t, 64> nothing;
  auto done = transact("reads the read models", [&](Tables&) {
    query(reinterpret_cast<Transaction&>(nothing));
    return true;
  });
  return done ? std::nullopt : std::optional(std::move(done.error()));
}

std::optional<OperationWithServer> find_operation(Transaction&, const CommandId& id) {
  const auto& tables = world().tables;
  const auto found = tables.operations.find(id.to_string());
  if (found == tables.operations.end()) {
    return std::nullopt;
  }
  OperationWithServer operation{found->second, std::nullopt};
  if (const auto server = Uuid::parse(found->second.server_id)) {
    const auto row = tables.servers.find(ServerId{*server});
    if (row != tables.servers.end()) {
      operation.server = row->second;
    }
  }
  return operation;
}

std::vector<OperationRow> list_pending(Transaction&, StreamSequence after, std::size_t limit) {
  std::vector<OperationRow> pending;
  for (const auto& [id, row] : world().tables.operations) {
    if (row.status == "PENDING" && row.command_sequence > after) {
      pending.push_back(row);
    }
  }
  std::sort(pending.begin(), pending.end(), [](const auto& one, const auto& other) {
    return one.command_sequence < other.command_sequence;
  });
  pending.resize(std::min(pending.size(), limit));
  return pending;
}

StreamSequence newest_command(Transaction&) {
  StreamSequence newest = 0;
  for (const auto& [id, row] : world().tables.operations) {
    newest = std::max(newest, row.command_sequence);
  }
  return newest;
}

bool command_is_decided(Transaction&, StreamSequence command_sequence) {
  const auto& operations = world().tables.operations;
  return std::any_of(operations.begin(), operations.end(), [&](const auto& each) {
    return each.second.command_sequence == command_sequence && each.second.status != "PENDING";
  });
}

NewestEvents find_newest_events(Transaction&, std::span<const ServerId> servers) {
  NewestEvents newest;
  for (const auto& server : servers) {
    const auto found = world().tables.events.find(server);
    if (found != world().tables.events.end()) {
      newest[server] = found->second.back().sequence;
    }
  }
  return newest;
}

LogMarks find_log_marks(Transaction&) {
  const auto& tables = world().tables;
  LogMarks marks;
  if (const auto found = tables.checkpoints.find("EVENTS"); found != tables.checkpoints.end()) {
    marks.checkpoint = found->second;
  }
  marks.clock = tables.clock ? tables.clock->sequence : 0;
  for (const auto& [region, watermark] : tables.watermarks) {
    marks.billing[region.name] = watermark.second;
  }
  return marks;
}

std::optional<Checkpoint> find_checkpoint(Transaction&, std::string_view stream) {
  const auto& all = world().tables.checkpoints;
  const auto found = all.find(std::string(stream));
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

std::vector<ServerCount> count_servers(Transaction&) { return {}; }

std::map<std::string, Instant> billing_watermarks(Transaction&) {
  std::map<std::string, Instant> watermarks;
  for (const auto& [region, watermark] : world().tables.watermarks) {
    watermarks[region.name] = watermark.first.through;
  }
  return watermarks;
}

DbResult<FleetSnapshot> load_fleet_snapshot(const std::string&) {
  return transact("loads the fleet's snapshot", [](Tables& tables) { return tables.snapshot(); });
}

// ---- the projector's writes

struct ProjectionWriter::Impl {
  Projection projection;
};
ProjectionWriter::ProjectionWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProjectionWriter::~ProjectionWriter() { release_locks(this); }

DbResult<std::unique_ptr<ProjectionWriter>> ProjectionWriter::open(const std::string&,
                                                                   Projection projection) {
  auto& machine = Machine::here();
  machine.step("connects to Postgres");
  if (!machine.lives() || world().weather.luck_of_database(machine) != Luck::good) {
    return tl::unexpected(away());
  }
  auto impl = std::make_unique<Impl>();
  impl->projection = projection;
  return std::unique_ptr<ProjectionWriter>(new ProjectionWriter(std::move(impl)));
}

DbResult<bool> ProjectionWriter::try_lock() {
  auto& machine = Machine::here();
  machine.step("asks for the projector's lock");
  if (!machine.lives() || world().weather.luck_of_database(machine) != Luck::good) {
    return tl::unexpected(away());
  }
  return take_lock(static_cast<std::int64_t>(impl_->projection), this);
}

DbResult<Checkpoint> ProjectionWriter::checkpoint() {
  return transact("reads the checkpoint",
                  [&](Tables& tables) { return tables.checkpoints[stream_of(impl_->projection)]; });
}

DbResult<bool> ProjectionWriter::apply(ProjectionBatch batch, StreamSequence previous,
                                       const Checkpoint& next) {
  return transact("commits a batch of EVENTS",
                  [&](Tables& tables) { return tables.apply(std::move(batch), previous, next); });
}

DbResult<bool> ProjectionWriter::apply_pending(const std::vector<OperationRow>& operations,
                                               StreamSequence previous, const Checkpoint& next) {
  return transact("commits a batch of JOURNAL",
                  [&](Tables& tables) { return tables.apply_pending(operations, previous, next); });
}

DbResult<void> ProjectionWriter::put_catalogue(const Catalogue&) { return {}; }

DbResult<MigrationReport> apply_migrations(const std::string&, const std::string&,
                                           std::string_view) {
  auto& machine = Machine::here();
  machine.step("migrates");
  if (!machine.lives() || world().weather.luck_of_database(machine) != Luck::good) {
    return tl::unexpected(away());
  }
  world().tables.made = true;
  return MigrationReport{};
}

// ---- the roles' locks

struct SessionLock::Impl {};
SessionLock::SessionLock(std::string url, int number) : url_(std::move(url)), number_(number) {}
SessionLock::~SessionLock() { release_locks(this); }

SessionLock::State SessionLock::state() {
  auto& machine = Machine::here();
  if (!machine.lives() || machine.now() < world().weather.database_back_at) {
    release_locks(this);
    return State::unavailable;
  }
  return take_lock(number_, this) ? State::held : State::taken;
}

// ---- the outbox of operators, which stays empty

struct Outbox::Impl {};
Outbox::Outbox(std::string) {}
Outbox::~Outbox() = default;
DbResult<void> Outbox::group() { return {}; }
DbResult<std::vector<OutboxRange>> Outbox::list(std::size_t) { return std::vector<OutboxRange>(); }
DbResult<void> Outbox::mark_sent(const CommandId&) { return {}; }
DbResult<void> Outbox::mark_refused(const CommandId&, const std::string&) { return {}; }

}  // namespace vsim::read_model
