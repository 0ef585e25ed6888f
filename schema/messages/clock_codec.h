#pragma once

// Events and commands of the clock.

#include "schema/messages/event_codec.h"

namespace vsim::messages {

class Fields;

/// An event on vsim.evt.clock, stamped by the broker with `stored_at`.
LoggedEvent read_clock_event(const Fields& fields, eventstore::Timestamp stored_at);

/// {"type":"advance","seconds":1860} or {"type":"scale","scale":60}.
ClockAction read_clock_action(const Fields& fields);

}  // namespace vsim::messages
