#include "schema/read_model/projection_batch.h"

#include <algorithm>

#include "domain/account.h"
#include "domain/replenishment.h"
#include "schema/messages/subjects.h"

namespace vsim::read_model {
namespace {

/// How an event moves its server between statuses. No `from`: it is the first. No `to`: it stays.
struct StatusChange {
  std::optional<Status> from;
  std::optional<Status> to;
};

struct ReadStatusChange {
  const State& after;

  Status now() const { return after.server->status; }

  StatusChange operator()(const ServerProvisioning&) const { return {std::nullopt, now()}; }
  StatusChange operator()(const ServerProvisioned&) const { return {std::nullopt, now()}; }
  StatusChange operator()(const ServerStarting& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerStarted& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerStopping& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerStopped& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerRebooting& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerRebooted& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerTerminating& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerTerminated& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerFailed& e) const { return {e.from, now()}; }
  StatusChange operator()(const ServerImpaired&) const { return {}; }
  StatusChange operator()(const ServerRecovered&) const { return {}; }
  StatusChange operator()(const ServerInterruptionNoticed&) const { return {}; }
  StatusChange operator()(const LeaseExtended&) const { return {}; }
  StatusChange operator()(const ServerAssigned&) const { return {}; }
  StatusChange operator()(const ServerReleased& e) const { return {e.from, now()}; }
  StatusChange operator()(const CommandRejected&) const { return {}; }
  StatusChange operator()(const CommandPurged&) const { return {}; }
  StatusChange operator()(const CommandDeadLettered&) const { return {}; }
};

ServerEventRow event_row(const Event& event, const State& after, StreamSequence sequence) {
  ServerEventRow row;
  row.version = event.version;
  row.at = event.at;
  row.event = event_type(event.data);
  row.message = event_message(event, after);
  row.actor = event.origin.actor;
  if (event.cause) {
    row.command_id = event.cause->command.to_string();
  }
  row.correlation_id = event.origin.correlation_id;
  row.sequence = sequence;
  return row;
}

// Where the command was published; the clock and the door's faults have no region.
std::string region_of(const Event& event) { return event.region.name; }
std::string region_of(const PoolEvent& event) { return event.region.name; }
std::string region_of(const RegionEvent& event) { return event.region.name; }
std::string region_of(const ClockEvent&) { return std::string(messages::clock_region); }
std::string region_of(const Command& command) { return command.region.name; }
std::string region_of(const ExtendPool& command) { return command.region.name; }
std::string region_of(const RegionCommand& command) { return command.region.name; }
std::string region_of(const ClockCommand&) { return std::string(messages::clock_region); }
std::string region_of(const FaultsEvent&) { return std::string(messages::faults_region); }
std::string region_of(const FaultsCommand&) { return std::string(messages::faults_region); }

std::string region_of(const WarmPoolEvent& event) { return messages::warm_pool_region(event.pool); }
std::string region_of(const WarmPoolCommand& command) {
  return messages::warm_pool_region(command.pool);
}

/// What a command and its outcome have alike, whatever the command is for. `owner` is the account
/// of one that names none.
template <typename CommandOrEvent>
OperationRow row_of(const CommandOrEvent& one, const Cause& cause, std::string_view owner) {
  OperationRow row;
  row.id = cause.command.to_string();
  row.type = cause.type;
  row.region = region_of(one);
  if constexpr (requires { one.server; }) {
    row.server_id = one.server.to_string();
  }
  row.request_hash = cause.request_hash;
  row.command_sequence = cause.sequence;
  row.actor = one.origin.actor;
  row.correlation_id = one.origin.correlation_id;
  row.account = one.origin.account.empty() ? owner : one.origin.account;
  return row;
}

/// `data` of an event whose subject may be a server's, a pool's or the clock's.
template <typename Data>
void name_outcome(OperationRow& row, const Data& data) {
  if (const auto* rejected = std::get_if<CommandRejected>(&data)) {
    row.status = to_string(OutcomeKind::rejected);
    row.code = to_string(rejected->rejection.code);
    row.detail = rejected->rejection.detail;
  } else if (std::holds_alternative<CommandPurged>(data)) {
    row.status = to_string(OutcomeKind::purged);
  } else if (const auto* dead = std::get_if<CommandDeadLettered>(&data)) {
    row.status = to_string(OutcomeKind::dead_lettered);
    row.detail = dead->reason;
  } else {
    row.status = to_string(OutcomeKind::succeeded);
  }
}

template <typename AnyEvent>
OperationRow outcome_row(const AnyEvent& event, StreamSequence sequence,
                         std::string_view owner = default_account) {
  OperationRow row = row_of(event, *event.cause, owner);
  row.event_sequence = sequence;
  row.version = event.version;
  row.decided_at = event.at;
  name_outcome(row, event.data);
  return row;
}

template <typename AnyCommand>
OperationRow accepted_row(const AnyCommand& command, std::string_view owner = default_account) {
  OperationRow row = row_of(command, cause_of(command), owner);
  row.status = "PENDING";
  row.pending_since = command.sequence;
  return row;
}

/// Adds what an event does.
struct AddTo {
  ProjectionBatch& batch;
  StreamSequence sequence;

