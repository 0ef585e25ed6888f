#pragma once

// What a broker says of itself before anything is asked: the INFO line of the NATS protocol. The
// client library keeps the version to itself, so it is read here.

#include <string>

#include "eventstore/result.h"

namespace vsim::eventstore {

/// Connects to host:port, reads one line, hangs up; 2 s at most. Gives the version, "2.15.2".
Result<std::string> read_server_version(const std::string& host, const std::string& port);

/// Whether "2.15.2" is at least major.minor. Text that is no version is not.
bool version_at_least(const std::string& version, int major, int minor);

}  // namespace vsim::eventstore
