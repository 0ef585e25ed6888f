#pragma once

// Commands and servers in numbers, for the states that entries describe. Threads: one.

#include <string>
#include <vector>

#include "tests/runbook/shipped_system.h"

namespace runbook {

/// Asks for that many servers without waiting for them (`Prefer: respond-async`); gives their ids.
std::vector<std::string> ask_for_servers(ShippedSystem& system, std::size_t count,
                                         const std::string& region = "us-east-1");

/// Makes a server that runs, and gives its id.
std::string make_server(ShippedSystem& system, const std::string& profile = "instant",
                        const std::string& region = "us-east-1");

/// How many messages a stream holds.
long messages_in(ShippedSystem& system, const std::string& stream);

}  // namespace runbook
