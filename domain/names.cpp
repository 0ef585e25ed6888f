// The names of the domain's words, each in one table.

#include <array>

#include "domain/pool.h"
#include "domain/server.h"
#include "domain/sim_clock.h"

namespace vsim {
namespace {

constexpr std::array<std::string_view, status_count> status_names = {
    "PENDING", "RUNNING", "STOPPING", "STOPPED", "REBOOTING", "TERMINATING", "TERMINATED"};

constexpr std::array<std::string_view, 7> rejection_names = {
    "invalid_transition", "no_free_address", "not_found",          "unknown_region",
    "unknown_type",       "unknown_profile", "precondition_failed"};

constexpr std::array<std::string_view, 4> outcome_names = {"SUCCEEDED", "REJECTED", "PURGED",
                                                           "DEAD_LETTERED"};

constexpr std::array<std::string_view, 3> reason_names = {"user", "idle_timeout", "forced"};

constexpr std::array<std::string_view, transition_count> transition_names = {
    "create", "start", "stop", "reboot", "terminate"};

constexpr std::array<std::string_view, 10> event_names = {
    "server_provisioning", "server_provisioned", "server_starting",  "server_started",
    "server_stopping",     "server_stopped",     "server_rebooting", "server_rebooted",
    "server_terminating",  "server_terminated"};
constexpr std::array<std::string_view, 1> pool_event_names = {"pool_extended"};
constexpr std::array<std::string_view, 4> clock_event_names = {"clock_started", "clock_advanced",
                                                               "clock_scaled", "deadlines_applied"};

constexpr std::array<std::string_view, std::variant_size_v<Action>> action_names = {
    "create", "start", "stop", "reboot", "terminate"};
constexpr std::array<std::string_view, std::variant_size_v<ClockAction>> clock_action_names = {
    "advance", "scale"};

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Status status) { return status_names[static_cast<std::size_t>(status)]; }
std::string_view to_string(RejectionCode code) {
  return rejection_names[static_cast<std::size_t>(code)];
}
std::string_view to_string(OutcomeKind kind) {
  return outcome_names[static_cast<std::size_t>(kind)];
}
std::string_view to_string(TerminationReason reason) {
  return reason_names[static_cast<std::size_t>(reason)];
}
std::string_view to_string(Transition transition) {
  return transition_names[static_cast<std::size_t>(transition)];
}
std::string_view event_type(const EventData& data) { return event_name(event_names, data); }
std::string_view event_type(const PoolEventData& data) {
  return event_name(pool_event_names, data);
}
std::string_view event_type(const ClockEventData& data) {
  return event_name(clock_event_names, data);
}
std::string_view command_type(const Action& action) { return action_names[action.index()]; }
std::string_view command_type(const ClockAction& action) {
  return clock_action_names[action.index()];
}
std::string_view command_type(const Command& command) { return command_type(command.action); }
std::string_view command_type(const ExtendPool&) { return "extend_pool"; }
std::string_view command_type(const ClockCommand& command) { return command_type(command.action); }

std::optional<Status> status_from(std::string_view name) {
  return find<Status>(status_names, name);
}
std::optional<RejectionCode> rejection_code_from(std::string_view name) {
  return find<RejectionCode>(rejection_names, name);
}
std::optional<OutcomeKind> outcome_kind_from(std::string_view name) {
  return find<OutcomeKind>(outcome_names, name);
}
std::optional<TerminationReason> termination_reason_from(std::string_view name) {
  return find<TerminationReason>(reason_names, name);
}

}  // namespace vsim
