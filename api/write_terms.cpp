#include "api/write_terms.h"

#include <algorithm>
#include <set>

#include "api/answers.h"
#include "schema/http/entity_tags.h"
#include "schema/http/idempotency_key.h"
#include "schema/http/query_string.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/uuid.h"

namespace vsim::api {
namespace {

constexpr std::string_view key_header = "Idempotency-Key";
constexpr std::string_view match_header = "If-Match";

std::optional<std::string> complaint_about(const http::QueryString& query, WriteTarget target) {
  switch (target) {
    case WriteTarget::new_server:
    case WriteTarget::server:
      return query.complaint_unless({"until", "account"});
    case WriteTarget::warm_pool:
      return query.complaint_unless({"account"});
    case WriteTarget::fleet:
      return query.complaint_unless({});
  }
  return std::nullopt;
}

/// One text for the same tags, in whatever order they came and how often. Empty for "*", which asks
/// no more of a write to a server than no field at all.
std::string canonical(const http::EntityTags& tags) {
  if (tags.any) {
    return {};
  }
  std::set<std::string> sorted(tags.strong.begin(), tags.strong.end());
  for (const std::string& weak : tags.weak) {
    sorted.insert("W/" + weak);
  }
  std::string text;
  for (const std::string& tag : sorted) {
    text += (text.empty() ? "" : ", ") + tag;
  }
  return text;
}

/// Into `terms`: the versions, and the tags as one text. Without the field any version will do.
std::optional<http::Problem> read_if_match(const HttpRequest& request, WriteTarget target,
                                           WriteTerms& terms) {
  if (!request.has_header(match_header)) {
    return std::nullopt;
  }
  if (target != WriteTarget::server) {
    return invalid("If-Match goes with a write to a server that is there; leave it out");
  }
  const auto tags = http::read_entity_tags(request.joined_header(match_header));
  if (!tags) {
    return invalid("If-Match " + tags.error());
  }
  terms.match = canonical(*tags);
  if (auto why = tags->why_unmatchable()) {
    terms.unmatchable =
        http::Problem{.code = http::ProblemCode::precondition_failed, .detail = std::move(*why)};
  }
  if (!tags->any) {
    terms.only_at = tags->versions();
  }
  return std::nullopt;
}

}  // namespace

void add_version_of_older_builds(std::optional<std::vector<Version>>& wanted,
                                 const read_model::ServerRow& server) {
  const auto names = [&](Version version) {
    return std::find(wanted->begin(), wanted->end(), version) != wanted->end();
  };
  if (wanted && names(server.changed_version) && !names(server.version)) {
    wanted->push_back(server.version);
  }
}

Reply<bool> read_until_settled(const HttpRequest& request, WriteTarget target) {
  const auto query = http::QueryString::parse(request.query);
  if (!query) {
    return tl::unexpected(invalid(query.error()));
  }
  if (const auto complaint = complaint_about(*query, target)) {
    return tl::unexpected(invalid(*complaint));
  }
  const std::string* until = query->find("until");
  if (until != nullptr && *until != "settled") {
    return tl::unexpected(invalid("until is \"" + *until + "\"; there is only until=settled"));
  }
  return until != nullptr;
}

bool asks_to_wait(const HttpRequest& request) {
  const bool is_acquire =
      request.path.starts_with("/warm-pools/") && request.path.ends_with("/acquire");
  const bool may_be_patient = request.method == "GET" || is_acquire;
  return (may_be_patient && request.has_header("Prefer")) ||
         read_until_settled(request, WriteTarget::server).value_or(false);
}

Reply<WriteTerms> read_write_terms(const Call& call, WriteTarget target) {
  const HttpRequest& request = call.request;
  WriteTerms terms;
  const auto until = read_until_settled(request, target);
  if (!until) {
    return tl::unexpected(until.error());
  }
  terms.until_settled = *until;
  if (auto wrong = read_if_match(request, target, terms)) {
    return tl::unexpected(std::move(*wrong));
  }
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
    terms.id = messages::command_id_of_key(call.scope.own, *key);
  } else {
    terms.id = CommandId{messages::uuid_from_time()};
  }
  return terms;
}

}  // namespace vsim::api
