#include <algorithm>
#include <utility>

#include "domain/address_pool.h"

namespace vsim {
namespace {

PoolEvent next_event(const Pool& pool, const CommandNote& command, PoolEventData data,
                     Instant now) {
  return {command.region, pool.version + 1, std::max(now, pool.at),
          command.cause,  command.origin,   std::move(data)};
}

}  // namespace

CommandNote note_of(const ExtendPool& command) {
  return {command.region,
          {},
          {command.id, command.sequence, command.request_hash, "extend_pool"},
          command.origin};
}

PoolDecision decide(const Pool& pool, const ExtendPool& command, Instant now,
                    const Catalogue& catalogue) {
  if (auto past = verdict_of_the_past(pool.last_command, command.id, command.sequence)) {
    return {std::nullopt, std::move(*past)};
  }
  if (!catalogue.regions.contains(command.region)) {
    const Rejection unknown{
        RejectionCode::unknown_region,
        "there is no region " + command.region.name + "; GET /regions lists them"};
    return {next_event(pool, note_of(command), CommandRejected{unknown}, now), unknown};
  }
  return {next_event(pool, note_of(command), PoolExtended{command.ranges}, now), Succeeded{}};
}

std::optional<PoolEvent> decide_outcome(const Pool& pool, const CommandNote& command,
                                        NoChange outcome, Instant now) {
  if (has_outcome(pool.last_command, command.cause)) {
    return std::nullopt;
  }
  const auto data = [](auto&& given) { return PoolEventData(std::move(given)); };
  return next_event(pool, command, std::visit(data, std::move(outcome)), now);
}

Pool evolve(Pool pool, const PoolEvent& event) {
  pool.version = event.version;
  pool.at = event.at;
  if (event.cause) {
    note_command(pool.last_command, *event.cause, outcome_of(event.data));
  }
  return pool;
}

Outcome outcome_of(const PoolEventData& data) {
  struct Name {
    Outcome operator()(const PoolExtended&) const { return {OutcomeKind::succeeded, {}}; }
    Outcome operator()(const CommandRejected& e) const { return outcome_of(EventData(e)); }
    Outcome operator()(const CommandPurged& e) const { return outcome_of(EventData(e)); }
    Outcome operator()(const CommandDeadLettered& e) const { return outcome_of(EventData(e)); }
  };
  return std::visit(Name{}, data);
}

std::string_view event_type(const PoolEventData& data) {
  struct Name {
    std::string_view operator()(const PoolExtended&) const { return "pool_extended"; }
    std::string_view operator()(const CommandRejected& e) const { return event_type(EventData(e)); }
    std::string_view operator()(const CommandPurged& e) const { return event_type(EventData(e)); }
    std::string_view operator()(const CommandDeadLettered& e) const {
      return event_type(EventData(e));
    }
  };
  return std::visit(Name{}, data);
}

}  // namespace vsim
