#pragma once

// The tokens of HTTP/1.1 messages (RFC 9110, 5.6; RFC 9112, 5 and 7.1). The readers take what the
// grammar allows and refuse everything else: a reader that repairs its input may see another
// message than a proxy before it. D41. Pure functions; any thread.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace vsim::api {

/// What is wrong with a message and what to send instead: a whole sentence, a constant.
using Complaint = const char*;

/// One or more of RFC 9110's tchar (5.6.2): the names of methods and headers.
bool is_token(std::string_view text);

/// Without the blanks and tabs around it.
std::string_view trim_blanks(std::string_view text);

/// Whether a header's value, a list by commas, has this member, in any case.
bool has_member(std::string_view list, std::string_view member);

/// A line "NAME: VALUE" without its end (RFC 9112, 5): views of the line.
tl::expected<std::pair<std::string_view, std::string_view>, Complaint> read_field_line(
    std::string_view line);

/// The line before a chunk without its end, such as "1f" or "1f;name=value" (RFC 9112, 7.1): the
/// chunk's length in bytes. Extensions must have their form and are not looked at.
std::optional<std::uint64_t> read_chunk_size(std::string_view line);

}  // namespace vsim::api
