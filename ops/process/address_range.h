#pragma once

// Addresses of peers, and ranges of them. Values; any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

struct sockaddr;

namespace vsim::process {

/// An IPv4 or IPv6 address. IPv4 is held as IPv6 has it, so 10.0.0.1 equals ::ffff:10.0.0.1.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// Without brackets or port.
  static std::optional<IpAddress> parse(std::string_view text);
  /// Nothing for another family.
  static std::optional<IpAddress> of(const sockaddr& address);

  bool is_v4() const;
  bool is_loopback() const;
  std::string to_string() const;
  bool operator==(const IpAddress&) const = default;
};

/// All addresses that begin with the same bits: "10.0.0.0/8", or one address alone.
class AddressRange {
 public:
  /// The error says what to write instead.
  static tl::expected<AddressRange, std::string> parse(std::string_view text);

  bool contains(const IpAddress& address) const;

 private:
  IpAddress first_;
  unsigned bits_ = 128;  // of the 128, also for IPv4
};

bool contains(const std::vector<AddressRange>& ranges, const IpAddress& address);

}  // namespace vsim::process
