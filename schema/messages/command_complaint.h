#pragma once

// The inside of this folder: what a person who typed a command would not have meant.

#include <string>

#include <simdjson.h>

#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/region.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"
#include "eventstore/message.h"

namespace vsim::messages {

/// The complaint of DecodedCommand about the members of `object`, which the action or command was
/// read from, and about the message's headers. Empty: none.
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const Action& action);
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const ExtendPool& command);
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const RegionAction& action);
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const ClockAction& action);
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const FaultsAction& action);
std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const WarmPoolAction& action);

}  // namespace vsim::messages
