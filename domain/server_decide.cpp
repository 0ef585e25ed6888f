// decide(): what was due first, then one small function per command.

#include <algorithm>
#include <array>
#include <utility>

#include "domain/account.h"
#include "domain/invariant.h"
#include "domain/lease.h"
#include "domain/lifecycle_rules.h"
#include "domain/server.h"
#include "domain/server_deadlines.h"
#include "domain/server_recorder.h"
#include "domain/tag_overrides.h"
#include "domain/transition_way.h"
#include "domain/warm_server.h"

namespace vsim {
namespace {

std::string account_or_default(const Origin& origin) {
  return origin.account.empty() ? std::string(default_account) : origin.account;
}

// What a command comes to: the event that carries it out, or why it is not carried out.
using Ruling = std::variant<EventData, Rejection>;

Rejection invalid_transition(std::string detail) {
  return {RejectionCode::invalid_transition, std::move(detail)};
}

Rejection no_such_server(const Command& command) {
  return {RejectionCode::not_found,
          "there is no server " + command.server.to_string() + " in " + command.region.name};
}

struct Decide {
  const State& state;
  const Command& command;
  Instant now;
  const Context& context;

  Ruling operator()(const Create& create) const {
    const auto& catalogue = context.catalogue;
    if (state.server) {
      return invalid_transition("cannot create: server " + command.server.to_string() +
                                " exists and is " + std::string(to_string(state.server->status)));
    }
    if (create.warm && state.version > 0) {  // whose number is counted as gone. D95
      return invalid_transition("cannot create: number " + std::to_string(create.warm->number) +
                                " of warm pool " + create.warm->pool +
                                " has been tried already; the pool goes on with the next one");
    }
    if (!catalogue.regions.contains(command.region)) {
      return Rejection{RejectionCode::unknown_region,
                       "there is no region " + command.region.name + "; GET /regions lists them"};
    }
    const auto type = catalogue.instance_types.find(create.instance_type);
    if (type == catalogue.instance_types.end()) {
      return Rejection{
          RejectionCode::unknown_type,
          "there is no instance type " + create.instance_type + "; GET /types lists them"};
    }
    const auto& wanted = create.profile ? *create.profile : catalogue.default_profile;
    const auto profile = catalogue.profiles.find(wanted);
    if (profile == catalogue.profiles.end()) {
      return Rejection{RejectionCode::unknown_profile, "there is no profile " + wanted};
    }
    if (auto refused = refusal_by_region(create.instance_type)) {
      return std::move(*refused);
    }
    std::optional<Instant> expires_at;
    if (create.lease.count() > 0) {
      auto lease = lease_ending(std::nullopt, create.lease, now, catalogue.lease_max);
      if (auto* too_long = std::get_if<Rejection>(&lease)) {
        return std::move(*too_long);
      }
      expires_at = std::get<Instant>(lease);
    }
    if (!context.free_ip) {
      return Rejection{RejectionCode::no_free_address,
                       "every address of " + command.region.name +
                           " is taken; terminate a server or extend the pool"};
    }
    return provision(create, profile->second, type->second, expires_at);
  }

  Ruling provision(const Create& create, const LifecycleProfile& profile, HourlyRate rate,
                   std::optional<Instant> expires_at) const {
    const auto idle = create.idle_timeout              ? *create.idle_timeout
                      : context.catalogue.idle_timeout ? *context.catalogue.idle_timeout
                                                       : profile.idle_timeout;
    Blueprint blueprint{.account = account_or_default(command.origin),
                        .name = create.name,
                        .instance_type = create.instance_type,
                        .profile = profile.name,
                        .tags = create.tags,
                        .ip = *context.free_ip,
                        .terms = {.hourly_rate = rate,
                                  .courses = profile.courses,
                                  .create_ends_in = profile.create_ends_in,
                                  .idle_timeout = idle,
                                  .billing = profile.billing,
                                  .risks = profile.risks},
                        .warm = create.warm};
    apply_tags(blueprint.tags, blueprint.terms);
    const auto way = drawn(blueprint.terms, Transition::create);
    std::vector<Deadline> hazards;
    if (blueprint.terms.create_ends_in == Status::running) {
      hazards = hazards_after(way.end, blueprint.terms, draw());
    }
    if (way.at_once) {
      return EventData(ServerProvisioned{std::move(blueprint), std::move(hazards), expires_at});
    }
    return EventData(
        ServerProvisioning{std::move(blueprint), way.end, std::move(hazards), expires_at});
  }

