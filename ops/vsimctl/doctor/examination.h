#pragma once

// What `vsimctl doctor` examines: the broker and Postgres themselves, not a worker's report.

#include <chrono>
#include <vector>

#include "ops/process/settings.h"
#include "ops/vsimctl/doctor/findings.h"

namespace vsim::vsimctl {

/// How late a deadline may be before it counts, by the wall; as the metric has it.
inline constexpr std::chrono::seconds overdue_grace{5};

/// Examines everything and changes nothing. A part that does not answer is a finding, and the rest
/// is examined all the same. Blocks for as long as broker and Postgres take, about 10 s at most.
std::vector<Finding> examine(const process::CommonSettings& settings);

}  // namespace vsim::vsimctl
