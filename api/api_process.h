#pragma once

#include "ops/process/settings.h"
#include "ops/process/shutdown.h"

namespace vsim::api {

/// Puts the API together, serves until the stop, and takes it apart again: intake first, then what
/// is in hand, then connections. A SIGHUP meanwhile reads the certificate again. Gives main's exit
/// status.
int run(const process::ApiSettings& settings, process::ShutdownSignals& signals);

}  // namespace vsim::api