  Ruling operator()(const Start&) const {
    return change<ServerStarting, ServerStarted>(start_rule);
  }
  Ruling operator()(const Stop&) const { return change<ServerStopping, ServerStopped>(stop_rule); }
  Ruling operator()(const Reboot&) const {
    return change<ServerRebooting, ServerRebooted>(reboot_rule);
  }
  Ruling operator()(const Terminate& terminate) const {
    if (terminate.forced_because) {
      return force(*terminate.forced_because);
    }
    return change<ServerTerminating, ServerTerminated>(terminate_rule);
  }
  // Wherever it can end.
  Ruling operator()(const ExtendLease& extension) const {
    if (auto refused = refusal(command_type(command), terminate_rule.from)) {
      return std::move(*refused);
    }
    auto lease =
        lease_ending(expires_at(*state.server), extension.by, now, context.catalogue.lease_max);
    if (auto* too_long = std::get_if<Rejection>(&lease)) {
      return std::move(*too_long);
    }
    return EventData(LeaseExtended{std::get<Instant>(lease)});
  }
  Ruling operator()(const Acquire& acquire) const {
    if (!state.server) {
      return no_such_server(command);
    }
    if (auto refused = refusal_of(acquire, *state.server)) {
      return std::move(*refused);
    }
    ServerAssigned assigned{acquire.name, acquire.tags};
    if (acquire.lease.count() > 0) {
      auto lease = lease_ending(std::nullopt, acquire.lease, now, context.catalogue.lease_max);
      if (auto* too_long = std::get_if<Rejection>(&lease)) {
        return std::move(*too_long);
      }
      assigned.expires_at = std::get<Instant>(lease);
    }
    return EventData(std::move(assigned));
  }
  Ruling operator()(const Release& release) const {
    if (auto refused = refusal_in_pool(release)) {
      return std::move(*refused);
    }
    const auto& server = *state.server;
    const auto from = server.status;
    // What does not run cannot be rebooted: it goes, and the pool fills up.
    if (server.blueprint.warm->on_release == OnRelease::terminate || from != Status::running) {
      return EventData(ServerTerminated{from, TerminationReason::released});
    }
    const auto way = drawn(server.blueprint.terms, Transition::reboot);
    return EventData(ServerReleased{from, way.at_once ? std::nullopt : std::optional(way.end)});
  }
  Ruling operator()(const Retire& retire) const {
    if (auto refused = refusal_in_pool(retire)) {
      return std::move(*refused);
    }
    return EventData(ServerTerminated{state.server->status, TerminationReason::retired});
  }

  // Wherever it can end; and by what the pool's server is.
  template <typename Asked>
  std::optional<Rejection> refusal_in_pool(const Asked& asked) const {
    auto refused = refusal(command_type(command), terminate_rule.from);
    return refused ? refused : refusal_of(asked, *state.server);
  }

  // A transition begins with Begun and a deadline, or, without a delay, is Done at once.
  template <typename Begun, typename Done>
  Ruling change(const Rule& rule) const {
    if (auto refused = refusal(rule)) {
      return std::move(*refused);
    }
    if (rule.transition == Transition::start) {
      if (auto refused = refusal_by_region(state.server->blueprint.instance_type)) {
        return std::move(*refused);
      }
    }
    const auto from = state.server->status;
    const auto way = drawn(state.server->blueprint.terms, rule.transition);
    if (way.at_once) {
      return EventData(with_hazards(Done{from}, way.end));
    }
    return EventData(with_hazards(Begun{from, way.end}, way.end));
  }

  // What leads to RUNNING also stores what befalls the server from then on.
  template <typename Data>
  Data with_hazards(Data data, const End& end) const {
    if constexpr (requires { data.hazards; }) {
      data.hazards = hazards_after(end, state.server->blueprint.terms, draw());
    }
    return data;
  }

  Ruling force(const std::string& because) const {
    if (auto refused = refusal(force_rule)) {
      return std::move(*refused);
    }
    return EventData(ServerTerminated{state.server->status, TerminationReason::forced, because});
  }

  std::optional<Rejection> refusal(const Rule& rule) const {
    return refusal(to_string(rule.transition), rule.from);
  }

  std::optional<Rejection> refusal(std::string_view asked, const States& states) const {
    if (!state.server) {
      return no_such_server(command);
    }
    const auto from = state.server->status;
    if (states[static_cast<std::size_t>(from)]) {
      return std::nullopt;
    }
    const std::string verb(asked);
    return invalid_transition("cannot " + verb + ": the server is " + std::string(to_string(from)) +
                              "; " + verb + " needs " + names_of(states));
  }

  const KnownIncident* incident() const {
    return context.region == nullptr ? nullptr : incident_at(*context.region, now);
  }

