#include "tests/harness/seed.h"

#include <random>

#include "tests/harness/number_setting.h"

namespace harness {

std::uint64_t test_seed() {
  const auto given = number_setting("VSIM_SEED");
  return given ? *given : std::random_device{}();
}

}  // namespace harness
