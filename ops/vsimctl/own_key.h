#pragma once

// The key by which vsimctl itself asks the API. Who may write the file of the API's keys can let
// himself in at any time, so nothing is gained by asking him for a key.

#include <string>

#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

/// The name of that key, which events bear as `actor`.
inline constexpr const char* own_key_name = "vsimctl-api";

/// The key kept beside the file, in FOLDER/vsimctl-api.key, mode 600. Made, as an operator's, where
/// there is none that the file knows; never where the file is not there, which would turn keys on:
/// then it is empty. The API may know it a second later only.
Found<std::string> own_key(const std::string& keys_file);

}  // namespace vsim::vsimctl
