#pragma once

// The seed of a test that draws random values: VSIM_SEED, to repeat a run, else a new one each
// time. CAPTURE it, so that a failure prints it.

#include <cstdint>

namespace harness {

std::uint64_t test_seed();

}  // namespace harness
