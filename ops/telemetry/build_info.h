#pragma once

// The version of the build, for the log, the metrics and --version.

#include <string_view>

namespace vsim::telemetry {

/// The version of this build, such as "0.1.0".
std::string_view build_version();

}  // namespace vsim::telemetry
