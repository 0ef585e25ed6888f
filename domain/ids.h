#pragma once

// Identities of the domain: strong types, so that a command's id can never stand where a server's
// belongs. All are values: cheap to copy, comparable, hashable, safe to share between threads.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace vsim {

/// A UUID (RFC 9562), 16 bytes in network order.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  /// Reads the 8-4-4-4-12 form in either case; nothing else is a UUID here.
  static std::optional<Uuid> parse(std::string_view text);

  /// The canonical form: 36 characters, lower case.
  std::string to_string() const;

  /// The version nibble: 4 random, 5 derived from a name, 7 ordered by time.
  int version() const { return bytes[6] >> 4; }

  auto operator<=>(const Uuid&) const = default;
};

/// One simulated machine, over all regions.
struct ServerId {
  Uuid uuid;
  std::string to_string() const { return uuid.to_string(); }
  auto operator<=>(const ServerId&) const = default;
};

/// One command, over all attempts to deliver it. Also the id of its operation.
struct CommandId {
  Uuid uuid;
  std::string to_string() const { return uuid.to_string(); }
  auto operator<=>(const CommandId&) const = default;
};

/// A region's name, such as "us-east-1". Whether it exists is the catalogue's to say.
struct Region {
  std::string name;

  /// Lower-case letters, digits and inner dashes, 1 to 32 characters: what fits a subject token.
  static std::optional<Region> parse(std::string_view text);

  auto operator<=>(const Region&) const = default;
};

/// Counts a server's events from 1, with no gap. 0: no event yet.
using Version = std::uint64_t;

/// A position in a stream, from 1. 0: before the first message.
using StreamSequence = std::uint64_t;

/// An IPv4 address in host byte order, so that neighbours differ by 1.
struct Ipv4 {
  std::uint32_t bits = 0;

  /// Dotted decimal without leading zeros.
  static std::optional<Ipv4> parse(std::string_view text);
  std::string to_string() const;

  auto operator<=>(const Ipv4&) const = default;
};

}  // namespace vsim

template <>
struct std::hash<vsim::Uuid> {
  std::size_t operator()(const vsim::Uuid& id) const noexcept;
};
template <>
struct std::hash<vsim::ServerId> {
  std::size_t operator()(const vsim::ServerId& id) const noexcept {
    return std::hash<vsim::Uuid>{}(id.uuid);
  }
};
template <>
struct std::hash<vsim::CommandId> {
  std::size_t operator()(const vsim::CommandId& id) const noexcept {
    return std::hash<vsim::Uuid>{}(id.uuid);
  }
};
template <>
struct std::hash<vsim::Region> {
  std::size_t operator()(const vsim::Region& region) const noexcept {
    return std::hash<std::string>{}(region.name);
  }
};
