#pragma once

#include <stop_token>

#include "ops/telemetry/settings.h"

namespace vsim::api {

/// Puts the API together, serves until the stop, and takes it apart again: intake first, then what
/// is in hand, then connections. Gives main's exit status.
int run(const telemetry::ApiSettings& settings, const std::stop_token& stop);

}  // namespace vsim::api
