#include "api/client_address.h"

#include <algorithm>

namespace vsim::api {
namespace {

using telemetry::IpAddress;

/// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80", with blanks around.
std::optional<IpAddress> read_hop(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return std::nullopt;
  }
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.front() == '[') {
    return IpAddress::parse(text.substr(1, std::min(text.find(']'), text.size()) - 1));
  }
  const bool has_port = text.find(':') != std::string_view::npos &&
                        text.find(':') == text.rfind(':');  // more of them: IPv6
  return IpAddress::parse(has_port ? text.substr(0, text.find(':')) : text);
}

}  // namespace

std::optional<IpAddress> client_address(
    const HttpRequest& request, const std::vector<telemetry::AddressRange>& trusted_proxies) {
  std::optional<IpAddress> client = request.peer;
  if (!client || !contains(trusted_proxies, *client)) {
    return client;
  }
  const std::string hops = request.joined_header("X-Forwarded-For");
  std::string_view rest = hops;
  while (!rest.empty() && contains(trusted_proxies, *client)) {
    const std::size_t comma = rest.rfind(',');
    const bool last = comma == std::string_view::npos;
    const auto hop = read_hop(last ? rest : rest.substr(comma + 1));
    if (!hop) {
      break;
    }
    client = hop;
    rest = last ? std::string_view{} : rest.substr(0, comma);
  }
  return client;
}

}  // namespace vsim::api
