#pragma once

// The file of the API's keys on the disk, for those who read it. It is replaced as a whole, so a
// reader sees it before a change or after it. D31

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "schema/messages/json_fields.h"

namespace vsim::http {

inline constexpr std::size_t key_file_bytes_max = messages::json_bytes_max;

/// The text of the file; nothing when there is none. The error, "PATH: what is wrong", also tells
/// of a file that others than its owner may write: who can write it can give himself a key.
tl::expected<std::optional<std::string>, std::string> load_key_file(const std::string& path);

/// The same of a file that others than its owner may not even read, since what it holds is secret.
tl::expected<std::optional<std::string>, std::string> load_secret_file(const std::string& path);

}  // namespace vsim::http
