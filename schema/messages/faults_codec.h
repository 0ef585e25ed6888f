#pragma once

// Events and commands of the door's faults.

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "domain/door_faults.h"
#include "schema/messages/logged_event.h"

namespace vsim::messages {

class Fields;

std::string encode(const FaultsEvent& event, const DoorFaults& after);

/// An event on vsim.evt.faults.
LoggedEvent read_faults_event(const Fields& fields);

/// {"type":"set_faults","rules":[{"route":"POST /servers","every":3,"status":503}],"seed":7} or
/// {"type":"lift_faults"}.
std::string encode_faults_action(const FaultsAction& action);
FaultsAction read_faults_action(const Fields& fields);

/// "rules" and "seed", as a command and the body of a request have them. Complains of each rule
/// that is wrong, with its place.
SetFaults read_set_faults(const Fields& fields);

/// A sentence about the first member of a rule that is not known.
std::optional<std::string> find_unknown_rule_member(const simdjson::dom::object& object);

/// "before" or "after".
std::string_view to_string(FaultMoment moment);

}  // namespace vsim::messages
