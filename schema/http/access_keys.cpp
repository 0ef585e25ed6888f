#include "schema/http/access_keys.h"

#include <algorithm>

#include "schema/http/base64url.h"
#include "schema/http/key_file.h"
#include "schema/messages/sha256.h"

namespace vsim::http {
namespace {

constexpr std::string_view id_prefix = "VSIA";
constexpr std::string_view id_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string access_key_id(std::span<const std::uint8_t, access_key_chance_bytes> chance) {
  std::string id(id_prefix);
  std::uint32_t bits = 0;
  int count = 0;  // of bits that are in no digit yet
  for (const std::uint8_t byte : chance) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 5; count -= 5) {
      id += id_digits[bits >> (count - 5) & 31];
    }
  }
  return id;
}

bool is_access_key_id(std::string_view text) {
  return text.size() == access_key_id_characters && text.starts_with(id_prefix) &&
         text.find_first_not_of(id_digits) == std::string_view::npos;
}

std::string access_key_secret(const MasterSecret& master, std::string_view id) {
  return to_base64(messages::hmac_sha256(as_text(master), id));
}

std::string master_secret_path(const std::string& keys_path) { return keys_path + ".master"; }

std::string render_master_secret(const MasterSecret& master) { return to_base64url(master) + "\n"; }

tl::expected<std::optional<MasterSecret>, std::string> load_master_secret(const std::string& path) {
  const auto text = load_secret_file(path);
  if (!text) {
    return tl::unexpected(text.error());
  }
  if (!*text) {
    return std::nullopt;
  }
  std::string_view line = **text;
  line.remove_suffix(line.ends_with('\n') ? 1 : 0);
  MasterSecret master{};
  if (!from_base64url(line, master)) {
    return tl::unexpected(path + ": holds no master secret of access keys");
  }
  return master;
}

}  // namespace vsim::http
