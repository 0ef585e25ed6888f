#include "schema/read_model/fleet_snapshot.h"

#include "schema/read_model/server_columns.h"
#include "schema/read_model/session.h"
#include "schema/read_model/warm_pools.h"

namespace vsim::read_model {
namespace {

std::optional<FleetAddress> read_address(const pqxx::row& row, StreamSequence through) {
  const auto ip = Ipv4::parse(view_of(row[1]));
  if (!ip) {
    return std::nullopt;
  }
  FleetAddress address{.region = Region{text_of(row[0])},
                       .ip = *ip,
                       .last_claim = integer_of<StreamSequence>(row[2]),
                       .taken = view_of(row[3]) == "t",
                       .open_claimant = std::nullopt};
  // The next message may be the event of the same batch that makes the claim good.
  const bool is_newest = !row[5].is_null() && address.last_claim == through;
  if (!address.taken && (view_of(row[4]) == "t" || is_newest)) {
    if (const auto id = Uuid::parse(view_of(row[5]))) {
      address.taken = true;
      address.open_claimant = ServerId{*id};
    }
  }
  return address;
}

void read_warm_pools(Transaction& tx, FleetSnapshot& snapshot) {
  snapshot.warm_pools = known_warm_pools(tx);
  if (snapshot.warm_pools.empty()) {
    return;
  }
  const auto servers = tx.exec(
      "SELECT account, warm_pool, warm_number, version, status, assigned_at IS NOT NULL,"
      " health, interruption_at IS NOT NULL,"
      " (due IS NOT NULL AND due_turn IS NULL) OR transition_due IS NOT NULL, region"
      " FROM servers WHERE warm_pool IS NOT NULL AND status <> 'TERMINATED'");
  snapshot.warm_servers.reserve(static_cast<std::size_t>(servers.size()));
  for (const auto& row : servers) {
    const bool is_assigned = view_of(row[5]) == "t";
    const WarmCondition condition{.status = status_from(view_of(row[4])).value_or(Status::failed),
                                  .is_assigned = is_assigned,
                                  .is_impaired = view_of(row[6]) != "ok",
                                  .is_interrupted = view_of(row[7]) == "t",
                                  .has_end = view_of(row[8]) == "t"};
    snapshot.warm_servers.push_back({.pool = {text_of(row[0]), text_of(row[1])},
                                     .region = Region{text_of(row[9])},
                                     .number = integer_of<std::uint64_t>(row[2]),
                                     .version = integer_of<Version>(row[3]),
                                     .stage = stage_of(condition),
                                     .is_assigned = is_assigned});
  }
}

FleetSnapshot read_snapshot(BoundedWait& wait, Transaction& tx) {
  FleetSnapshot snapshot;
  if (const auto checkpoint = find_checkpoint(tx, "EVENTS")) {
    snapshot.events = *checkpoint;
  }
  wait.again();
  const auto addresses =
      tx.exec("SELECT region, ip, last_claim, lives, is_open, server_id FROM address_claims");
  snapshot.addresses.reserve(static_cast<std::size_t>(addresses.size()));
  for (const auto& row : addresses) {
    if (auto address = read_address(row, snapshot.events.sequence)) {
      snapshot.addresses.push_back(std::move(*address));
    }
  }
  wait.again();
  const auto deadlines = tx.exec("SELECT region, id, (date_part('epoch', due) * 1000)::bigint, " +
                                 std::string(is_idle) + " FROM servers WHERE due IS NOT NULL AND " +
                                 std::string(not_terminated));
  snapshot.deadlines.reserve(static_cast<std::size_t>(deadlines.size()));
  for (const auto& row : deadlines) {
    if (const auto id = Uuid::parse(view_of(row[1]))) {
      snapshot.deadlines.push_back({.region = Region{text_of(row[0])},
                                    .server = ServerId{*id},
                                    .due = instant_of(row[2]),
                                    .is_idle = view_of(row[3]) == "t"});
    }
  }
  wait.again();
  const auto running =
      tx.exec("SELECT region, id FROM servers WHERE status IN ('RUNNING', 'REBOOTING')");
  snapshot.running.reserve(static_cast<std::size_t>(running.size()));
  for (const auto& row : running) {
    if (const auto id = Uuid::parse(view_of(row[1]))) {
      snapshot.running.emplace_back(Region{text_of(row[0])}, ServerId{*id});
    }
  }
  wait.again();
  read_warm_pools(tx, snapshot);
  return snapshot;
}

}  // namespace

DbResult<FleetSnapshot> load_fleet_snapshot(const std::string& url) {
  std::unique_ptr<Session> session;
  try {
    session = open_session(url, snapshot_limits);
    prepare(*session, checkpoint_statements());
    prepare(*session, warm_pool_statements());
    BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    tx.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    // Names are looked up statement by statement: a swap in between would give rows of two models.
    tx.exec("LOCK TABLE projection_checkpoint IN ROW SHARE MODE");
    return read_snapshot(wait, tx);  // the session's end ends the transaction
  } catch (...) {
    return tl::unexpected(current_failure(session.get()));
  }
}

}  // namespace vsim::read_model
