#pragma once

// The region aggregate: what goes wrong in a region as a whole, as operators ask for it. Pure, like
// server.h, and in the same order. What it does to servers their own decisions say. D92

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/catalogue.h"
#include "domain/command.h"
#include "domain/fact.h"

namespace vsim {

/// What an outage does to the servers that run.
enum class OutageEffect : std::uint8_t { untouched, impaired, stopped };

/// What goes wrong, at least one thing.
struct Incident {
  std::optional<OutageEffect> outage = {};  // creates and starts are refused; and that
  std::vector<std::string> types_out = {};  // no capacity for servers of these types
  double delay_factor = 1;                  // delays that are drawn meanwhile take so much longer
  double failure_rate = 0;                  // so many creates, starts and reboots fail
  std::optional<Instant> until = {};        // none: until it is lifted
  std::string reason = {};                  // for people; may be empty
  bool operator==(const Incident&) const = default;
};

inline constexpr double delay_factor_max = 1000;
inline constexpr std::size_t types_out_max = 100;
inline constexpr std::size_t incident_reason_characters_max = 500;                  // in one line
inline constexpr Duration incident_length_max = std::chrono::seconds(315'576'000);  // 10 years
/// RFC 3339 ends with the year 9999, of which a thousand years are left for deadlines.
inline constexpr Instant incident_end = std::chrono::sys_days(std::chrono::year(9000) / 1 / 1);

// ---------------------------------------------------------------------------------------------
// Commands.

/// Takes the place of the incident that there is, which then has ended.
struct SetIncident {
  Incident incident;
  std::optional<Duration> lasting = {};  // instead of `until`: from the decision on
  bool operator==(const SetIncident&) const = default;
};
struct LiftIncident {
  bool operator==(const LiftIncident&) const = default;
};
using RegionAction = std::variant<SetIncident, LiftIncident>;

struct RegionCommand : CommandHead {
  Region region;
  RegionAction action;
};

/// What is wrong with an action, as a sentence that says what to change; nothing when all is well.
std::optional<std::string> out_of_range(const RegionAction& action);

// ---------------------------------------------------------------------------------------------
// Events.

struct IncidentSet {
  Incident incident;
  bool operator==(const IncidentSet&) const = default;
};
struct IncidentLifted {
  bool operator==(const IncidentLifted&) const = default;
};
/// The timekeeper's: `until` has come.
struct IncidentEnded {
  bool operator==(const IncidentEnded&) const = default;
};
using RegionEventData = EventDataOf<IncidentSet, IncidentLifted, IncidentEnded>;

struct RegionEvent : Fact<RegionEventData> {
  Region region;
  bool operator==(const RegionEvent&) const = default;
};

// ---------------------------------------------------------------------------------------------
// State.

struct KnownIncident {
  Version number = 0;  // of its event: what an incident of the region is known by
  Instant began;
  Incident incident;
  bool operator==(const KnownIncident&) const = default;
};

/// A stretch of time in which an outage touches the servers that run: from its begin on, up to and
/// without its end.
struct Outage {
  Version incident = 0;
  Instant from;
  std::optional<Instant> to;  // none: it is not known yet
  OutageEffect effect = OutageEffect::stopped;
  bool operator==(const Outage&) const = default;
};

/// Outages that a region knows: the newest, the one that lasts among them. Servers that were not
/// looked at since go by those that are over.
inline constexpr std::size_t outages_max = 32;

struct RegionState {
  Version version = 0;
  Instant at{};                           // of the last event
  std::optional<KnownIncident> incident;  // the last one that was set, while no event ends it
  std::vector<Outage> outages;            // in the order of time
  std::optional<LastCommand> last_command;
  bool operator==(const RegionState&) const = default;
};

/// The incident that a decision at that moment is under; null where there is none. It lives in the
/// state. From its event on, whatever the clock of who decides says; not from `until` on, though
/// no event may have said so yet.
const KnownIncident* incident_at(const RegionState& state, Instant now);

/// When the incident ends by itself; nothing where none does.
std::optional<Instant> due_of(const RegionState& state);

// What it does to the decisions on its servers.

/// Why a server of that type is not created or started; nothing where it is.
std::optional<Rejection> refusal_of(const Region& region, const Incident& incident,
                                    const std::string& type);
Duration slowed(Duration delay, const Incident& incident);
Course course_failed_by(const Region& region, const Incident& incident);

// ---------------------------------------------------------------------------------------------
// The functions.

/// Of the deadlines up to `applied_through` all is in the log, so outages that were over by then
/// may be forgotten.
Decision<RegionEvent> decide(const RegionState& state, const RegionCommand& command, Instant now,
                             const Catalogue& catalogue, Instant applied_through);

/// The end of an incident whose `until` has come: the timekeeper's decision.
std::optional<RegionEvent> decide_due(const Region& region, const RegionState& state, Instant now);

/// An outcome that others than the region give, under the rules of a server's.
std::optional<RegionEvent> decide_outcome(const RegionState& state, const CommandSummary& command,
                                          NoChange outcome, Instant now);

/// The region after the event.
RegionState evolve(RegionState state, const RegionEvent& event);

std::string_view to_string(OutageEffect effect);  // "stopped"
std::optional<OutageEffect> outage_effect_from(std::string_view name);
std::string_view event_type(const RegionEventData& data);   // "incident_set"
std::string_view command_type(const RegionAction& action);  // "set_incident"
std::string_view command_type(const RegionCommand& command);
/// Whether a command of that type is a region's: a summary has no more to tell by.
bool is_region_command(std::string_view type);
CommandSummary summary_of(const RegionCommand& command);

}  // namespace vsim
