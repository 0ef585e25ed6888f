#pragma once

// The parts of events that states and catalogues have too: terms, delays, billing, blueprints.

#include "domain/server.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

class Fields;

void write_state(JsonWriter& json, const State& state);
State read_state(const Fields& fields, const Region& region);

void write_last_command(JsonWriter& json, const LastCommand& last);
LastCommand read_last_command(const Fields& fields);

void write_blueprint(JsonWriter& json, const Blueprint& blueprint);
Blueprint read_blueprint(const Fields& fields);

void write_delay(JsonWriter& json, const Delay& delay);
Delay read_delay(const Fields& fields);

void write_billing(JsonWriter& json, const BillingPolicy& policy);
BillingPolicy read_billing(const Fields& fields);

/// An object of strings.
void write_tags(JsonWriter& json, const std::map<std::string, std::string>& tags);

}  // namespace vsim::messages
