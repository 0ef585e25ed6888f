#pragma once

// A program on a machine whose clock is wrong.

#include <map>
#include <string>

namespace harness {

/// Environment variables for a program that is to see the wall's time off by this, such as "+30s";
/// its monotonic clocks go on as they are. Throws where libfaketime is not installed.
std::map<std::string, std::string> with_clock(const std::string& offset);

}  // namespace harness
