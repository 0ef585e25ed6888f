#pragma once

// What /readyz says, the same for every process.

#include <string>
#include <utility>
#include <vector>

namespace vsim::telemetry {

struct Readiness {
  std::vector<std::string> reasons;                        // why not ready, a sentence each
  std::vector<std::pair<std::string, std::string>> facts;  // for an operator

  bool ready() const { return reasons.empty(); }
  /// {"status":"ready","reasons":[],"facts":{...}}
  std::string to_json() const;
};

}  // namespace vsim::telemetry
