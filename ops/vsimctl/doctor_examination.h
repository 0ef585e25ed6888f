#pragma once

// What `vsimctl doctor` looks at: the broker and Postgres themselves, no worker's word.

#include <vector>

#include "ops/process/settings.h"
#include "ops/vsimctl/doctor_findings.h"

namespace vsim::vsimctl {

/// Looks at everything and changes nothing. What does not answer is a finding, and the rest is
/// looked at all the same. Blocks as long as the broker and Postgres take, some 10 s at most.
std::vector<Finding> examine(const process::CommonSettings& settings);

}  // namespace vsim::vsimctl
