#pragma once

// `vsimctl migrate`: everything that must be there before the first program starts. Can be run
// again at any time, and by several at once.

#include <string>

#include <tl/expected.hpp>

#include "ops/telemetry/settings.h"

namespace vsim::vsimctl {

/// Makes the read models' tables, the broker's streams and consumers, and the log's first events,
/// each where it is missing. Prints a line for each step; the error is one line for a person.
tl::expected<void, std::string> migrate(const telemetry::CommonSettings& settings);

}  // namespace vsim::vsimctl
