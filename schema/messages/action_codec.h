#pragma once

// The inside of this folder: the payload of a command for a server.

#include <optional>

#include "domain/server.h"

namespace vsim::messages {

class Fields;

/// {"type":"create","name":"web-1",...}, {"type":"stop"} and so on. Nothing, with a complaint in
/// `fields`, when the type is none of a server's.
std::optional<Action> read_action(const Fields& fields);

}  // namespace vsim::messages
