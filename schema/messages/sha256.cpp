#include "schema/messages/sha256.h"

#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace vsim::messages {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

}  // namespace

Sha256 sha256_of(std::string_view bytes) {
  Sha256 digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 digest{};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(),
           digest.data(), nullptr) == nullptr) {
    std::abort();
  }
  return digest;
}

std::string to_hex(const Sha256& digest) {
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    hex += hex_digits[byte >> 4];
    hex += hex_digits[byte & 15];
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256_of(bytes)); }

std::optional<Sha256> sha256_from_hex(std::string_view text) {
  Sha256 digest{};
  if (text.size() != 2 * digest.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const std::size_t high = hex_digits.find(text[2 * i]);
    const std::size_t low = hex_digits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return std::nullopt;
    }
    digest[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

}  // namespace vsim::messages
