#include "domain/ids.h"

#include <cstring>

namespace vsim {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

bool dash_stands_at(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) {
    return std::nullopt;
  }
  Uuid id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dash_stands_at(i)) {
      if (text[i] != '-') {
        return std::nullopt;
      }
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) {
      return std::nullopt;
    }
    auto& byte = id.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
    ++nibble;
  }
  return id;
}

std::string Uuid::to_string() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (const auto byte : bytes) {
    if (dash_stands_at(at)) {
      ++at;
    }
    text[at++] = digits[byte >> 4];
    text[at++] = digits[byte & 0xf];
  }
  return text;
}

std::optional<Region> Region::parse(std::string_view text) {
  if (text.empty() || text.size() > 32) {
    return std::nullopt;
  }
  if (text.front() == '-' || text.back() == '-') {
    return std::nullopt;
  }
  for (const char c : text) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!fits) {
      return std::nullopt;
    }
  }
  return Region{std::string(text)};
}

std::optional<Ipv4> Ipv4::parse(std::string_view text) {
  std::uint32_t bits = 0;
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    std::uint32_t value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 4) {
      value = value * 10 + static_cast<std::uint32_t>(text[digits++] - '0');
    }
    const bool leading_zero = digits > 1 && text[0] == '0';
    if (digits == 0 || digits > 3 || value > 255 || leading_zero) {
      return std::nullopt;
    }
    bits = bits << 8 | value;
    text.remove_prefix(digits);
    if (part < 3) {
      if (text.empty() || text[0] != '.') {
        return std::nullopt;
      }
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) {
    return std::nullopt;
  }
  return Ipv4{bits};
}

std::string Ipv4::to_string() const {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string(bits >> shift & 0xff);
    if (shift > 0) {
      text += '.';
    }
  }
  return text;
}

}  // namespace vsim

std::size_t std::hash<vsim::Uuid>::operator()(const vsim::Uuid& id) const noexcept {
  // Both halves are mixed: version 7 ids of one moment share their first half.
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), 8);
  std::memcpy(&low, id.bytes.data() + 8, 8);
  return static_cast<std::size_t>((high ^ (low * 0x9e3779b97f4a7c15ULL)) * 0xff51afd7ed558ccdULL);
}
