#pragma once

// What `vsimctl doctor` examines: the broker and Postgres themselves, not a worker's report; and
// what the API says of itself.

#include <optional>
#include <vector>

#include "ops/process/api_client.h"
#include "ops/process/settings.h"
#include "ops/vsimctl/doctor/findings.h"

namespace vsim::vsimctl {

/// Examines everything and changes nothing. A part that does not answer is a finding, and the rest
/// is examined all the same. Blocks for as long as broker, Postgres and API take, about 20 s at
/// most.
std::vector<Finding> examine(const process::CommonSettings& settings,
                             const std::optional<process::ApiAddress>& api);

}  // namespace vsim::vsimctl
