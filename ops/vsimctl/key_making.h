#pragma once

// A new key of the API, made of bytes of chance.

#include <string>

#include "ops/vsimctl/connections.h"
#include "schema/http/api_keys.h"

namespace vsim::vsimctl {

struct MadeKey {
  http::ApiKey key;  // what the file keeps
  std::string text;  // what is sent
};

/// Made now, by this machine's clock.
Found<MadeKey> make_key(const std::string& name, http::Role role);

}  // namespace vsim::vsimctl
