#pragma once

// Events as they are read from the log, each with the state after it.

#include <optional>
#include <string>
#include <variant>

#include "domain/address_pool.h"
#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/region.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"

namespace vsim::messages {

using ServerLogged = Logged<Event, State>;
using PoolLogged = Logged<PoolEvent, Pool>;
using FaultsLogged = Logged<FaultsEvent, DoorFaults>;
using RegionLogged = Logged<RegionEvent, RegionState>;
using WarmPoolLogged = Logged<WarmPoolEvent, WarmPool>;
using ClockLogged = Logged<ClockEvent, SimClock>;  // its state runs on from the broker's stamp

/// An event of a type this build does not know, on a subject it does. Never skipped silently.
struct UnknownEvent {
  std::string type;
};

/// Anything that EVENTS may hold.
using LoggedEvent =
    std::variant<ServerLogged, AddressClaimed, PoolLogged, RegionLogged, ClockLogged, FaultsLogged,
                 WarmPoolLogged, BillingWatermark, UnknownEvent>;

/// The command that an event is the outcome of; null where there is none. It lives in the event.
const Cause* cause_of(const LoggedEvent& logged);

/// The command that an event is the outcome of, and the outcome.
std::optional<LastCommand> outcome_in(const LoggedEvent& logged);

}  // namespace vsim::messages
