#include "ops/process/address_range.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

#include "domain/decimal.h"

namespace vsim::process {
namespace {

constexpr unsigned bits_max = 128;
constexpr unsigned v4_prefix_bits = 96;
constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// The first `bits` bits, the rest zero.
IpAddress masked(IpAddress address, unsigned bits) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = std::clamp<unsigned>(bits, 8 * i, 8 * i + 8) - 8 * i;
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00U >> kept));
  }
  return address;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) {
    return std::nullopt;
  }
  const std::string copy(text);
  IpAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + v4_prefix.size()) == 1) {
    return address;
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr& address) {
  IpAddress read;
  if (address.sa_family == AF_INET6) {
    std::memcpy(read.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
    return read;
  }
  if (address.sa_family != AF_INET) {
    return std::nullopt;
  }
  std::copy(v4_prefix.begin(), v4_prefix.end(), read.bytes.begin());
  std::memcpy(read.bytes.data() + v4_prefix.size(),
              &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  return read;
}

bool IpAddress::is_v4() const {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  static const IpAddress v6_loopback = *parse("::1");
  return is_v4() ? bytes[v4_prefix.size()] == 127 : *this == v6_loopback;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + v4_prefix.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

tl::expected<AddressRange, std::string> AddressRange::parse(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return tl::unexpected('"' + std::string(text) + "\" " + why);
  };
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return wrong("is no address or range; give such as 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32");
  }
  AddressRange range;
  const unsigned before = address->is_v4() ? v4_prefix_bits : 0;
  if (slash != std::string_view::npos) {
    const auto bits = read_decimal(text.substr(slash + 1), bits_max - before);
    if (!bits) {
      return wrong("has no good number of bits; give 0 to " + std::to_string(bits_max - before) +
                   ", without zeros in front");
    }
    range.bits_ = static_cast<unsigned>(*bits) + before;
  }
  range.first_ = masked(*address, range.bits_);
  if (range.first_ != *address) {
    const std::string bits = std::to_string(range.bits_ - before);
    return wrong("has bits behind the range's; \"" + range.first_.to_string() + "/" + bits + "\"?");
  }
  return range;
}

bool AddressRange::contains(const IpAddress& address) const {
  return masked(address, bits_) == first_;
}

bool contains(const std::vector<AddressRange>& ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.contains(address); });
}

}  // namespace vsim::process
