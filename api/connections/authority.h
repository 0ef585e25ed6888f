#pragma once

// Whom a request is for: "host" or "host:port", as in the header Host, in a target of absolute form
// and in the header Origin (RFC 3986, 3.2; RFC 9110, 7.2).

#include <cstdint>
#include <optional>
#include <string_view>

namespace vsim::api {

struct Authority {
  std::string_view host;  // a name or an address; IPv6 without its brackets
  std::optional<std::uint16_t> port;
  bool is_address = false;  // IPv4 with four numbers, or IPv6
};

/// Views of the text. Nothing for what is empty, names a user, or holds a host that is neither an
/// address nor letters, digits, "-", ".", "_" and "~": names of DNS have no others.
std::optional<Authority> read_authority(std::string_view text);

}  // namespace vsim::api
