#include "tests/harness/seed.h"

#include <cstdlib>
#include <random>

namespace harness {

std::uint64_t test_seed() {
  if (const char* given = std::getenv("VSIM_SEED"); given != nullptr) {
    return std::strtoull(given, nullptr, 10);
  }
  return std::random_device{}();
}

}  // namespace harness
