#pragma once

// The lines of a text.

#include <sstream>
#include <string>
#include <vector>

namespace harness {

/// Without their line breaks; a break at the end begins no further line.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace harness