  std::string operator()(messages::ServerLogged& logged) const {
    batch.add(logged.event, std::move(logged.state), sequence);
    return {};
  }
  std::string operator()(const AddressClaimed& claim) const { return add(claim); }
  std::string operator()(const messages::PoolLogged& pool) const { return add(pool.event); }
  std::string operator()(const messages::RegionLogged& region) const { return add(region.event); }
  std::string operator()(const messages::ClockLogged& clock) const { return add(clock); }
  std::string operator()(const messages::FaultsLogged& faults) const { return add(faults.event); }
  std::string operator()(messages::WarmPoolLogged& logged) const {
    batch.add(logged.event, std::move(logged.state), sequence);
    return {};
  }
  std::string operator()(const BillingWatermark& watermark) const { return add(watermark); }
  std::string operator()(const messages::UnknownEvent& unknown) const {
    return "this build does not know events of type \"" + unknown.type + "\"";
  }

 private:
  template <typename Fact>
  std::string add(const Fact& fact) const {
    batch.add(fact, sequence);
    return {};
  }
};

}  // namespace

std::string ProjectionBatch::add(messages::LoggedEvent logged, StreamSequence sequence) {
  return std::visit(AddTo{*this, sequence}, logged);
}

void ProjectionBatch::add(const Event& event, State after, StreamSequence sequence) {
  events.emplace_back(event.server, event_row(event, after, sequence));
  if (event.cause) {
    operations.insert_or_assign(event.cause->command, operation_row(event, after, sequence));
  }
  if (!after.server) {
    return;
  }
  const StatusChange change = std::visit(ReadStatusChange{after}, event.data);
  const auto count = [&](Status status, int by) {
    counts[{event.region.name, after.server->blueprint.instance_type,
            std::string(to_string(status)), after.server->blueprint.account}] += by;
  };
  if (change.from) {
    count(*change.from, -1);
  }
  if (change.to) {
    count(*change.to, +1);
    add_period(event, after,
               change.from && after.server->blueprint.terms.billing.bills(*change.from));
  }
  if (after.server->blueprint.warm) {
    count_warm(event, *after.server);
  }
  if (std::holds_alternative<ServerTerminated>(event.data)) {
    addresses[{event.region, after.server->blueprint.ip}].holder.reset();
  }
  servers.insert_or_assign(event.server, std::move(after));
}

void ProjectionBatch::count_warm(const Event& event, const Server& after) {
  const auto of_pool = [&]() -> WarmPoolCounts& {
    return warm_pool_counts[{after.blueprint.account, after.blueprint.warm->pool}];
  };
  if (is_birth(event.data)) {
    auto& last = of_pool().last_number;
    last = std::max(last, after.blueprint.warm->number);
  } else if (std::holds_alternative<ServerAssigned>(event.data)) {
    ++of_pool().hits;
  } else if (is_failed_provision(event.data, after)) {
    ++of_pool().failed;
  }
}

/// The bill has been folded by evolve(): here its periods only become rows.
void ProjectionBatch::add_period(const Event& event, const State& after, bool billed_before) {
  const Server& server = *after.server;
  const Blueprint& blueprint = server.blueprint;
  const bool bills = blueprint.terms.billing.bills(server.status);
  if (bills == billed_before) {
    return;
  }
  if (bills) {
    running_[event.server] = periods_begun.size();
    periods_begun.push_back({.server = event.server,
                             .version = event.version,
                             .region = event.region.name,
                             .type = blueprint.instance_type,
                             .account = blueprint.account,
                             .rate = blueprint.terms.hourly_rate,
                             .policy = blueprint.terms.billing,
                             .began = event.at,
                             .settled_before = server.bill.closed,
                             .end = std::nullopt});
    return;
  }
  const PeriodEnd end{event.at, server.bill.closed};
  if (const auto running = running_.extract(event.server)) {
    periods_begun[running.mapped()].end = end;
  } else {
    periods_ended[event.server] = end;
  }
}

std::vector<PeriodBegun> ProjectionBatch::take_ended_periods() {
  std::vector<PeriodBegun> ended;
  std::vector<PeriodBegun> running;
  running_.clear();
  for (PeriodBegun& period : periods_begun) {
    if (period.end) {
      ended.push_back(std::move(period));
    } else {
      running_[period.server] = running.size();
      running.push_back(std::move(period));
    }
  }
  periods_begun = std::move(running);
  return ended;
}

void ProjectionBatch::add(const AddressClaimed& claim, StreamSequence sequence) {
  addresses[{claim.region, claim.ip}] = {claim.server, sequence};
}

void ProjectionBatch::add(const PoolEvent& event, StreamSequence sequence) {
  if (const auto* extension = std::get_if<PoolExtended>(&event.data)) {
    for (const AddressRange& range : extension->ranges) {
      pool_ranges.emplace_back(event.region, range);
    }
  }
  if (event.cause) {
    operations.insert_or_assign(event.cause->command, operation_row(event, sequence));
  }
}

void ProjectionBatch::add(const RegionEvent& event, StreamSequence sequence) {
  if (!is_no_change(event.data)) {
    region_events.emplace_back(event, sequence);
  }
  if (event.cause) {
    operations.insert_or_assign(event.cause->command, operation_row(event, sequence));
  }
}

void ProjectionBatch::add(const messages::ClockLogged& logged, StreamSequence sequence) {
  const auto* applied = std::get_if<DeadlinesApplied>(&logged.event.data);
  const auto before = clock ? clock->log_through : 0;
  clock = {logged.state, sequence, applied ? applied->log_through.value_or(before) : before};
  if (logged.event.cause) {
    operations.insert_or_assign(logged.event.cause->command, operation_row(logged.event, sequence));
  }
}

void ProjectionBatch::add(const FaultsEvent& event, StreamSequence sequence) {
  if (event.cause) {
    operations.insert_or_assign(event.cause->command, operation_row(event, sequence));
  }
}

void ProjectionBatch::add(const WarmPoolEvent& event, WarmPool after, StreamSequence sequence) {
  if (!is_no_change(event.data)) {
    warm_pools.insert_or_assign(event.pool, std::pair(std::move(after), sequence));
  }
  if (event.cause) {
    operations.insert_or_assign(event.cause->command, operation_row(event, sequence));
  }
}

void ProjectionBatch::add(const BillingWatermark& watermark, StreamSequence sequence) {
  watermarks.insert_or_assign(watermark.region, std::pair(watermark, sequence));
}

OperationRow operation_row(const Event& event, const State& after, StreamSequence sequence) {
  return outcome_row(event, sequence,
                     after.server ? after.server->blueprint.account : default_account);
}
OperationRow operation_row(const PoolEvent& event, StreamSequence sequence) {
  return outcome_row(event, sequence);
}
OperationRow operation_row(const RegionEvent& event, StreamSequence sequence) {
  return outcome_row(event, sequence);
}
OperationRow operation_row(const ClockEvent& event, StreamSequence sequence) {
  return outcome_row(event, sequence);
}
OperationRow operation_row(const FaultsEvent& event, StreamSequence sequence) {
  return outcome_row(event, sequence);
}

OperationRow operation_row(const WarmPoolEvent& event, StreamSequence sequence) {
  return outcome_row(event, sequence, event.pool.account);
}

OperationRow pending_operation_row(const Command& command) {
  // Whose server it is for only its state tells.
  const bool is_create = std::holds_alternative<Create>(command.action);
  return accepted_row(command, is_create ? default_account : std::string_view());
}
OperationRow pending_operation_row(const ExtendPool& command) { return accepted_row(command); }
OperationRow pending_operation_row(const RegionCommand& command) { return accepted_row(command); }
OperationRow pending_operation_row(const ClockCommand& command) { return accepted_row(command); }
OperationRow pending_operation_row(const FaultsCommand& command) { return accepted_row(command); }
OperationRow pending_operation_row(const WarmPoolCommand& command) {
  return accepted_row(command, command.pool.account);
}

}  // namespace vsim::read_model
