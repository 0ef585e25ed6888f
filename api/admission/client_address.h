#pragma once

// The client's address, also where a request comes through proxies. D32

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/connections/http_message.h"
#include "ops/process/address_range.h"

namespace vsim::api {

/// The peer of the connection; or, when that is a trusted proxy, the rightmost address of
/// X-Forwarded-For that is not one: the client itself may have written what stands left of it.
/// Where an entry is no address, the proxy that passed it on is the client. Nothing when the peer
/// is unknown.
std::optional<process::IpAddress> client_address(
    const HttpRequest& request, const std::vector<process::AddressRange>& trusted_proxies);

}  // namespace vsim::api
