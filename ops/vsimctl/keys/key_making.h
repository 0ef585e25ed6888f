#pragma once

// A new key of the API, made of random bytes.

#include <string>

#include "ops/vsimctl/connections.h"
#include "schema/http/api_keys.h"

namespace vsim::vsimctl {

struct MadeKey {
  http::ApiKey key;  // what the file keeps
  std::string text;  // what is sent
};

/// Its time of creation is this machine's.
tl::expected<MadeKey, std::string> make_key(const std::string& name, http::Role role,
                                            const std::string& account);

}  // namespace vsim::vsimctl
