#pragma once

// Readers of single settings: text in, a value or a sentence with the fix out.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "ops/process/settings.h"

namespace vsim::process {

/// "90s", "30m", "1h30m", "500ms", "7d". A number alone is refused, and `usual_unit` suggested.
tl::expected<std::chrono::milliseconds, std::string> read_duration(std::string_view text,
                                                                   std::string_view usual_unit);

/// Durations within the limits of settings.h.
tl::expected<std::chrono::milliseconds, std::string> read_billing_interval(std::string_view text);
tl::expected<std::chrono::milliseconds, std::string> read_lease_max(std::string_view text);

/// "host:port", "[::1]:port", or ":port" for every interface.
tl::expected<ListenAddress, std::string> read_listen_address(std::string_view text);

tl::expected<std::uint16_t, std::string> read_port(std::string_view text);
tl::expected<std::uint64_t, std::string> read_whole_number(std::string_view text,
                                                           std::uint64_t least, std::uint64_t most);
/// A whole number, or "off" for 0.
tl::expected<std::uint64_t, std::string> read_rate_limit(std::string_view text);
/// "10.0.0.0/8, ::1": addresses or ranges, by commas.
tl::expected<std::vector<AddressRange>, std::string> read_address_ranges(std::string_view text);
/// "vsim.example.org, api": names of hosts, by commas, without ports.
tl::expected<std::vector<std::string>, std::string> read_host_names(std::string_view text);
tl::expected<bool, std::string> read_yes_no(std::string_view text);
tl::expected<double, std::string> read_time_scale(std::string_view text);
tl::expected<log::Level, std::string> read_log_level(std::string_view text);
tl::expected<log::Format, std::string> read_log_format(std::string_view text);
tl::expected<telemetry::Durability, std::string> read_durability(std::string_view text);
tl::expected<Roles, std::string> read_roles(std::string_view text);

/// One of libpq's, "disable" to "verify-full".
tl::expected<std::string, std::string> read_ssl_mode(std::string_view text);

/// One value of a libpq connection string, quoted.
std::string quote_connection_value(std::string_view value);

}  // namespace vsim::process
