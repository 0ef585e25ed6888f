// Headers, cursors and times of requests: what is read says the same when it is written and read
// again.

#include <algorithm>
#include <string_view>

#include "schema/http/cursor.h"
#include "schema/http/entity_tags.h"
#include "schema/http/preferences.h"
#include "schema/http/sequence_token.h"
#include "schema/messages/instant_text.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

void check_entity_tags(std::string_view field) {
  const auto tags = http::read_entity_tags(field);
  if (!tags) {
    return must_hold(!tags.error().empty(), "a refusal says why");
  }
  must_hold(tags->strong.size() + tags->weak.size() <= http::entity_tags_max,
            "tags are no more than are allowed");
  for (const Version version : tags->versions()) {
    const auto tag = http::entity_tag(version);
    must_hold(tags->hold_weakly(tag), "a version that is named matches");
    const auto again = http::read_entity_tags(tag);
    must_hold(again && again->versions() == std::vector{version}, "a tag names its version");
  }
}

void check_preferences(std::string_view field) {
  const auto preferences = http::read_preferences(field);
  if (!preferences) {
    return must_hold(!preferences.error().empty(), "a refusal says why");
  }
  const auto patience = preferences->patience();
  must_hold(patience.count() >= 0 && patience <= http::wait_max, "a wait is within its bounds");
  const auto again = http::read_preferences(preferences->applied());
  must_hold(again && again->applied() == preferences->applied(), "what was applied is understood");
}

void check_tokens(std::string_view text) {
  if (const auto position = http::decode_cursor(text)) {
    must_hold(http::encode_cursor(*position) == text, "a cursor has one form");
  }
  if (const auto token = http::decode_sequence(text)) {
    must_hold(http::decode_sequence(http::encode_sequence(*token)) == token,
              "a sequence is read as it was written");
  }
}

void check_words(std::string_view text) {
  if (const auto at = messages::parse_instant(text)) {
    must_hold(messages::parse_instant(messages::format_instant(*at)) == at,
              "a time is read as it was written");
  }
  if (const auto ip = Ipv4::parse(text)) {
    must_hold(ip->to_string() == text, "an address has one form");
  }
  if (const auto id = Uuid::parse(text)) {
    must_hold(Uuid::parse(id->to_string()) == id, "an id is read as it was written");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_entity_tags(text);
  check_preferences(text);
  check_tokens(text);
  check_words(text);
  http::prefers_csv(text);
  return 0;
}
