#pragma once

// Patterns of filter values: * is any run of characters, ? is one, and \ takes the next one as it
// is. Case counts, and the whole text must fit. D79

#include <optional>
#include <string>
#include <string_view>

namespace vsim::ec2 {

/// Both are UTF-8, and ? is one of its characters. Takes no more time than the product of their
/// lengths.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// The one text that the pattern fits; nothing when it fits several.
std::optional<std::string> only_text_of(std::string_view pattern);

}  // namespace vsim::ec2
