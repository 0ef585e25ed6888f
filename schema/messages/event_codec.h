#pragma once

// Events as they are stored. A server's event carries the state after it, so one read loads all
// that a decision needs, and a reader of the log needs no history to understand a line of it.

#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "domain/address_pool.h"
#include "domain/clock.h"
#include "domain/server.h"
#include "eventstore/message.h"

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

std::string encode(const Event& event, const State& after);
std::string encode(const AddressClaimed& claim);
std::string encode(const PoolEvent& event, const Pool& after);
std::string encode(const ClockEvent& event, const SimClock& before);
std::string encode(const BillingWatermark& watermark);

/// Reads a message of EVENTS. The error says what is wrong with it.
tl::expected<LoggedEvent, std::string> decode_event(const eventstore::Message& message);

/// The command that an event is the outcome of; null where there is none. It lives in the event.
const Cause* cause_of(const LoggedEvent& logged);

/// The command that an event is the outcome of, and the outcome.
std::optional<LastCommand> outcome_in(const LoggedEvent& logged);

/// The clock, from the last message of its subject. The error says what is wrong with it.
tl::expected<SimClock, std::string> read_clock(const eventstore::Message& last);

/// RFC 3339, UTC, milliseconds: "2026-03-01T12:00:00.000Z".
std::string format_instant(Instant at);
std::optional<Instant> parse_instant(std::string_view text);
/// The same to the nanosecond, as the broker stamps: simulated time runs on from such a stamp, so
/// nothing may be cut off.
std::string format_stamp(WallTime at);

}  // namespace vsim::messages
