#pragma once

// How commands and the servers that they create get their ids.

#include <string_view>

#include "domain/ids.h"

namespace vsim::messages {

/// A keyed command's id: the same for the same key of an account for ever.
CommandId command_id_of_key(std::string_view account, std::string_view idempotency_key);

/// The id of the server that a create makes, the same however often the create is delivered.
ServerId server_id_of_create(const CommandId& command);

/// The id that the create of a server gets whose claim of an address does not name it. D88
CommandId command_id_of_unnamed_create(const ServerId& server);

}  // namespace vsim::messages
