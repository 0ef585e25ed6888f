#pragma once

// Events as they are stored. A server's event carries the state after it, so one read loads all
// that a decision needs, and a reader of the log needs no history to understand a line of it.

#include <string>

#include <tl/expected.hpp>

#include "eventstore/message.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/logged_event.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/warm_pool_codec.h"

namespace vsim::messages {

std::string encode(const Event& event, const State& after);
std::string encode(const AddressClaimed& claim);
std::string encode(const BillingWatermark& watermark);

/// Reads a message of EVENTS. The error says what is wrong with it.
tl::expected<LoggedEvent, std::string> decode_event(const eventstore::Message& message);

/// The clock, from the last message of its subject. The error says what is wrong with it.
tl::expected<SimClock, std::string> read_clock(const eventstore::Message& last);

}  // namespace vsim::messages
