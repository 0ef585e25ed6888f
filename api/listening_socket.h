#pragma once

// The socket that callers connect to.

#include <string>

#include <tl/expected.hpp>

#include "ops/telemetry/descriptor.h"
#include "ops/telemetry/settings.h"

namespace vsim::api {

using telemetry::Descriptor;

/// Listens; accepting from it never blocks. The error says why it cannot be listened on.
tl::expected<Descriptor, std::string> listen_on(const telemetry::ListenAddress& address);

}  // namespace vsim::api
