#include "api/connections/authority.h"

#include <algorithm>

#include "domain/decimal.h"
#include "ops/process/address_range.h"

namespace vsim::api {
namespace {

using process::IpAddress;

bool is_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
  });
}

/// What stands behind the host: nothing, or a colon and a port, which may be empty.
bool read_port(std::string_view text, std::optional<std::uint16_t>& port) {
  if (text.empty() || text == ":") {
    return true;
  }
  const auto number = read_decimal(text.substr(1), UINT16_MAX);
  if (text.front() != ':' || !number) {
    return false;
  }
  port = static_cast<std::uint16_t>(*number);
  return true;
}

}  // namespace

std::optional<Authority> read_authority(std::string_view text) {
  Authority authority;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    authority.host = text.substr(1, end - 1);
    authority.is_address = authority.host.find(':') != std::string_view::npos &&
                           IpAddress::parse(authority.host).has_value();
    if (!authority.is_address || !read_port(text.substr(end + 1), authority.port)) {
      return std::nullopt;
    }
    return authority;
  }
  const std::size_t end = std::min(text.find(':'), text.size());
  authority.host = text.substr(0, end);
  authority.is_address = IpAddress::parse(authority.host).has_value();
  if (!is_name(authority.host) || !read_port(text.substr(end), authority.port)) {
    return std::nullopt;
  }
  return authority;
}

}  // namespace vsim::api
