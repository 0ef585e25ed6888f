#pragma once

// Assertions that stay on in release: a process that finds its own state wrong ends before it
// writes that into the log. D56

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace vsim {

/// Prints `what` with the caller's place to stderr and aborts where the condition does not hold.
/// For bugs only: what a person, the broker or the log may bring about is an error or a rejection.
inline void invariant(bool holds, const char* what,
                      std::source_location where = std::source_location::current()) {
  if (holds) [[likely]] {
    return;
  }
  std::fprintf(stderr, "bug: %s (%s:%u)\n", what, where.file_name(),
               static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace vsim