  std::optional<Rejection> refusal_by_region(const std::string& type) const {
    const auto* known = incident();
    return known == nullptr ? std::nullopt
                            : vsim::refusal_of(command.region, known->incident, type);
  }

  Way drawn(const Terms& terms, Transition transition) const {
    return way_of(draw(), terms, transition, now, command.region, incident());
  }

  Draw draw() const { return {context.seed, command.server, state.version + 1}; }
};

// Whether the server is no longer what the sender had seen. Its versions from the last change on
// are of outcomes that changed nothing: builds before D39 had them for tags. D50
bool has_moved_on(const State& state, const Command& command) {
  if (!state.server || !command.only_at) {
    return false;
  }
  return std::none_of(command.only_at->begin(), command.only_at->end(), [&](Version seen) {
    return state.last_change.version <= seen && seen <= state.version;
  });
}

// A create that names no account is the default one's, also where its id is somebody else's server.
Origin origin_of(const Command& command) {
  auto origin = command.origin;
  if (std::holds_alternative<Create>(command.action)) {
    origin.account = account_or_default(origin);
  }
  return origin;
}

Outages outages_of(const RegionState* region) {
  return region == nullptr ? Outages() : Outages(region->outages);
}

Region region_of(const State& state, const Region& asked) {
  return state.server ? state.region : asked;
}

// Whether the command is in the name of an account that the server is not of. A create makes a
// server, and is refused for the one that is there, whosever it is.
bool is_of_another(const State& state, const Command& command) {
  return state.server && !command.origin.account.empty() &&
         !std::holds_alternative<Create>(command.action) &&
         state.server->blueprint.account != command.origin.account;
}

// By whose the server is, whether it is in the command's region and still what the sender had seen;
// then by the rule of the action. `before` is the state before what was due.
Ruling rule_on(const State& before, const State& state, const Command& command, Instant at,
               const Context& context) {
  if (is_of_another(state, command)) {  // as if there were none, wherever it is
    return no_such_server(command);
  }
  if (before.server && before.region != command.region) {
    return Rejection{RejectionCode::not_found, "server " + command.server.to_string() + " is in " +
                                                   before.region.name + ", not in " +
                                                   command.region.name};
  }
  if (has_moved_on(state, command)) {
    return Rejection{RejectionCode::precondition_failed,
                     "the server has moved on: its ETag is \"" +
                         std::to_string(state.last_change.version) +
                         "\" now; look at it again before you decide what to do"};
  }
  return std::visit(Decide{.state = state, .command = command, .now = at, .context = context},
                    command.action);
}

}  // namespace

CommandSummary summary_of(const Command& command) {
  return {.region = command.region,
          .server = command.server,
          .cause = cause_of(command),
          .origin = command.origin};
}

Decision<Event> decide(const State& state, const Command& command, Instant now,
                       const Context& context) {
  const auto past = verdict_of_the_past(state.last_command, command);
  if (past) {
    return {{}, *past};
  }

  Recorder recorder(command.server, region_of(state, command.region), state,
                    outages_of(context.region));
  recorder.record_due_before(now);  // D7

  const auto at = std::max(now, recorder.state().at);
  const auto ruling = rule_on(state, recorder.state(), command, at, context);
  const auto origin = origin_of(command);

  if (const auto* rejection = std::get_if<Rejection>(&ruling)) {
    recorder.record(at, CommandRejected{*rejection}, cause_of(command), origin);
    return {recorder.take(), *rejection};
  }
  recorder.record(at, std::get<EventData>(ruling), cause_of(command), origin);
  return {recorder.take(), Succeeded{}};
}

bool needs_address(const State& state, const Command& command, Instant now,
                   const Context& context) {
  if (context.free_ip || !std::holds_alternative<Create>(command.action)) {
    return false;
  }
  const auto decision = decide(state, command, now, context);
  const auto* rejection = std::get_if<Rejection>(&decision.verdict);
  return rejection != nullptr && rejection->code == RejectionCode::no_free_address;
}

std::vector<Event> decide_due(const ServerId& server, const Region& region, const State& state,
                              Instant now, Outages outages) {
  Recorder recorder(server, region_of(state, region), state, outages);
  recorder.record_due(now);
  return recorder.take();
}

std::vector<Event> decide_outcome(const State& state, const CommandSummary& command,
                                  NoChange outcome, Instant now, Outages outages) {
  invariant(command.server && command.region, "an outcome of a server's command names both");
  if (has_outcome(state.last_command, command.cause)) {
    return {};
  }
  Recorder recorder(*command.server, region_of(state, *command.region), state, outages);
  recorder.record_due_before(now);
  recorder.record(now, data_of<EventData>(std::move(outcome)), command.cause, command.origin);
  return recorder.take();
}

}  // namespace vsim
