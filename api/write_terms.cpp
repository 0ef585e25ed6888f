#include "api/write_terms.h"

#include "api/answers.h"
#include "schema/http/entity_tags.h"
#include "schema/http/idempotency_key.h"
#include "schema/http/query_string.h"
#include "schema/messages/command_codec.h"

namespace vsim::api {
namespace {

constexpr std::string_view account = "default";  // of all keys: they say who acts
constexpr std::string_view key_header = "Idempotency-Key";
constexpr std::string_view match_header = "If-Match";

Reply<bool> read_until(const HttpRequest& request, bool may_settle) {
  const auto query = http::QueryString::parse(request.query);
  if (!query) {
    return tl::unexpected(invalid(query.error()));
  }
  const auto complaint =
      may_settle ? query->complaint_unless({"until"}) : query->complaint_unless({});
  if (complaint) {
    return tl::unexpected(invalid(*complaint));
  }
  const std::string* until = query->find("until");
  if (until != nullptr && *until != "settled") {
    return tl::unexpected(invalid("until is \"" + *until + "\"; there is only until=settled"));
  }
  return until != nullptr;
}

/// Nothing: any version will do.
Reply<std::optional<std::vector<Version>>> read_if_match(const HttpRequest& request,
                                                         WriteTo target) {
  if (!request.has_header(match_header)) {
    return std::nullopt;
  }
  if (target != WriteTo::server) {
    return tl::unexpected(
        invalid("If-Match goes with a write to a server that is there; leave it out"));
  }
  const auto tags = http::read_entity_tags(request.joined_header(match_header));
  if (!tags) {
    return tl::unexpected(invalid("If-Match " + tags.error()));
  }
  return tags->any ? std::nullopt : std::optional(tags->versions());
}

}  // namespace

Reply<WriteTerms> read_write_terms(const HttpRequest& request, WriteTo target) {
  WriteTerms terms;
  const auto until = read_until(request, target != WriteTo::fleet);
  if (!until) {
    return tl::unexpected(until.error());
  }
  terms.until_settled = *until;
  auto only_at = read_if_match(request, target);
  if (!only_at) {
    return tl::unexpected(only_at.error());
  }
  terms.only_at = std::move(*only_at);
  auto preferences = http::read_preferences(request.joined_header("Prefer"));
  if (!preferences) {
    return tl::unexpected(invalid(preferences.error()));
  }
  terms.preferences = *preferences;
  terms.deadline = std::chrono::steady_clock::now() + terms.preferences.patience();
  terms.keyed = request.has_header(key_header);
  if (terms.keyed) {
    if (request.count_headers(key_header) > 1) {
      return tl::unexpected(invalid("Idempotency-Key is there more than once; send one"));
    }
    const auto key = http::read_idempotency_key(request.header(key_header));
    if (!key) {
      return tl::unexpected(invalid(key.error()));
    }
    terms.id = messages::command_id_of_key(account, *key);
  } else {
    terms.id = CommandId{messages::uuid_from_time()};
  }
  return terms;
}

}  // namespace vsim::api
