#pragma once

// What ties a command's id to what was asked under it: a hash that the API sends along, and that
// stands in the log with the command's outcome.

#include <optional>
#include <string>
#include <string_view>

#include "domain/server.h"
#include "eventstore/message.h"

namespace vsim::messages {

/// SHA-256, in hex, of what was asked: the same for requests that mean the same, whatever the order
/// and spacing of their members. `payload` is the command as it is published, of a create behind
/// its region and a line feed. `match` is what If-Match asks for, in one way of writing it; without
/// it the hash is what it always was: the log holds hashes for ever.
std::string request_hash(std::string_view method, std::string_view path, std::string_view payload,
                         std::string_view match = {});

/// Why the command is not what its id was given to, by the hash that it brings along; nothing when
/// it is, or when nothing tells: no hash, a text that is none, or a condition (Vsim-Only-At) of an
/// older build, which did not say how it was written. `type` is the payload's.
std::optional<std::string> find_misfit(const eventstore::Message& command, std::string_view type);

/// The same by an outcome that the id has in the log: nothing when both are of one type and one
/// hash, where both have one.
std::optional<std::string> find_misfit(const Cause& given, const Cause& command);

}  // namespace vsim::messages
