#include "tests/powercut/skip.h"

#include <doctest/doctest.h>

#include "tests/powercut/disk.h"

namespace powercut {

bool skipped() {
  static const auto reason = no_disk_here();
  if (reason) {
    MESSAGE("SKIPPED: ", *reason);
  }
  return reason.has_value();
}

}  // namespace powercut
