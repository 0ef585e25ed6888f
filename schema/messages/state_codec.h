#pragma once

// The state after an event, and its parts that events have too: blueprints, deadlines, failures.

#include <map>
#include <string>
#include <string_view>
#include <vector>

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

/// {"code","detail"}
void write_failure(JsonWriter& json, const Failure& failure);
Failure read_failure(const Fields& fields);

/// An array of {"due","becomes","turn"?,"failure"?}.
void write_deadlines(JsonWriter& json, const std::vector<Deadline>& deadlines);
std::vector<Deadline> read_deadlines(const Fields& fields, std::string_view name);

/// An object of strings.
void write_tags(JsonWriter& json, const std::map<std::string, std::string>& tags);
/// That of the member "tags", as the log holds it.
std::map<std::string, std::string> read_stored_tags(const Fields& fields);

/// {"name","number","on_release"}
void write_warm_place(JsonWriter& json, const WarmPlace& place);
WarmPlace read_warm_place(const Fields& fields);

/// The members "name" and "tags" of an acquisition, where it has them.
void write_new_names(JsonWriter& json, const std::optional<std::string>& name,
                     const std::map<std::string, std::string>& tags);
void read_new_names(const Fields& fields, std::optional<std::string>& name,
                    std::map<std::string, std::string>& tags);

}  // namespace vsim::messages
