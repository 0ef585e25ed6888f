#pragma once

// How commands and the servers that they create get their ids.

#include <cstdint>
#include <string_view>

#include "domain/ids.h"
#include "domain/warm_place.h"

namespace vsim::messages {

/// A keyed command's id: the same for the same key of an account for ever.
CommandId command_id_of_key(std::string_view account, std::string_view idempotency_key);

/// The id of the server that a create makes, the same however often the create is delivered.
ServerId server_id_of_create(const CommandId& command);

/// The id of the create that makes a warm pool's server of that number: the same whoever sends it,
/// and as often as it is sent. D95
CommandId command_id_of_warm_create(const WarmPoolId& pool, std::uint64_t number);

/// The id of a request's nth attempt, from 1, where each goes to another server until one has it:
/// the same for its repeats. The first bears the request's own.
CommandId command_id_of_attempt(const CommandId& request, std::uint64_t attempt);

/// The id under which a pool's server is retired as it is at that version.
CommandId command_id_of_retirement(const ServerId& server, Version version);

/// The id that the create of a server gets whose claim of an address does not name it. D88
CommandId command_id_of_unnamed_create(const ServerId& server);

}  // namespace vsim::messages
