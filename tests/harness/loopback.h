#pragma once

// The address of a port of this machine.

#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace harness {

/// On 127.0.0.1; 0: a port that the kernel gives.
inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace harness
