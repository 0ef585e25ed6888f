#include "api/admission/access.h"

#include "schema/http/query_string.h"

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

Problem foreign_account(const Caller& caller, const std::string& account) {
  Problem problem = lesser_role(caller, http::Role::operator_, "account=" + account);
  problem.detail += " and the account " + caller.account;
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
  return {true, Caller{key->name, key->role, true, key->account}};
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

tl::expected<Scope, Problem> Access::scope_of(const HttpRequest& request,
                                              const Identity& who) const {
  const Caller& caller = *who.caller;
  const bool sees_all = caller.role == http::Role::operator_;
  Scope scope{.own = caller.account};
  if (!sees_all) {
    scope.only = caller.account;
  }
  const auto query = http::QueryString::parse(request.query);
  const std::string* wanted = query ? query->find("account") : nullptr;
  if (wanted == nullptr) {  // of a query that cannot be read its reader tells
    return scope;
  }
  if (const auto complaint = complaint_about_account(*wanted)) {
    return tl::unexpected(Problem{.code = ProblemCode::invalid_request,
                                  .detail = "account is \"" + *wanted + "\"; " + *complaint});
  }
  if (!sees_all && *wanted != caller.account) {
    with_lesser_role_.add();
    return tl::unexpected(foreign_account(caller, *wanted));
  }
  return Scope{.only = *wanted, .own = *wanted};
}

}  // namespace vsim::api
