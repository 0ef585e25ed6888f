#include "api/admission/access.h"

namespace vsim::api {
namespace {

using http::Problem;
using http::ProblemCode;

constexpr std::string_view scheme = "Bearer";
const std::string realm = "Bearer realm=\"vsim\"";

telemetry::Counter unauthorized_total(telemetry::Metrics& metrics, const char* reason) {
  return metrics.counter("vsim_http_unauthorized_total",
                         "Requests refused for want of a key or of its role", {{"reason", reason}});
}

/// What stands behind the scheme; nothing when the header is missing or of another scheme.
std::optional<std::string> bearer_of(const HttpRequest& request) {
  const std::string header = request.joined_header("Authorization");
  const std::size_t end = header.find(' ');
  if (!equal_ignoring_case(header.substr(0, end), scheme)) {
    return std::nullopt;
  }
  const std::size_t begin = header.find_first_not_of(' ', end);
  return begin == std::string::npos ? "" : header.substr(begin);
}

Problem no_key() {
  Problem problem{
      .code = ProblemCode::unauthorized,
      .detail =
          "a key is needed; send it in the header Authorization: Bearer KEY (vsimctl keys "
          "add makes one)"};
  problem.challenge = realm;
  return problem;
}

Problem unknown_key() {
  Problem problem{.code = ProblemCode::unauthorized,
                  .detail =
                      "no such key: it is not whole, or was revoked (vsimctl keys list shows those "
                      "that hold)"};
  problem.challenge = realm + ", error=\"invalid_token\"";
  return problem;
}

Problem lesser_role(const Caller& caller, http::Role role, std::string_view what) {
  const std::string needed(http::to_string(role));
  Problem problem{.code = ProblemCode::forbidden,
                  .detail = std::string(what) + " needs the role " + needed + "; the key " +
                            caller.name + " has the role " +
                            std::string(http::to_string(caller.role))};
  problem.challenge = realm + ", error=\"insufficient_scope\", scope=\"" + needed + "\"";
  return problem;
}

}  // namespace

Access::Access(const KeyRing& keys, telemetry::Metrics& metrics)
    : keys_(keys),
      without_key_(unauthorized_total(metrics, "no_key")),
      with_unknown_key_(unauthorized_total(metrics, "unknown_key")),
      with_lesser_role_(unauthorized_total(metrics, "role")) {}

Identity Access::identify(const HttpRequest& request) const {
  const auto keys = keys_.now();
  if (keys == nullptr) {
    return {false, Caller{}};
  }
  const auto text = bearer_of(request);
  if (!text) {
    return {};
  }
  const http::ApiKey* key = keys->find(*text);
  if (key == nullptr) {
    return {true, std::nullopt};
  }
  return {true, Caller{key->name, key->role, true}};
}

std::optional<Problem> Access::refusal(const Identity& who, http::Role role,
                                       std::string_view what) const {
  if (!who.caller) {
    (who.key_given ? with_unknown_key_ : without_key_).add();
    return who.key_given ? unknown_key() : no_key();
  }
  if (who.caller->role < role) {
    with_lesser_role_.add();
    return lesser_role(*who.caller, role, what);
  }
  return std::nullopt;
}

}  // namespace vsim::api
