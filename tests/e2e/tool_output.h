#pragma once

// Checks of a program's output that many tests make.

#include <string>

#include <doctest/doctest.h>

#include "tests/harness/child_process.h"

namespace e2e {

inline bool holds(const harness::Output& output, const std::string& text) {
  return output.text.find(text) != std::string::npos;
}

/// Checks that the program ended by itself, with this exit code; the output.
inline harness::Output expect(int code, harness::Output output) {
  INFO(output.text);
  CHECK(output.ending.signal == 0);
  CHECK(output.ending.code == code);
  return output;
}

}  // namespace e2e
