#pragma once

// What a broker says of itself before anything is asked, TLS included: the INFO line of the NATS
// protocol. The client library keeps it to itself, so it is read here.

#include <string>

#include "eventstore/result.h"

namespace vsim::eventstore {

struct ServerInfo {
  std::string version;                // "2.15.2"
  bool offers_tls = false;            // and perhaps nothing else
  bool asks_for_certificate = false;  // of clients: mutual TLS
};

/// Connects to host:port, reads one line, hangs up; 2 s at most.
Result<ServerInfo> read_server_info(const std::string& host, const std::string& port);

/// Whether "2.15.2" is at least major.minor. Text that is no version is not.
bool version_at_least(const std::string& version, int major, int minor);

}  // namespace vsim::eventstore
