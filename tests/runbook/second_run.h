#pragma once

// Runs an entry a second time, with nothing wrong any more: each block in a new shell, as when an
// operator pastes it twice or skips those before it. Threads: one. D51

#include "tests/runbook/runbook.h"
#include "tests/runbook/shipped_system.h"

namespace runbook {

/// Puts into the system what must not be lost: a running server, a waiting command, and a purged
/// command and a dead letter that would both terminate that server. Runs each block of the entry by
/// itself, and checks that no event, command or letter is lost and that the server is unchanged.
void check_second_run(ShippedSystem& system, const Entry& entry);

}  // namespace runbook
