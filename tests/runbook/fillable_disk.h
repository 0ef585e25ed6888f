#pragma once

// The broker's store of a shipped system on a small file system of its own, which can be full.
// Where no file system may be mounted the test says that it is skipped, and why. Threads: one.

#include <string>

#include "tests/runbook/shipped_system.h"

namespace runbook {

/// From here on, what this process and its children mount is theirs alone, and goes with them. Call
/// it before there are threads. False: not allowed.
bool have_mounts_of_our_own();

class FillableDisk {
 public:
  /// Moves the store there; `size` such as "64m".
  FillableDisk(ShippedSystem& system, const std::string& size);
  ~FillableDisk();
  FillableDisk(const FillableDisk&) = delete;
  FillableDisk& operator=(const FillableDisk&) = delete;

  /// Fills it to the last byte, also while others write.
  void fill();
  /// Leaves that many bytes.
  void leave(long bytes);

 private:
  ShippedSystem& system_;
};

}  // namespace runbook
