#pragma once

// Entity tags (RFC 9110, 8.8.3): a server's is the version of its last change, so If-None-Match
// saves a client what it has already, and If-Match keeps it from acting on what it has not seen.
// Pure; any thread. D39

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "domain/ids.h"

namespace vsim::http {

inline constexpr std::size_t entity_tags_max = 32;  // in one field

/// The tag of a server whose last change has this version, quoted.
std::string entity_tag(Version version);

/// A tag, quoted, that differs where the content does.
std::string content_tag(std::string_view content);

/// What a field If-Match or If-None-Match holds.
struct EntityTags {
  bool any = false;                 // "*"
  std::vector<std::string> strong;  // with their quotes
  std::vector<std::string> weak;    // those behind W/, likewise

  /// The weak comparison of RFC 9110, 8.8.3.2: for If-None-Match.
  bool hold_weakly(std::string_view tag) const;

  /// What the strong comparison may match: for If-Match. Tags that are no version of ours match
  /// nothing and are left out.
  std::vector<Version> versions() const;

  /// Why no state of any server can match If-Match with these tags, as a sentence that says what to
  /// change; nothing when one can. Weak tags never match (RFC 9110, 8.8.3.2 and 13.1.1).
  std::optional<std::string> why_unmatchable() const;
};

/// Reads a field's list of tags (RFC 9110, 5.6.1 and 8.8.3). The error says what to change.
tl::expected<EntityTags, std::string> read_entity_tags(std::string_view field);

}  // namespace vsim::http
