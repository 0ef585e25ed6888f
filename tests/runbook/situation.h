#pragma once

// An entry of the runbook put to the test: the state it describes is made, its commands are
// followed from top to bottom, and then the symptom must be gone. Where nothing is wrong any more,
// each block is typed once more, by itself, and nothing may be lost. Threads: one.

#include <functional>
#include <string>

#include "tests/runbook/shipped_system.h"

namespace runbook {

/// How to get into the state that an entry describes, and how one sees that one is in it.
struct Situation {
  std::function<void(ShippedSystem&)> set_up;
  /// What its alert would fire on, or what an operator sees. Must come true after `set_up` and
  /// must be false in the end.
  std::function<bool(ShippedSystem&)> symptom;
  /// What comes to pass before the first command; or what the entry asks for in words only, such as
  /// checking out another version. May be left out.
  std::function<void(ShippedSystem&)> meanwhile = {};
  /// What else must hold in the end; asserts by itself. May be left out.
  std::function<void(ShippedSystem&)> after = {};
  SystemOptions system = {.locked = true};
};

/// Follows the entry whose heading is the name of the running test case.
void follow(const Situation& situation);
/// Follows the entry of that heading.
void follow(const std::string& heading, const Situation& situation);

}  // namespace runbook
