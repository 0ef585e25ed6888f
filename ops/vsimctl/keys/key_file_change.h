#pragma once

// Changes of the file of the API's keys: one at a time, and atomic, so that after a crash the file
// is the old one or the new one. D31

#include <functional>
#include <string>
#include <vector>

#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/subcommands.h"
#include "schema/http/api_keys.h"

namespace vsim::vsimctl {

/// The content of the file; `there` is false when it does not exist.
struct KeyFile {
  bool there = false;
  std::vector<http::ApiKey> keys;
};
tl::expected<KeyFile, std::string> read_key_file(const std::string& path);

/// Calls `change` on the keys and writes them; writes nothing when it fails. Waits for the lock of
/// the file. The file keeps its owner, and only the owner may read it.
tl::expected<void, std::string> change_key_file(
    const std::string& path,
    const std::function<tl::expected<void, std::string>(std::vector<http::ApiKey>&)>& change);

}  // namespace vsim::vsimctl
