#pragma once

// Tests an entry of the runbook: makes the state that it describes, runs its commands from top to
// bottom, and checks that the symptom is gone. Then, with nothing wrong any more, each block is run
// once more by itself, and nothing may be lost. Threads: one.

#include <functional>
#include <string>

#include "tests/runbook/shipped_system.h"

namespace runbook {

/// How to make the state that an entry describes, and how to see that it is there.
struct Situation {
  std::function<void(ShippedSystem&)> set_up;
  /// The condition of its alert, or what an operator sees. Must become true after `set_up`, and be
  /// false in the end.
  std::function<bool(ShippedSystem&)> symptom;
  /// What happens before the first command, or what the entry asks for in words only, such as
  /// checking out another version. Optional.
  std::function<void(ShippedSystem&)> meanwhile = {};
  /// Further checks in the end, with assertions of its own. Optional.
  std::function<void(ShippedSystem&)> after = {};
  SystemOptions system = {.locked = true};
};

/// Follows the entry whose heading is the name of the running test case.
void follow(const Situation& situation);
/// Follows the entry of that heading.
void follow(const std::string& heading, const Situation& situation);

}  // namespace runbook
