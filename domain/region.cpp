#include "domain/region.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "domain/invariant.h"

namespace vsim {
namespace {

// Where an incident makes delays longer: beyond it RFC 3339 may end before they do.
constexpr Duration slowed_delay_max = std::chrono::years(100);

bool has_no_effect(const Incident& incident) {
  return !incident.outage && incident.types_out.empty() && incident.delay_factor == 1 &&
         incident.failure_rate == 0;
}

struct RegionOutOfRange {
  std::optional<std::string> operator()(const SetIncident& set) const {
    const auto& incident = set.incident;
    if (!(incident.delay_factor > 0 && incident.delay_factor <= delay_factor_max)) {
      return "\"delay_factor\" must be above 0 and at most 1000";
    }
    if (!(incident.failure_rate >= 0 && incident.failure_rate <= 1)) {
      return "\"failure_rate\" must be 0 to 1, the share that fails";
    }
    if (incident.types_out.size() > types_out_max) {
      return "\"types\" must name 1 to 100 instance types";
    }
    if (incident.until && set.lasting) {
      return "give either \"until\" or \"for_seconds\", and not both";
    }
    if (set.lasting && (set.lasting->count() <= 0 || *set.lasting > incident_length_max)) {
      return "\"for_seconds\" must be above 0 and at most 315576000 (10 years)";
    }
    if (incident.until && *incident.until > incident_end) {
      return "\"until\" must not be after the year 8999; without it the incident lasts until it is "
             "lifted";
    }
    if (has_no_effect(incident)) {
      return "nothing goes wrong by this incident: give \"outage\", \"capacity\", a "
             "\"delay_factor\" other than 1 or a \"failure_rate\" above 0";
    }
    return std::nullopt;
  }
  std::optional<std::string> operator()(const LiftIncident&) const { return std::nullopt; }
};

RegionEvent next_event(const Region& region, const RegionState& state, RegionEventData data,
                       Instant now) {
  return {{.version = state.version + 1,
           .at = std::max(now, state.at),
           .cause = std::nullopt,
           .origin = {"timekeeper", {}},
           .data = std::move(data)},
          region};
}

RegionEvent next_event(const RegionState& state, const CommandSummary& command,
                       RegionEventData data, Instant now) {
  invariant(command.region.has_value(), "a region's command names it");
  auto event = next_event(*command.region, state, std::move(data), now);
  event.cause = command.cause;
  event.origin = command.origin;
  return event;
}

// What a command comes to: the event that carries it out, or why it is not carried out.
using RegionRuling = std::variant<RegionEventData, Rejection>;

struct DecideForRegion {
  const RegionState& state;
  const Region& region;
  Instant now;
  const Catalogue& catalogue;
  Instant applied_through;

  RegionRuling operator()(const SetIncident& set) const {
    auto incident = set.incident;
    if (set.lasting) {
      incident.until = now + *set.lasting;
    }
    if (incident.until && *incident.until <= now) {
      return Rejection{RejectionCode::invalid_transition,
                       "\"until\" has come already; give a later time, or leave it out"};
    }
    for (const auto& type : incident.types_out) {
      if (!catalogue.instance_types.contains(type)) {
        return Rejection{RejectionCode::unknown_type,
                         "there is no instance type " + type + "; GET /types lists them"};
      }
    }
    const bool has_effect = incident.outage && *incident.outage != OutageEffect::untouched;
    if (has_effect && !has_room()) {
      return Rejection{RejectionCode::invalid_transition,
                       "the last " + std::to_string(outages_max) + " outages of " + region.name +
                           " have not all been applied to its servers yet; try again when "
                           "deadlines_applied of GET /clock has passed their ends"};
    }
    return RegionEventData(IncidentSet{std::move(incident)});
  }

  RegionRuling operator()(const LiftIncident&) const {
    if (incident_at(state, now) == nullptr) {
      return Rejection{RejectionCode::not_found, "there is no incident in " + region.name};
    }
    return RegionEventData(IncidentLifted{});
  }

  bool has_room() const {
    if (state.outages.size() < outages_max) {
      return true;
    }
    const auto& oldest = state.outages.front();
    return oldest.to && *oldest.to < applied_through;
  }
};

// An outage that lasts ends with its incident.
void end_outage(RegionState& state, Instant at) {
  if (!state.incident || state.outages.empty() ||
      state.outages.back().incident != state.incident->number) {
    return;
  }
  auto& to = state.outages.back().to;
  to = to ? std::min(*to, at) : at;
}

struct ApplyToRegion {
  RegionState& state;
  Instant at;

