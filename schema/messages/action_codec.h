#pragma once

// The payload of a command for a server: its limits, its reader and its writer.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "domain/server.h"

namespace vsim::messages {

inline constexpr std::size_t name_characters_max = 128;
inline constexpr std::size_t ordered_name_characters_max = 64;  // of a type or profile
inline constexpr std::size_t force_reason_characters_max = 256;
inline constexpr std::size_t tags_max = 50;
inline constexpr std::size_t tag_key_characters_max = 128;
inline constexpr std::size_t tag_value_characters_max = 256;
inline constexpr std::chrono::seconds idle_timeout_max = std::chrono::hours(24 * 3650);
/// Of a length that is asked for; LEASE_MAX may allow less.
inline constexpr std::chrono::seconds lease_max = std::chrono::hours(24 * 3650);

class Fields;

/// {"type":"create","name":"web-1",...}, {"type":"stop"} and so on.
std::string encode_action(const Action& action);

/// Reads that. Nothing, with a complaint in `fields`, when the type is none of a server's.
std::optional<Action> read_action(const Fields& fields);

/// Reads the members of a create from a JSON object: {"name", "type", "profile"?, "tags"?,
/// "idle_timeout_seconds"?, "lease_seconds"?}. In the queue, where `type` is the command's, the
/// server's is "instance_type"; both are taken in both places. The error is a sentence that says
/// what to change.
tl::expected<Create, std::string> read_create(std::string_view json);

/// Reads the member of an extension from a JSON object: {"extend_seconds"}.
tl::expected<ExtendLease, std::string> read_extend_lease(std::string_view json);

/// The member "tags" of what is asked for, within its limits; empty where it is not given.
std::map<std::string, std::string> read_ordered_tags(const Fields& fields);

/// Reads the members of an acquisition from a JSON object: {"lease_seconds"?, "name"?, "tags"?},
/// and in the queue "pool"?.
tl::expected<Acquire, std::string> read_acquire(std::string_view json);

/// Why no create can order an instance type or profile of that name, such as "must have 1 to 64
/// characters, it has 65"; nothing when one can.
std::optional<std::string> complaint_about_ordered_name(std::string_view name);

}  // namespace vsim::messages
