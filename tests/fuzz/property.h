#pragma once

// What a fuzz target says of the code under test. libFuzzer keeps the input that breaks it. D35

#include <cstdio>
#include <cstdlib>

namespace vsim::fuzz {

/// Ends the program with the claim that does not hold.
inline void must_hold(bool holds, const char* claim) {
  if (holds) {
    return;
  }
  std::fprintf(stderr, "does not hold: %s\n", claim);
  std::abort();
}

}  // namespace vsim::fuzz
