#pragma once

// Runs blocks of the runbook as people type them, mistakes included. Threads: one.

#include <string>
#include <vector>

#include "tests/runbook/runbook.h"
#include "tests/runbook/shipped_system.h"

namespace runbook {

/// The entry's blocks that hold these words, in order; throws std::runtime_error when none does.
std::vector<Block> blocks_with(const std::string& heading, const std::string& words);

/// Types the preparation and then the blocks into a new interactive shell, which goes on after an
/// error, and leaves it; gives what was printed.
std::string type(const ShippedSystem& system, const std::vector<Block>& blocks);

/// Types each block of the entry by itself in a new shell, without what the blocks before it have
/// set. What waits for something looks once. Gives what was printed.
std::string type_each_alone(const ShippedSystem& system, const Entry& entry);

}  // namespace runbook