  void operator()(const IncidentSet& event) const {
    end_outage(state, at);
    state.incident = KnownIncident{state.version, at, event.incident};
    if (!event.incident.outage || *event.incident.outage == OutageEffect::untouched) {
      return;
    }
    if (state.outages.size() >= outages_max) {
      state.outages.erase(state.outages.begin());
    }
    state.outages.push_back({.incident = state.version,
                             .from = at,
                             .to = event.incident.until,
                             .effect = *event.incident.outage});
  }
  void operator()(const IncidentLifted&) const {
    end_outage(state, at);
    state.incident.reset();
  }
  void operator()(const IncidentEnded&) const {
    end_outage(state, at);
    state.incident.reset();
  }
  void operator()(const CommandRejected&) const {}
  void operator()(const CommandPurged&) const {}
  void operator()(const CommandDeadLettered&) const {}
};

}  // namespace

std::optional<std::string> out_of_range(const RegionAction& action) {
  return std::visit(RegionOutOfRange{}, action);
}

CommandSummary summary_of(const RegionCommand& command) {
  return {.region = command.region,
          .server = std::nullopt,
          .cause = cause_of(command),
          .origin = command.origin};
}

const KnownIncident* incident_at(const RegionState& state, Instant now) {
  const auto until = due_of(state);
  return state.incident && (!until || now < *until) ? &*state.incident : nullptr;
}

std::optional<Instant> due_of(const RegionState& state) {
  return state.incident ? state.incident->incident.until : std::nullopt;
}

std::optional<Rejection> refusal_of(const Region& region, const Incident& incident,
                                    const std::string& type) {
  const auto& out = incident.types_out;
  const auto because = incident.reason.empty() ? "" : " (" + incident.reason + ")";
  if (incident.outage) {
    return Rejection{RejectionCode::region_unavailable,
                     region.name + " has an outage" + because +
                         "; try again when it is over, or in another region"};
  }
  if (std::find(out.begin(), out.end(), type) != out.end()) {
    return Rejection{RejectionCode::insufficient_capacity,
                     region.name + " has no capacity for " + type + because +
                         "; try again later, with another type or in another region"};
  }
  return std::nullopt;
}

Duration slowed(Duration delay, const Incident& incident) {
  const auto length = static_cast<double>(delay.count()) * incident.delay_factor;
  const auto longest = static_cast<double>(std::max(delay, slowed_delay_max).count());
  return Duration(std::llround(std::min(length, longest)));
}

Course course_failed_by(const Region& region, const Incident& incident) {
  return {.delay = {},
          .ending = Ending::failed,
          .code = "region_incident",
          .detail = incident.reason.empty() ? region.name + " has an incident" : incident.reason};
}

Decision<RegionEvent> decide(const RegionState& state, const RegionCommand& command, Instant now,
                             const Catalogue& catalogue, Instant applied_through) {
  if (auto past = verdict_of_the_past(state.last_command, command)) {
    return {{}, std::move(*past)};
  }
  const auto summary = summary_of(command);
  const auto at = std::max(now, state.at);
  RegionRuling ruling =
      Rejection{RejectionCode::unknown_region,
                "there is no region " + command.region.name + "; GET /regions lists them"};
  if (catalogue.regions.contains(command.region)) {
    ruling = std::visit(DecideForRegion{state, command.region, at, catalogue, applied_through},
                        command.action);
  }
  if (const auto* rejection = std::get_if<Rejection>(&ruling)) {
    return {{next_event(state, summary, CommandRejected{*rejection}, at)}, *rejection};
  }
  return {{next_event(state, summary, std::get<RegionEventData>(std::move(ruling)), at)},
          Succeeded{}};
}

std::optional<RegionEvent> decide_due(const Region& region, const RegionState& state, Instant now) {
  const auto until = due_of(state);
  if (!until || *until > now) {
    return std::nullopt;
  }
  return next_event(region, state, IncidentEnded{}, *until);
}

std::optional<RegionEvent> decide_outcome(const RegionState& state, const CommandSummary& command,
                                          NoChange outcome, Instant now) {
  if (has_outcome(state.last_command, command.cause)) {
    return std::nullopt;
  }
  return next_event(state, command, data_of<RegionEventData>(std::move(outcome)), now);
}

RegionState evolve(RegionState state, const RegionEvent& event) {
  state.version = event.version;
  state.at = event.at;
  record_command(state.last_command, event);
  std::visit(ApplyToRegion{state, event.at}, event.data);
  return state;
}

}  // namespace vsim
