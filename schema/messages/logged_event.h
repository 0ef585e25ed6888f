#pragma once

// Events as they are read from the log, each with the state after it.

#include <optional>
#include <string>
#include <variant>

#include "domain/address_pool.h"
#include "domain/clock.h"
#include "domain/server.h"

namespace vsim::messages {

struct ServerEvent {
  Event event;
  State state;  // after the event
};

struct ClockLogged {
  ClockEvent event;
  SimClock state;  // after the event, from the broker's stamp on
};

struct PoolLogged {
  PoolEvent event;
  Pool state;  // after the event
};

/// An event of a type this build does not know, on a subject it does. Never skipped silently.
struct UnknownEvent {
  std::string type;
};

/// Anything that EVENTS may hold.
using LoggedEvent = std::variant<ServerEvent, AddressClaimed, PoolLogged, ClockLogged,
                                 BillingWatermark, UnknownEvent>;

/// The command that an event is the outcome of; null where there is none. It lives in the event.
const Cause* cause_of(const LoggedEvent& logged);

/// The command that an event is the outcome of, and the outcome.
std::optional<LastCommand> outcome_in(const LoggedEvent& logged);

}  // namespace vsim::messages
