#pragma once

// Runs a program with a wrong wall clock.

#include <map>
#include <string>

namespace harness {

/// Environment variables that shift the wall clock which a program sees by this, such as "+30s";
/// its monotonic clocks are not shifted. Throws where libfaketime is not installed.
std::map<std::string, std::string> with_clock(const std::string& offset);

}  // namespace harness
