#pragma once

// The keys of the API as they are sent, and the file that `vsimctl keys` writes and the API reads.
// The file holds no key, only the hash of each: a key is 256 bits of chance, so that no number of
// guesses finds it from its hash, and a slow hash would cost time and add nothing.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "domain/account.h"
#include "domain/instant.h"
#include "schema/messages/sha256.h"

namespace vsim::http {

inline constexpr std::size_t api_keys_max = 1000;  // in one file
inline constexpr std::size_t key_name_characters_max = 64;
inline constexpr std::size_t key_secret_bytes = 32;

/// What a key allows; each role may do what the ones before it may.
enum class Role : std::uint8_t {
  reader,    // reads
  caller,    // also creates servers and acts on them
  operator_  // also extends pools and moves the clock
};

std::string_view to_string(Role role);  // "operator"
std::optional<Role> role_from(std::string_view name);

struct ApiKey {
  std::string name;  // who acts: the `actor` of events
  Role role = Role::reader;
  messages::Sha256 hash{};
  Instant made_at;  // by the wall clock
  /// Whose servers it sees; an operator's sees all, and creates for this one.
  std::string account = std::string(default_account);
  /// By which clients of AWS name it, where it has one; its text is then their secret. D79
  std::string access_key_id = {};
};

/// Why a key may not have this name; nothing when it may. Names by which vsim itself acts are
/// taken.
std::optional<std::string> complaint_about_key_name(std::string_view name);

/// A key's text, made of bytes of chance.
std::string key_text(std::span<const std::uint8_t, key_secret_bytes> secret);

/// The keys in the text of a file. The error is a sentence that says what is wrong with it.
tl::expected<std::vector<ApiKey>, std::string> read_keys(std::string_view text);

/// The file's text, one key a line.
std::string render_keys(const std::vector<ApiKey>& keys);

}  // namespace vsim::http
