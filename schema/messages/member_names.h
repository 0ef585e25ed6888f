#pragma once

// The names in what people type: JSON members, parameters, headers. A mistyped one is reported
// with the name that was probably meant, instead of being ignored. // D42

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace vsim::messages {

using Names = std::span<const std::string_view>;

/// The known name that takes the fewest edits (a letter more, less, other, or two swapped; letter
/// case is free, and a begin or an end left out is one edit) to come from the one given; empty
/// where none is known.
std::string_view nearest_name(std::string_view given, Names known);

/// `"tag" is not known here; the nearest name is "tags", and there are name, tags`
std::string unknown_name(std::string_view given, Names known);

/// A sentence about the first member of the object that is not known, null or not; nothing when all
/// are.
std::optional<std::string> find_unknown_member(const simdjson::dom::object& object, Names known);

/// A sentence about a name that stands twice in one object, this or any inside it; nothing when no
/// name does. RFC 8259, 4, leaves open which of the two a reader takes.
std::optional<std::string> find_double(const simdjson::dom::object& object);

}  // namespace vsim::messages
