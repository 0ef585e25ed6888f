#pragma once

// Readers of single settings: text in, a value or a sentence with the fix out.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "ops/process/settings.h"

namespace vsim::process {

template <typename T>
using Read = tl::expected<T, std::string>;

/// "90s", "30m", "1h30m", "500ms", "7d". A number alone is refused, and `usual_unit` suggested.
Read<std::chrono::milliseconds> read_duration(std::string_view text, std::string_view usual_unit);

/// "host:port", "[::1]:port", or ":port" for every interface.
Read<ListenAddress> read_listen_address(std::string_view text);

Read<std::uint16_t> read_port(std::string_view text);
Read<std::uint64_t> read_whole_number(std::string_view text, std::uint64_t least,
                                      std::uint64_t most);
/// A whole number, or "off" for 0.
Read<std::uint64_t> read_rate_limit(std::string_view text);
/// "10.0.0.0/8, ::1": addresses or ranges, by commas.
Read<std::vector<AddressRange>> read_address_ranges(std::string_view text);
/// "vsim.example.org, api": names of hosts, by commas, without ports.
Read<std::vector<std::string>> read_host_names(std::string_view text);
Read<bool> read_yes_no(std::string_view text);
Read<double> read_time_scale(std::string_view text);
Read<log::Level> read_log_level(std::string_view text);
Read<log::Format> read_log_format(std::string_view text);
Read<Roles> read_roles(std::string_view text);

/// One of libpq's, "disable" to "verify-full".
Read<std::string> read_ssl_mode(std::string_view text);

/// One value of a libpq connection string, quoted.
std::string quote_connection_value(std::string_view value);

}  // namespace vsim::process
