#pragma once

// The seed of a test with chance in it: VSIM_SEED, to repeat a run, else another one each time.
// CAPTURE it, so that a failure tells it.

#include <cstdint>

namespace harness {

std::uint64_t test_seed();

}  // namespace harness
