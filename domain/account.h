#pragma once

// Accounts: whose servers they are. An account is a name and no more; it is there as soon as a key
// or a command bears it. D94

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vsim {

/// Of keys, commands and servers that name none.
inline constexpr std::string_view default_account = "default";
inline constexpr std::size_t account_characters_max = 40;

/// Why no account may have this name, as a sentence; nothing when one may: 1 to 40 lower-case
/// letters, digits and dashes.
std::optional<std::string> complaint_about_account(std::string_view name);

/// How an account is written beside what belongs to `owner`: empty where it is that one.
std::string beside_owner(std::string_view account, std::string_view owner);

}  // namespace vsim
