#pragma once

// The API as a process: its parts, put together and taken apart.

#include "ops/process/settings.h"
#include "ops/process/shutdown.h"

namespace vsim::api {

/// Puts the API together, serves until the stop, and takes it apart: it stops accepting, answers
/// the requests in hand, then closes its connections. SIGHUP makes it read the certificate again.
/// Gives main's exit status.
int run(const process::ApiSettings& settings, process::ShutdownSignals& signals);

}  // namespace vsim::api
