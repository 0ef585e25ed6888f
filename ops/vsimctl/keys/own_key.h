#pragma once

// The key that `vsimctl api` uses. Whoever may write the file of the API's keys can make one at any
// time, so asking for a key would protect nothing. D51

#include <string>

#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

/// The name of that key: the `actor` of its events.
inline constexpr const char* own_key_name = "vsimctl-api";

/// The key kept beside the file, in FOLDER/vsimctl-api.key, mode 600. Made, with the role operator,
/// where the file knows no such key; empty where the file does not exist, since making it would
/// turn keys on. The API may take a second to know a new key.
tl::expected<std::string, std::string> own_key(const std::string& keys_file);

}  // namespace vsim::vsimctl
