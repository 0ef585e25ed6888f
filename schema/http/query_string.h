#pragma once

// What stands behind the question mark of a URL. What is malformed or out of range is refused with
// a sentence that says what to change; nothing is changed silently.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace vsim::http {

inline constexpr std::size_t query_parameters_max = 64;

/// The parameters of one request. A value; const functions from any thread.
class QueryString {
 public:
  /// Takes the text as it was sent. Refuses broken escapes, text that is no UTF-8 or holds control
  /// characters, and names given twice.
  static tl::expected<QueryString, std::string> parse(std::string_view raw);

  /// The value under the name; valid as long as this object.
  const std::string* find(std::string_view name) const;

  /// A whole number from `least` to `most`, or `fallback` when it is not given.
  tl::expected<std::uint64_t, std::string> number(std::string_view name, std::uint64_t least,
                                                  std::uint64_t most, std::uint64_t fallback) const;

  /// The parameters tag.KEY, by their keys.
  std::map<std::string, std::string> tags() const;

  /// A sentence when there is a parameter that is none of these (a typing error would else show
  /// everything instead of nothing). `tag.` in the list stands for all tags.
  std::optional<std::string> complaint_unless(std::initializer_list<std::string_view> known) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// %XX as its byte (RFC 3986, 2.1); nothing when an escape is broken.
std::optional<std::string> decode_escapes(std::string_view text);

/// The same, and + as a blank, as forms write query strings.
std::optional<std::string> decode_component(std::string_view text);

/// Whether the text is UTF-8 without control characters.
bool is_printable_utf8(std::string_view text);

}  // namespace vsim::http
