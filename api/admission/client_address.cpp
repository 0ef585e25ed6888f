#include "api/admission/client_address.h"

#include <algorithm>

#include "domain/decimal.h"

namespace vsim::api {
namespace {

using process::IpAddress;

/// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80", with blanks around.
std::optional<IpAddress> read_hop(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return std::nullopt;
  }
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  std::size_t end = text.size();  // of the address
  const bool bracketed = text.front() == '[';
  if (bracketed) {
    text.remove_prefix(1);
    end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
  } else if (text.find(':') == text.rfind(':')) {  // more of them: IPv6
    end = std::min(text.find(':'), text.size());
  }
  const std::string_view port = text.substr(std::min(end + (bracketed ? 1 : 0), text.size()));
  const bool fits = port.empty() || (port.front() == ':' && read_decimal(port.substr(1), 65535));
  return fits ? IpAddress::parse(text.substr(0, end)) : std::nullopt;
}

}  // namespace

std::optional<IpAddress> client_address(const HttpRequest& request,
                                        const std::vector<process::AddressRange>& trusted_proxies) {
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
