#pragma once

// Addresses as an operator types them.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "domain/catalogue.h"

namespace vsim::vsimctl {

/// "10.0.0.0/24", without its first and last address, or "10.0.0.1-10.0.0.9". The error says what
/// to type instead.
tl::expected<AddressRange, std::string> read_addresses(std::string_view text);

}  // namespace vsim::vsimctl
