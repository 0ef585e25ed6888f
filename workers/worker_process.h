#pragma once

// The worker as a process: its parts, put together and taken apart.

#include "ops/process/settings.h"
#include "ops/process/shutdown.h"

namespace vsim::workers {

/// Puts a worker together, waiting for the broker, and runs its roles until the stop; returns when
/// each has finished what it had in hand. Gives main's exit status: 0, or 1 with the reason in the
/// log.
int run(const process::WorkerSettings& settings, process::ShutdownSignals& signals);

}  // namespace vsim::workers
