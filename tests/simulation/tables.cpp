#include "tests/simulation/tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/read_model/projection_tables.h"

namespace vsim::simulation {
namespace {

using read_model::Checkpoint;
using read_model::OperationRow;
using read_model::ProjectionBatch;

/// The condition left_undone() of batch_statement.cpp.
bool left_undone(const OperationRow& earlier, const OperationRow& later) {
  const bool undone = earlier.status == "PENDING" || earlier.status == "PURGED" ||
                      earlier.status == "DEAD_LETTERED";
  const bool same_hash = earlier.request_hash == later.request_hash ||
                         earlier.request_hash.empty() || later.request_hash.empty();
  return undone && earlier.command_sequence < later.command_sequence &&
         earlier.type == later.type && same_hash;
}

std::int64_t number(Instant at) { return at.time_since_epoch().count(); }

std::string text(const std::optional<Instant>& at) {
  return at ? std::to_string(number(*at)) : std::string("-");
}

}  // namespace

bool Tables::move(const std::string& stream, StreamSequence previous, const Checkpoint& next) {
  auto& stands = checkpoints[stream];
  if (stands.sequence != previous) {
    return false;
  }
  stands = next;
  return true;
}

bool Tables::apply(ProjectionBatch batch, StreamSequence previous, const Checkpoint& next) {
  if (!move("EVENTS", previous, next)) {
    return false;
  }
  for (const auto& [region, range] : batch.pool_ranges) {
    for (std::uint32_t bits = range.first.bits; bits <= range.last.bits; ++bits) {
      addresses.try_emplace({region, Ipv4{bits}});
    }
  }
  for (auto& [server, row] : batch.events) {
    events[server].push_back(std::move(row));
  }
  for (const auto& [server, state] : batch.servers) {
    servers[server] = read_model::server_row(server, state);
  }
  for (const auto& [key, by] : batch.counts) {
    counts[key] += by;
  }
  for (auto& [id, row] : batch.operations) {
    const auto [there, is_new] = operations.try_emplace(row.id, row);
    if (!is_new && !(there->second.status == "PENDING" && left_undone(row, there->second))) {
      there->second = row;
    }
  }
  for (const auto& [address, change] : batch.addresses) {
    auto& row = addresses[address];
    row.holder = change.holder;
    row.last_claim = std::max(row.last_claim, change.last_claim);
  }
  if (batch.clock) {
    const auto before = clock ? clock->log_through : 0;
    clock = batch.clock;
    clock->log_through = std::max(clock->log_through, before);
  }
  region_events.insert(region_events.end(), batch.region_events.begin(), batch.region_events.end());
  for (const auto& [region, watermark] : batch.watermarks) {
    watermarks.insert_or_assign(region, watermark);
  }
  for (const auto& [pool, last] : batch.warm_pools) {
    warm_pools.insert_or_assign(pool, last);
  }
  for (const auto& [pool, by] : batch.warm_pool_counts) {
    auto& row = warm_pool_counts[pool];
    row.last_number = std::max(row.last_number, by.last_number);
    row.hits += by.hits;
    row.failed += by.failed;
  }
  for (const auto& [server, end] : batch.periods_ended) {
    const auto running = std::find_if(periods.begin(), periods.end(), [&](const auto& period) {
      return period.server == server && !period.end;
    });
    if (running != periods.end()) {
      running->end = end;
    }
  }
  periods.insert(periods.end(), batch.periods_begun.begin(), batch.periods_begun.end());
  return true;
}

bool Tables::apply_pending(std::vector<OperationRow> rows, StreamSequence previous,
                           const Checkpoint& next) {
  if (!move("JOURNAL", previous, next)) {
    return false;
  }
  for (const auto& [id, row] : read_model::last_of_each(rows)) {
    const auto [there, is_new] = operations.try_emplace(row.id, row);
    if (is_new || !left_undone(there->second, row)) {
      continue;
    }
    const auto& old = there->second;
    const auto since = old.status == "PENDING"
                           ? std::min({old.pending_since, old.command_sequence, row.pending_since})
                           : row.pending_since;
    there->second = row;
    there->second.pending_since = since;
  }
  return true;
}

read_model::FleetSnapshot Tables::snapshot() const {
  read_model::FleetSnapshot snapshot;
  if (const auto found = checkpoints.find("EVENTS"); found != checkpoints.end()) {
    snapshot.events = found->second;
  }
  for (const auto& [place, row] : addresses) {
    read_model::FleetAddress address{.region = place.first,
                                     .ip = place.second,
                                     .last_claim = row.last_claim,
                                     .taken = false,
                                     .open_claimant = std::nullopt};
    if (row.holder) {
      const auto server = servers.find(*row.holder);
      address.taken = server != servers.end() && server->second.region == place.first.name &&
                      server->second.ip == place.second.to_string() &&
                      server->second.status != "TERMINATED";
      const bool open = !address.taken && !events.contains(*row.holder);
      if (!address.taken && (open || row.last_claim == snapshot.events.sequence)) {
        address.taken = true;
        address.open_claimant = row.holder;
      }
    }
    snapshot.addresses.push_back(address);
  }
  for (const auto& [id, row] : servers) {
    if (row.due && row.status != "TERMINATED") {
      snapshot.deadlines.push_back({.region = Region{row.region},
                                    .server = id,
                                    .due = *row.due,
                                    .is_idle = row.status == "STOPPED" && !row.due_turn});
    }
  }
  for (const auto& [id, row] : servers) {
    if (row.status == "RUNNING" || row.status == "REBOOTING") {
      snapshot.running.emplace_back(Region{row.region}, id);
    }
  }
  for (const auto& [id, last] : warm_pools) {
    auto pool = last.first;
    pool.last_command.reset();
    const auto counted = warm_pool_counts.find(id);
    const bool is_counted = counted != warm_pool_counts.end();
    snapshot.warm_pools.push_back(
        {id, std::move(pool), is_counted ? counted->second.last_number : 0});
  }
  for (const auto& [id, row] : servers) {
    if (!row.warm_pool || row.status == "TERMINATED") {
      continue;
    }
    const WarmCondition condition{.status = status_from(row.status).value(),
                                  .is_assigned = row.assigned_at.has_value(),
                                  .is_impaired = row.health != "ok",
                                  .is_interrupted = row.interruption_at.has_value(),
                                  .has_end = read_model::foreseeable_due(row).has_value()};
    snapshot.warm_servers.push_back({.pool = {row.account, *row.warm_pool},
                                     .region = Region{row.region},
                                     .number = row.warm_number,
                                     .version = row.version,
                                     .stage = stage_of(condition),
                                     .is_assigned = row.assigned_at.has_value()});
  }
  return snapshot;
}

void Tables::add_warm_pools(std::vector<std::string>& lines) const {
  for (const auto& [id, last] : warm_pools) {
    lines.push_back(fmt::format("warm pool {} {} v{} target {} draining {} seq {}", id.account,
                                id.name, last.first.last_change.version, last.first.terms->target,
                                last.first.draining, last.second));
  }
  for (const auto& [id, row] : warm_pool_counts) {
    lines.push_back(fmt::format("warm counts {} {} {} {} {}", id.account, id.name, row.last_number,
                                row.hits, row.failed));
  }
}

std::vector<std::string> Tables::lines() const {
  std::vector<std::string> lines;
  for (const auto& [id, row] : servers) {
    lines.push_back(fmt::format(
        "server {} {} {} {} {} {} {} v{} c{} at {} {} started {} due {} closed {} open {} {}",
        row.id, row.region, row.type, row.status, row.ip, row.profile, row.account, row.version,
        row.changed_version, number(row.created_at), number(row.updated_at),
        text(row.last_started_at), text(row.due), row.bill.closed.count(),
        text(row.bill.open_since), row.termination_reason.value_or("-")));
    if (row.warm_pool) {
      lines.push_back(fmt::format("warm {} {} {} assigned {} {} {}", row.id, *row.warm_pool,
                                  row.warm_number, text(row.assigned_at), row.name, row.tags_json));
    }
  }
  for (const auto& [id, rows] : events) {
    for (const auto& row : rows) {
      lines.push_back(fmt::format("event {} v{} {} at {} command {} seq {}", id.to_string(),
                                  row.version, row.event, number(row.at), row.command_id,
                                  row.sequence));
    }
  }
  for (const auto& [key, count] : counts) {
    lines.push_back(fmt::format("count {} {} {} {} {}", std::get<0>(key), std::get<1>(key),
                                std::get<2>(key), std::get<3>(key), count));
  }
  for (const auto& [id, row] : operations) {
    if (row.event_sequence > 0) {
      lines.push_back(fmt::format("operation {} {} {} {} {} command {} event {} v{} at {}", id,
                                  row.type, row.status, row.code, row.account, row.command_sequence,
                                  row.event_sequence, row.version, text(row.decided_at)));
    }
  }
  for (const auto& [place, row] : addresses) {
    lines.push_back(fmt::format("address {} {} {} claim {}", place.first.name,
                                place.second.to_string(),
                                row.holder ? row.holder->to_string() : "-", row.last_claim));
  }
  std::vector<std::string> of_periods;
  for (const auto& period : periods) {
    of_periods.push_back(
        fmt::format("period {} v{} {} {} began {} ended {} before {} settled {}",
                    period.server.to_string(), period.version, period.region, period.account,
                    number(period.began), period.end ? std::to_string(number(period.end->at)) : "-",
                    period.settled_before.count(), period.end ? period.end->settled.count() : -1));
  }
  std::sort(of_periods.begin(), of_periods.end());
  lines.insert(lines.end(), of_periods.begin(), of_periods.end());
  for (const auto& [event, sequence] : region_events) {
    lines.push_back(fmt::format("region {} v{} {} at {} seq {}", event.region.name, event.version,
                                event_type(event.data), number(event.at), sequence));
  }
  for (const auto& [region, watermark] : watermarks) {
    lines.push_back(fmt::format("billed {} v{} through {} seq {}", region.name,
                                watermark.first.version, number(watermark.first.through),
                                watermark.second));
  }
  add_warm_pools(lines);
  if (clock) {
    lines.push_back(fmt::format("clock v{} sim {} scale {} applied {} seq {}", clock->clock.version,
                                number(clock->clock.time.sim), clock->clock.time.scale,
                                number(clock->clock.deadlines_applied_through), clock->sequence));
  }
  return lines;
}

}  // namespace vsim::simulation
