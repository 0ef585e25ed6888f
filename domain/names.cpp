// The names of the domain's words, each in one place.

#include <algorithm>
#include <array>

#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/region.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"

namespace vsim {
namespace {

// Enums: by a switch, which does not compile until it names each of their values.

constexpr std::string_view name_of(Status value) {
  switch (value) {
    case Status::pending:
      return "PENDING";
    case Status::running:
      return "RUNNING";
    case Status::stopping:
      return "STOPPING";
    case Status::stopped:
      return "STOPPED";
    case Status::rebooting:
      return "REBOOTING";
    case Status::terminating:
      return "TERMINATING";
    case Status::terminated:
      return "TERMINATED";
    case Status::failed:
      return "FAILED";
  }
  return {};
}

constexpr std::string_view name_of(Transition value) {
  switch (value) {
    case Transition::create:
      return "create";
    case Transition::start:
      return "start";
    case Transition::stop:
      return "stop";
    case Transition::reboot:
      return "reboot";
    case Transition::terminate:
      return "terminate";
  }
  return {};
}

constexpr std::string_view name_of(RejectionCode value) {
  switch (value) {
    case RejectionCode::invalid_transition:
      return "invalid_transition";
    case RejectionCode::no_free_address:
      return "no_free_address";
    case RejectionCode::not_found:
      return "not_found";
    case RejectionCode::unknown_region:
      return "unknown_region";
    case RejectionCode::unknown_type:
      return "unknown_type";
    case RejectionCode::unknown_profile:
      return "unknown_profile";
    case RejectionCode::precondition_failed:
      return "precondition_failed";
    case RejectionCode::lease_too_long:
      return "lease_too_long";
    case RejectionCode::region_unavailable:
      return "region_unavailable";
    case RejectionCode::insufficient_capacity:
      return "insufficient_capacity";
    case RejectionCode::not_ready:
      return "not_ready";
    case RejectionCode::not_assigned:
      return "not_assigned";
  }
  return {};
}

constexpr std::string_view name_of(OutcomeKind value) {
  switch (value) {
    case OutcomeKind::succeeded:
      return "SUCCEEDED";
    case OutcomeKind::rejected:
      return "REJECTED";
    case OutcomeKind::purged:
      return "PURGED";
    case OutcomeKind::dead_lettered:
      return "DEAD_LETTERED";
  }
  return {};
}

constexpr std::string_view name_of(TerminationReason value) {
  switch (value) {
    case TerminationReason::user:
      return "user";
    case TerminationReason::idle_timeout:
      return "idle_timeout";
    case TerminationReason::forced:
      return "forced";
    case TerminationReason::launch_failure:
      return "launch_failure";
    case TerminationReason::interruption:
      return "interruption";
    case TerminationReason::lease_expired:
      return "lease_expired";
    case TerminationReason::released:
      return "released";
    case TerminationReason::retired:
      return "retired";
  }
  return {};
}

constexpr std::string_view name_of(OnRelease value) {
  switch (value) {
    case OnRelease::terminate:
      return "terminate";
    case OnRelease::reset:
      return "reset";
  }
  return {};
}

constexpr std::string_view name_of(Ending value) {
  switch (value) {
    case Ending::usual:
      return "usual";
    case Ending::failed:
      return "FAILED";
    case Ending::terminated:
      return "TERMINATED";
    case Ending::stuck:
      return "stuck";
  }
  return {};
}

constexpr std::string_view name_of(Hazard value) {
  switch (value) {
    case Hazard::host_failure:
      return "host_failure";
    case Hazard::impairment:
      return "impairment";
    case Hazard::interruption:
      return "interruption";
  }
  return {};
}

constexpr std::string_view name_of(Turn value) {
  switch (value) {
    case Turn::transition:
      return "transition";
    case Turn::idle_timeout:
      return "idle_timeout";
    case Turn::host_failure:
      return "host_failure";
    case Turn::impairment:
      return "impairment";
    case Turn::recovery:
      return "recovery";
    case Turn::interruption_notice:
      return "interruption_notice";
    case Turn::interruption:
      return "interruption";
    case Turn::lease_end:
      return "lease_end";
  }
  return {};
}

constexpr std::string_view name_of(OutageEffect value) {
  switch (value) {
    case OutageEffect::untouched:
      return "untouched";
    case OutageEffect::impaired:
      return "impaired";
    case OutageEffect::stopped:
      return "stopped";
  }
  return {};
}

constexpr std::string_view name_of(Health value) {
  switch (value) {
    case Health::ok:
      return "ok";
    case Health::impaired:
      return "impaired";
  }
  return {};
}

/// How many values have a name; they count from 0.
template <typename Enum>
constexpr std::size_t count_names() {
  std::size_t count = 0;
  while (!name_of(static_cast<Enum>(count)).empty()) {
    ++count;
  }
  return count;
}
static_assert(count_names<Status>() == status_count);
static_assert(count_names<Transition>() == transition_count);
static_assert(count_names<Hazard>() == hazard_count);

template <typename Enum>
std::optional<Enum> find(std::string_view name) {
  constexpr std::size_t count = count_names<Enum>();
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<Enum>(i);
    if (name_of(value) == name) {
      return value;
    }
  }
  return std::nullopt;
}

// Variants: by a table in their order. An array fills up what is left out with empty names.

template <std::size_t N>
constexpr bool all_named(const std::array<std::string_view, N>& names) {
  return std::none_of(names.begin(), names.end(), [](auto name) { return name.empty(); });
}

template <typename Data>
constexpr std::size_t own_events = std::variant_size_v<Data> - no_change_names.size();

constexpr std::array<std::string_view, own_events<EventData>> event_names = {
    "server_provisioning", "server_provisioned",
    "server_starting",     "server_started",
    "server_stopping",     "server_stopped",
    "server_rebooting",    "server_rebooted",
    "server_terminating",  "server_terminated",
    "server_failed",       "server_impaired",
    "server_recovered",    "server_interruption_noticed",
    "lease_extended",      "server_assigned",
    "server_released"};
constexpr std::array<std::string_view, own_events<PoolEventData>> pool_event_names = {
    "pool_extended"};
constexpr std::array<std::string_view, own_events<RegionEventData>> region_event_names = {
    "incident_set", "incident_lifted", "incident_ended"};
constexpr std::array<std::string_view, own_events<WarmPoolEventData>> warm_pool_event_names = {
    "warm_pool_set", "warm_pool_draining"};
constexpr std::array<std::string_view, own_events<ClockEventData>> clock_event_names = {
    "clock_started", "clock_advanced", "clock_scaled", "deadlines_applied"};
constexpr std::array<std::string_view, own_events<FaultsEventData>> faults_event_names = {
    "faults_set", "faults_lifted"};
static_assert(all_named(event_names) && all_named(pool_event_names) &&
              all_named(clock_event_names) && all_named(faults_event_names) &&
              all_named(region_event_names) && all_named(warm_pool_event_names) &&
              all_named(no_change_names));

constexpr std::array<std::string_view, std::variant_size_v<Action>> action_names = {
    "create",       "start",   "stop",    "reboot", "terminate",
    "extend_lease", "acquire", "release", "retire"};
constexpr std::array<std::string_view, std::variant_size_v<ClockAction>> clock_action_names = {
    "advance", "scale"};
constexpr std::array<std::string_view, std::variant_size_v<FaultsAction>> faults_action_names = {
    "set_faults", "lift_faults"};
constexpr std::array<std::string_view, std::variant_size_v<RegionAction>> region_action_names = {
    "set_incident", "lift_incident"};
constexpr std::array<std::string_view, std::variant_size_v<WarmPoolAction>> warm_pool_action_names =
    {"set_warm_pool", "drain_warm_pool"};
static_assert(all_named(action_names) && all_named(clock_action_names) &&
              all_named(faults_action_names) && all_named(region_action_names) &&
              all_named(warm_pool_action_names));

}  // namespace

