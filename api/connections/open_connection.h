#pragma once

// A connection that leaves the server: what an answer without an end goes on with.

#include <memory>

#include "api/connections/transport.h"
#include "ops/process/descriptor.h"

namespace vsim::api {

/// Closed with its socket; the transport ends first.
struct OpenConnection {
  process::Descriptor socket;
  std::unique_ptr<Transport> transport;
};

}  // namespace vsim::api
