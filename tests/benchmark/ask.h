#pragma once

// One request that is not measured.

#include <string>
#include <string_view>

#include "tests/benchmark/load.h"

namespace vsim::bench {

struct AskResult {
  int status = 0;  // 0: no answer
  std::string body;
  LoadResult result;  // its errors
};

/// Blocks until the answer is there, 90 s at most.
AskResult ask(const Target& api, std::string_view method, std::string_view path,
              std::string_view body = {}, std::string_view more_headers = {});

/// The text or number behind `"name":` of an answer; empty when it is not there.
std::string member_of(const std::string& json, std::string_view name);

}  // namespace vsim::bench
