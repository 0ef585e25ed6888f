#pragma once

// Who a request comes from, where proxies stand in between.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/connections/http_message.h"
#include "ops/process/address_range.h"

namespace vsim::api {

/// The peer of the connection; or, when that is a trusted proxy, the rightmost address of
/// X-Forwarded-For that is not one. What stands left of it anybody may have written. Where an entry
/// is no address, the proxy that passed it on is the client. Nothing when the peer is unknown.
std::optional<process::IpAddress> client_address(
    const HttpRequest& request, const std::vector<process::AddressRange>& trusted_proxies);

}  // namespace vsim::api
