#pragma once

// A number that a test is told by its environment, such as VSIM_SEED.

#include <cstdint>
#include <optional>
#include <string>

namespace harness {

/// Nothing where the variable is not set or empty. Throws std::invalid_argument where it holds no
/// whole number, since a run under another number than was meant shows nothing.
std::optional<std::uint64_t> number_setting(const std::string& name);

}  // namespace harness
