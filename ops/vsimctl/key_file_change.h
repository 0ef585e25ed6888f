#pragma once

// The file of the API's keys, for those who change it: one at a time, and after a crash the file
// is what it was before or after.

#include <functional>
#include <string>
#include <vector>

#include "ops/vsimctl/commands.h"
#include "ops/vsimctl/connections.h"
#include "schema/http/api_keys.h"

namespace vsim::vsimctl {

/// What stands in the file; `there` is false when there is none.
struct KeyFile {
  bool there = false;
  std::vector<http::ApiKey> keys;
};
Found<KeyFile> read_key_file(const std::string& path);

/// Lets `change` alter the keys and writes them, unless it fails: then nothing is written. Waits
/// for others who are at it. The file belongs to whom it belonged, and only its owner may read it.
Outcome change_key_file(const std::string& path,
                        const std::function<Outcome(std::vector<http::ApiKey>&)>& change);

}  // namespace vsim::vsimctl
