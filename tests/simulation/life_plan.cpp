#include "tests/simulation/life_plan.h"

#include <algorithm>
#include <variant>

namespace vsim::simulation {
namespace {

bool runs_on(Status status) {
  return status == Status::pending || status == Status::running || status == Status::rebooting;
}

bool is_ending(Status status) {
  return status == Status::terminating || status == Status::terminated;
}

}  // namespace

void LifePlan::read(const Event& event, Status to, Duration idle_timeout, StreamSequence place) {
  if (const auto* impaired = std::get_if<ServerImpaired>(&event.data)) {
    if (!impaired->incident) {
      planned_.erase(Turn::impairment);
    }
    return;
  }
  if (const auto* recovered = std::get_if<ServerRecovered>(&event.data)) {
    if (!recovered->incident) {
      planned_.erase(Turn::recovery);
    }
    return;
  }
  if (std::holds_alternative<ServerInterruptionNoticed>(event.data)) {
    planned_.erase(Turn::interruption_notice);
    return;
  }
  if (const auto* extended = std::get_if<LeaseExtended>(&event.data)) {
    planned_[Turn::lease_end] = {extended->expires_at, place};
    return;
  }
  if (const auto* assigned = std::get_if<ServerAssigned>(&event.data)) {
    if (assigned->expires_at) {
      planned_[Turn::lease_end] = {*assigned->expires_at, place};
    }
    return;
  }
  if (const auto* released = std::get_if<ServerReleased>(&event.data)) {
    planned_.erase(Turn::lease_end);
    if (!released->end) {
      return;
    }
  }
  if (!runs_on(to)) {
    end_running_life(to);
  }
  planned_.erase(Turn::transition);
  planned_.erase(Turn::idle_timeout);
  std::visit(
      [&](const auto& data) {
        if constexpr (requires { data.end.due; }) {
          if (data.end.due) {
            planned_[Turn::transition] = {*data.end.due, place};
          }
        } else if constexpr (requires { data.end; }) {  // that of a release may be none
          if (data.end && data.end->due) {
            planned_[Turn::transition] = {*data.end->due, place};
          }
        }
        if constexpr (requires { data.hazards; }) {
          add(data.hazards, place);
        }
        if constexpr (requires { data.blueprint; }) {
          if (data.expires_at) {
            planned_[Turn::lease_end] = {*data.expires_at, place};
          }
        }
      },
      event.data);
  if (to == Status::stopped && idle_timeout > Duration(0)) {
    planned_[Turn::idle_timeout] = {event.at + idle_timeout, place};
  }
}

// A lease alone goes on, until the server ends.
void LifePlan::end_running_life(Status to) {
  std::erase_if(planned_, [&](const auto& planned) {
    return planned.first != Turn::lease_end || is_ending(to);
  });
}

void LifePlan::add(const std::vector<Deadline>& hazards, StreamSequence place) {
  for (const auto& hazard : hazards) {
    planned_[hazard.turn] = {hazard.due, place};
  }
}

std::optional<LifePlan::Next> LifePlan::next() const {
  const auto first = std::min_element(
      planned_.begin(), planned_.end(),
      [](const auto& one, const auto& other) { return one.second.due < other.second.due; });
  return first == planned_.end() ? std::nullopt
                                 : std::optional(Next{first->second.due, first->first});
}

std::optional<Instant> LifePlan::expires_at() const {
  const auto end = planned_.find(Turn::lease_end);
  return end == planned_.end() ? std::nullopt : std::optional(end->second.due);
}

std::optional<Instant> LifePlan::due() const {
  const auto first = next();
  return first ? std::optional(first->due) : std::nullopt;
}

StreamSequence LifePlan::since() const {
  const auto first = next();
  return first ? planned_.at(first->turn).since : 0;
}

}  // namespace vsim::simulation
