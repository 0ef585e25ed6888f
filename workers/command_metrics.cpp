#include "workers/command_metrics.h"

#include <type_traits>
#include <variant>

#include "schema/messages/command_codec.h"

namespace vsim::workers {
namespace {

std::string outcome_name(const Verdict& verdict) {
  struct Name {
    std::string operator()(const Succeeded&) const { return "succeeded"; }
    std::string operator()(const Rejection& r) const { return std::string(to_string(r.code)); }
    std::string operator()(const AlreadyDecided&) const { return "already_decided"; }
    std::string operator()(const Stale&) const { return "stale"; }
  };
  return std::visit(Name{}, verdict);
}

telemetry::Counter counter_of(telemetry::Metrics& metrics, std::string_view type,
                              const std::string& outcome) {
  return metrics.counter("vsim_commands_total", "Commands, by their outcome",
                         {{"type", std::string(type)}, {"outcome", outcome}});
}

/// Puts these commands on the page before there is one; what may be refused, and why, is many.
template <typename... Actions>
void show_all(telemetry::Metrics& metrics, std::type_identity<std::variant<Actions...>>) {
  for (const Verdict& verdict : {Verdict(Succeeded{}), Verdict(AlreadyDecided{})}) {
    (counter_of(metrics, command_type(std::variant<Actions...>(Actions{})), outcome_name(verdict)),
     ...);
  }
}

}  // namespace

CommandMetrics::CommandMetrics(telemetry::Metrics& metrics)
    : metrics_(metrics),
      group_size_(metrics.histogram("vsim_command_group_size", "Commands decided together", {},
                                    {1, 2, 4, 8, 16, 32, 64, 128, 256})),
      group_seconds_(metrics.histogram("vsim_command_group_seconds",
                                       "Seconds from the first look at a group to its acks", {},
                                       telemetry::latency_bounds_seconds())),
      redeliveries_(
          metrics.counter("vsim_command_redeliveries_total", "Commands delivered more than once")) {
  show_all(metrics, std::type_identity<Action>());
  show_all(metrics, std::type_identity<RegionAction>());
  show_all(metrics, std::type_identity<ClockAction>());
  show_all(metrics, std::type_identity<FaultsAction>());
  show_all(metrics, std::type_identity<WarmPoolAction>());
}

void CommandMetrics::count_outcome(const messages::DecodedCommand& command,
                                   const Verdict& verdict) {
  const std::pair key(std::string(type_of(command)), outcome_name(verdict));
  auto found = outcomes_.find(key);
  if (found == outcomes_.end()) {
    found = outcomes_.emplace(key, counter_of(metrics_, key.first, key.second)).first;
  }
  found->second.add();
}

std::string_view type_of(const messages::DecodedCommand& command) {
  struct Type {
    std::string_view operator()(const Command& decoded) const {
      return command_type(decoded.action);
    }
    std::string_view operator()(const ExtendPool&) const { return "extend_pool"; }
    std::string_view operator()(const RegionCommand& decoded) const {
      return command_type(decoded.action);
    }
    std::string_view operator()(const ClockCommand& decoded) const {
      return command_type(decoded.action);
    }
    std::string_view operator()(const FaultsCommand& decoded) const {
      return command_type(decoded.action);
    }
    std::string_view operator()(const WarmPoolCommand& decoded) const {
      return command_type(decoded.action);
    }
  };
  return std::visit(Type{}, command.command);
}

}  // namespace vsim::workers
