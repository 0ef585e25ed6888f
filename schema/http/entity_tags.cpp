#include "schema/http/entity_tags.h"

#include <algorithm>
#include <optional>

#include "domain/decimal.h"
#include "schema/messages/uuid.h"

namespace vsim::http {
namespace {

constexpr std::string_view weak_mark = "W/";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Members of a list may be empty (RFC 9110, 5.6.1.2).
void skip_blanks_and_commas(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t,"), text.size()));
}

/// What may stand between a tag's quotes: visible ASCII but the quote, and all above ASCII.
bool is_tag_character(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code > 0x20 && code != 0x7F && c != '"';
}

/// The quoted text that the field begins with; `text` goes on behind it.
tl::expected<std::string, std::string> take_quoted(std::string_view& text) {
  const auto end = text.starts_with('"') ? text.find('"', 1) : std::string_view::npos;
  if (end == std::string_view::npos) {
    return tl::unexpected<std::string>("holds something without quotes around it");
  }
  const std::string_view opaque = text.substr(1, end - 1);
  if (!std::all_of(opaque.begin(), opaque.end(), is_tag_character)) {
    return tl::unexpected<std::string>(
        "holds a blank or a control character between quotes, which no ETag has");
  }
  std::string quoted(text.substr(0, end + 1));
  text.remove_prefix(end + 1);
  return quoted;
}

tl::expected<EntityTags, std::string> take_tags(std::string_view field) {
  EntityTags tags;
  skip_blanks_and_commas(field);
  while (!field.empty()) {
    const bool weak = field.starts_with(weak_mark);
    if (weak) {
      field.remove_prefix(weak_mark.size());
    }
    auto quoted = take_quoted(field);
    if (!quoted) {
      return tl::unexpected(quoted.error());
    }
    (weak ? tags.weak : tags.strong).push_back(std::move(*quoted));
    skip_blanks(field);
    if (!field.empty() && field.front() != ',') {
      return tl::unexpected<std::string>("has no comma behind a tag");
    }
    skip_blanks_and_commas(field);
  }
  return tags;
}

}  // namespace

std::string entity_tag(Version version) { return "\"" + std::to_string(version) + "\""; }

std::string content_tag(std::string_view content) {
  return "\"" + messages::uuid_from_name(Uuid{}, content).to_string() + "\"";
}

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

std::optional<std::string> EntityTags::why_unmatchable() const {
  if (any || !versions().empty()) {
    return std::nullopt;
  }
  if (!weak.empty()) {
    return "weak tags (W/) never match If-Match (RFC 9110, 13.1.1), and this API gives none: a "
           "proxy on the way, such as one that compresses, has marked the ETag so; ask for the "
           "answer as it is (Accept-Encoding: identity), or send the ETag without W/";
  }
  return "none of the tags of If-Match is an ETag of this API, which are quoted numbers, such as "
         "\"5\": a proxy on the way may have changed the ETag, as those that compress do (-gzip); "
         "ask for the answer as it is (Accept-Encoding: identity)";
}

tl::expected<EntityTags, std::string> read_entity_tags(std::string_view field) {
  const std::string wanted = "must be * or up to " + std::to_string(entity_tags_max) +
                             " quoted ETags with commas between them, such as \"5\"";
  std::string_view rest = field;
  skip_blanks(rest);
  if (rest.starts_with('*')) {
    rest.remove_prefix(1);
    skip_blanks(rest);
    if (!rest.empty()) {
      return tl::unexpected("holds more than *; it " + wanted);
    }
    EntityTags any;
    any.any = true;
    return any;
  }
  auto tags = take_tags(field);
  if (!tags) {
    return tl::unexpected(tags.error() + "; it " + wanted);
  }
  const std::size_t count = tags->strong.size() + tags->weak.size();
  if (count == 0 || count > entity_tags_max) {
    return tl::unexpected(wanted);
  }
  return tags;
}

}  // namespace vsim::http