std::string_view to_string(Status status) { return name_of(status); }
std::string_view to_string(RejectionCode code) { return name_of(code); }
std::string_view to_string(OutcomeKind kind) { return name_of(kind); }
std::string_view to_string(TerminationReason reason) { return name_of(reason); }
std::string_view to_string(Transition transition) { return name_of(transition); }
std::string_view to_string(OnRelease way) { return name_of(way); }
std::string_view to_string(Ending ending) { return name_of(ending); }
std::string_view to_string(Hazard hazard) { return name_of(hazard); }
std::string_view to_string(Turn turn) { return name_of(turn); }
std::string_view to_string(Health health) { return name_of(health); }
std::string_view to_string(OutageEffect effect) { return name_of(effect); }
std::string_view event_type(const EventData& data) { return event_name(event_names, data); }
std::string_view event_type(const PoolEventData& data) {
  return event_name(pool_event_names, data);
}
std::string_view event_type(const RegionEventData& data) {
  return event_name(region_event_names, data);
}
std::string_view event_type(const WarmPoolEventData& data) {
  return event_name(warm_pool_event_names, data);
}
std::string_view event_type(const ClockEventData& data) {
  return event_name(clock_event_names, data);
}
std::string_view event_type(const FaultsEventData& data) {
  return event_name(faults_event_names, data);
}
std::string_view command_type(const Action& action) { return action_names[action.index()]; }
std::string_view command_type(const ClockAction& action) {
  return clock_action_names[action.index()];
}
std::string_view command_type(const FaultsAction& action) {
  return faults_action_names[action.index()];
}
std::string_view command_type(const RegionAction& action) {
  return region_action_names[action.index()];
}
std::string_view command_type(const RegionCommand& command) { return command_type(command.action); }
bool is_region_command(std::string_view type) {
  return std::find(region_action_names.begin(), region_action_names.end(), type) !=
         region_action_names.end();
}
std::string_view command_type(const WarmPoolAction& action) {
  return warm_pool_action_names[action.index()];
}
std::string_view command_type(const WarmPoolCommand& command) {
  return command_type(command.action);
}
std::string_view command_type(const Command& command) { return command_type(command.action); }
std::string_view command_type(const ExtendPool&) { return "extend_pool"; }
std::string_view command_type(const ClockCommand& command) { return command_type(command.action); }
std::string_view command_type(const FaultsCommand& command) { return command_type(command.action); }

bool is_faults_command(std::string_view type) {
  return std::find(faults_action_names.begin(), faults_action_names.end(), type) !=
         faults_action_names.end();
}

std::optional<Status> status_from(std::string_view name) { return find<Status>(name); }
std::optional<RejectionCode> rejection_code_from(std::string_view name) {
  return find<RejectionCode>(name);
}
std::optional<OutcomeKind> outcome_kind_from(std::string_view name) {
  return find<OutcomeKind>(name);
}
std::optional<TerminationReason> termination_reason_from(std::string_view name) {
  return find<TerminationReason>(name);
}
std::optional<OnRelease> on_release_from(std::string_view name) { return find<OnRelease>(name); }
std::optional<Ending> ending_from(std::string_view name) { return find<Ending>(name); }
std::optional<Turn> turn_from(std::string_view name) { return find<Turn>(name); }
std::optional<OutageEffect> outage_effect_from(std::string_view name) {
  return find<OutageEffect>(name);
}
std::optional<Health> health_from(std::string_view name) { return find<Health>(name); }

}  // namespace vsim
