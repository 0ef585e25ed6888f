#pragma once

// The socket that callers connect to.

#include <string>

#include <tl/expected.hpp>

#include "ops/process/descriptor.h"
#include "ops/process/settings.h"

namespace vsim::api {

using process::Descriptor;

/// Listens; accepting from it never blocks. The error says why it cannot be listened on.
tl::expected<Descriptor, std::string> listen_on(const process::ListenAddress& address);

}  // namespace vsim::api
