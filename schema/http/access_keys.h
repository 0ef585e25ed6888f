#pragma once

// Keys of the API in the form that clients of AWS have: an access key id, which is sent, and a
// secret, which signs. A signature can only be checked by who has the secret, so it is derived from
// the id and a master secret: beside that one no secret is stored. D79

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace vsim::http {

inline constexpr std::size_t access_key_chance_bytes = 10;
inline constexpr std::size_t access_key_id_characters = 20;
inline constexpr std::size_t master_secret_bytes = 32;
using MasterSecret = std::array<std::uint8_t, master_secret_bytes>;

/// "VSIA" and 16 letters and digits, made of bytes of chance.
std::string access_key_id(std::span<const std::uint8_t, access_key_chance_bytes> chance);

/// Whether the text has the form of one.
bool is_access_key_id(std::string_view text);

/// What a client signs with: 44 characters.
std::string access_key_secret(const MasterSecret& master, std::string_view id);

/// The file of the master secret, which lies beside that of the keys.
std::string master_secret_path(const std::string& keys_path);

/// The file's text.
std::string render_master_secret(const MasterSecret& master);

/// Nothing when there is no file. The error, "PATH: what is wrong", also tells of a file that
/// others than its owner may read: who can read it can sign as anybody.
tl::expected<std::optional<MasterSecret>, std::string> load_master_secret(const std::string& path);

}  // namespace vsim::http
