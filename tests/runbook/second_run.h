#pragma once

// An entry followed once more where nothing is wrong any more: each block in a new shell, as by
// somebody who pastes it twice or forgets what came before. Threads: one. D51

#include "tests/runbook/runbook.h"
#include "tests/runbook/shipped_system.h"

namespace runbook {

/// Puts into the system what must not be lost: a server that runs, a command that waits, a purged
/// command and a dead letter which would both end that server. Types each block of the entry by
/// itself, and checks that all of it is there: no event, command or letter lost, and the server as
/// it was.
void check_second_run(ShippedSystem& system, const Entry& entry);

}  // namespace runbook
