#pragma once

// Events and commands of the regions: incidents.

#include <string>
#include <string_view>

#include <simdjson.h>
#include <tl/expected.hpp>

#include "domain/region.h"
#include "schema/messages/logged_event.h"
#include "schema/messages/member_names.h"

namespace vsim::messages {

class Fields;
class JsonWriter;

std::string encode(const RegionEvent& event, const RegionState& after);

/// An event on vsim.evt.region.<region>.
LoggedEvent read_region_event(const Fields& fields);

/// {"type":"set_incident",...} or {"type":"lift_incident"}.
std::string encode_region_action(const RegionAction& action);

/// Reads such an action, in range. The error says what is wrong with it.
tl::expected<RegionAction, std::string> read_region_action(const Fields& fields);

/// Reads the content of an incident as it is asked for now: nothing else beside it, each member
/// once. The error says what is wrong with it.
tl::expected<SetIncident, std::string> read_incident(std::string_view json);

/// The members of set_incident, and a sentence about one inside of them that is not known.
Names members_of_set_incident();
std::optional<std::string> find_unknown_inside(const simdjson::dom::object& set_incident);

/// The members "outage", "capacity", "delay_factor", "failure_rate", "until" and "reason", as far
/// as the incident has them.
void write_incident(JsonWriter& json, const Incident& incident);
std::string incident_json(const Incident& incident);  // as an object

}  // namespace vsim::messages
