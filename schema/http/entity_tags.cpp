#include "schema/http/entity_tags.h"

#include <algorithm>
#include <optional>

#include "domain/decimal.h"

namespace vsim::http {
namespace {

constexpr std::string_view weak_mark = "W/";

void skip_blanks_and_commas(std::string_view& text) {
  const auto end = text.find_first_not_of(" \t,");
  text.remove_prefix(std::min(end, text.size()));
}

/// The quoted text that the field begins with; `text` goes on behind it.
std::optional<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) {
    return std::nullopt;
  }
  const auto end = text.find('"', 1);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string quoted(text.substr(0, end + 1));
  text.remove_prefix(end + 1);
  const bool separated = text.empty() || text.find_first_of(" \t,") == 0;
  return separated ? std::optional(std::move(quoted)) : std::nullopt;
}

/// Up to the end of the field, or to what is no tag.
EntityTags take_tags(std::string_view& field) {
  EntityTags tags;
  while (!field.empty()) {
    const bool weak = field.starts_with(weak_mark);
    if (weak) {
      field.remove_prefix(weak_mark.size());
    }
    auto quoted = take_quoted(field);
    if (!quoted) {
      break;
    }
    (weak ? tags.weak : tags.strong).push_back(std::move(*quoted));
    skip_blanks_and_commas(field);
  }
  return tags;
}

}  // namespace

std::string entity_tag(Version version) { return "\"" + std::to_string(version) + "\""; }

bool EntityTags::hold_weakly(std::string_view tag) const {
  const auto has = [tag](const std::vector<std::string>& tags) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  };
  return any || has(strong) || has(weak);
}

std::vector<Version> EntityTags::versions() const {
  std::vector<Version> versions;
  for (const auto& tag : strong) {
    if (const auto version = read_decimal(std::string_view(tag).substr(1, tag.size() - 2))) {
      versions.push_back(*version);
    }
  }
  return versions;
}

tl::expected<EntityTags, std::string> read_entity_tags(std::string_view field) {
  skip_blanks_and_commas(field);
  EntityTags tags;
  if (field.starts_with('*')) {
    field.remove_prefix(1);
    skip_blanks_and_commas(field);
    tags.any = true;
  } else {
    tags = take_tags(field);
  }
  const std::size_t count = tags.strong.size() + tags.weak.size();
  if (!field.empty() || (count == 0 && !tags.any) || count > entity_tags_max) {
    return tl::unexpected("must be * or up to " + std::to_string(entity_tags_max) +
                          " quoted ETags with commas between them, such as \"5\"");
  }
  return tags;
}

}  // namespace vsim::http
