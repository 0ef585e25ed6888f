#pragma once

// Assertions that stay on in release: a process that finds its own state wrong ends before it
// writes that into the log. D56

#include <cstdio>
#include <cstdlib>

namespace vsim {

/// Prints `what` with the caller's place to stderr and aborts where the condition does not hold.
/// For bugs only: what a person, the broker or the log may bring about is an error or a rejection.
/// (The builtins are what std::source_location is made of, which clang 14 does not have.)
inline void invariant(bool holds, const char* what, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) {
  if (holds) [[likely]] {
    return;
  }
  std::fprintf(stderr, "bug: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace vsim
