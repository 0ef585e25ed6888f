#pragma once

// Events and commands of the clock.

#include <string>

#include "domain/sim_clock.h"
#include "eventstore/message.h"
#include "schema/messages/logged_event.h"

namespace vsim::messages {

class Fields;

std::string encode(const ClockEvent& event, const SimClock& before);

/// An event on vsim.evt.clock, stamped by the broker with `stored_at`.
LoggedEvent read_clock_event(const Fields& fields, eventstore::Timestamp stored_at);

/// {"type":"advance","seconds":1860} or {"type":"scale","scale":60}.
std::string encode_clock_action(const ClockAction& action);
ClockAction read_clock_action(const Fields& fields);

/// Seconds as a person or a JSON document gives them, to the nearest millisecond. What is absurd
/// stays out of every range.
Duration milliseconds_of(double seconds);

}  // namespace vsim::messages
