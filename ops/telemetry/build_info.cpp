#include "ops/telemetry/build_info.h"

namespace vsim::telemetry {

std::string_view build_version() { return VSIM_VERSION; }

}  // namespace vsim::telemetry
