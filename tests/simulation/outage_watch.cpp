#include "tests/simulation/outage_watch.h"

#include <algorithm>

namespace vsim::simulation {

void OutageWatch::end(const Region& region, Instant at, StreamSequence place,
                      StreamSequence commands_end) {
  open_.erase(region);
  auto& windows = windows_[region];
  if (windows.empty() || (windows.back().to && *windows.back().to <= at)) {
    return;
  }
  windows.back().to = at;
  windows.back().place = place;
  windows.back().commands_end = commands_end;
}

void OutageWatch::read(const RegionEvent& event, StreamSequence place,
                       StreamSequence commands_end) {
  if (is_no_change(event.data)) {
    return;
  }
  end(event.region, event.at, place, commands_end);
  const auto* set = std::get_if<IncidentSet>(&event.data);
  if (set == nullptr) {
    return;
  }
  const auto& incident = set->incident;
  open_[event.region] = {incident, commands_end};
  if (incident.outage && *incident.outage != OutageEffect::untouched) {
    windows_[event.region].push_back(
        {event.version, event.at, incident.until, *incident.outage, place, commands_end});
  }
}

std::optional<OutageWatch::Touch> OutageWatch::next(const Region& region, Status status,
                                                    std::optional<Version> impaired_by,
                                                    Instant at) const {
  std::optional<Touch> first;
  const auto offer = [&](Touch touch) {
    if (!first || touch.due < first->due) {
      first = touch;
    }
  };
  const auto found = windows_.find(region);
  if (found == windows_.end()) {
    return std::nullopt;
  }
  for (const auto& window : found->second) {
    if (impaired_by == window.incident && window.to) {
      offer({.due = std::max(*window.to, at),
             .incident = window.incident,
             .since = window.place,
             .commands_end = window.commands_end});
    }
  }
  for (const auto& window : found->second) {
    const auto due = std::max(window.from, at);
    const bool meets = status == Status::running && (!window.to || due < *window.to);
    if (meets && (window.effect == OutageEffect::stopped || !impaired_by)) {
      offer({.due = due,
             .stops = window.effect == OutageEffect::stopped,
             .impairs = window.effect == OutageEffect::impaired,
             .incident = window.incident,
             .since = window.place,
             .commands_end = window.commands_end});
    }
  }
  return first;
}

std::optional<std::string> OutageWatch::refusal(const Region& region, const std::string& type,
                                                Instant at, StreamSequence command) const {
  const auto open = open_.find(region);
  if (open == open_.end() || command <= open->second.commands_end) {
    return std::nullopt;
  }
  const auto& incident = open->second.incident;
  if (incident.until && *incident.until <= at) {
    return std::nullopt;
  }
  if (incident.outage) {
    return "a server was created or started in an outage";
  }
  const auto& out = incident.types_out;
  if (std::find(out.begin(), out.end(), type) != out.end()) {
    return "a server was created or started of a type that was out";
  }
  return std::nullopt;
}

}  // namespace vsim::simulation
