#include "api/admission/origin_check.h"

#include <algorithm>

#include "api/connections/authority.h"

namespace vsim::api {
namespace {

using http::Problem;
using http::ProblemCode;

constexpr std::string_view localhost = "localhost";
constexpr std::size_t shown_characters_max = 128;

telemetry::Counter foreign_total(telemetry::Metrics& metrics, const char* reason) {
  return metrics.counter("vsim_http_foreign_total",
                         "Requests refused without keys, since a page of another web site may "
                         "have sent them",
                         {{"reason", reason}});
}

/// Without the dot that may end a name of DNS.
std::string_view without_root(std::string_view name) {
  return name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0));
}

/// Whether the page that an Origin names was served by this authority, at the same port. The
/// scheme does not count: a proxy may end TLS.
bool is_same_origin(std::string_view origin, std::string_view authority) {
  const bool plain = origin.starts_with("http://");
  if (!plain && !origin.starts_with("https://")) {
    return false;  // "null" too
  }
  const std::uint16_t usual_port = plain ? 80 : 443;
  const auto page = read_authority(origin.substr(plain ? 7 : 8));
  const auto ours = read_authority(authority);
  return page && ours && equal_ignoring_case(page->host, ours->host) &&
         page->port.value_or(usual_port) == ours->port.value_or(usual_port);
}

/// Somebody follows a link: the page that holds it cannot read what is shown.
bool is_visit(const HttpRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         request.header("Sec-Fetch-Mode") == "navigate" &&
         request.header("Sec-Fetch-Dest") == "document";
}

bool is_foreign(const HttpRequest& request) {
  if (request.has_header("Origin")) {
    return !is_same_origin(request.joined_header("Origin"), request.authority);
  }
  // A browser leaves Origin out of a GET for a picture or a script.
  const std::string site = request.joined_header("Sec-Fetch-Site");
  return !site.empty() && site != "same-origin" && site != "none" && !is_visit(request);
}

std::string host_of(std::string_view authority) {
  return std::string(authority.substr(0, shown_characters_max));
}

}  // namespace

OriginCheck::OriginCheck(std::vector<std::string> names, telemetry::Metrics& metrics)
    : names_(std::move(names)),
      by_host_(foreign_total(metrics, "host")),
      by_origin_(foreign_total(metrics, "origin")) {}

bool OriginCheck::is_ours(std::string_view authority) const {
  const auto read = read_authority(authority);
  if (!read) {
    return false;
  }
  const std::string_view host = without_root(read->host);
  return read->is_address || equal_ignoring_case(host, localhost) ||
         std::any_of(names_.begin(), names_.end(),
                     [&](const std::string& name) { return equal_ignoring_case(host, name); });
}

std::optional<Problem> OriginCheck::refusal(const HttpRequest& request) const {
  // HTTP/1.0 without Host comes from no browser.
  if (!request.authority.empty() && !is_ours(request.authority)) {
    by_host_.add();
    return Problem{
        .code = ProblemCode::forbidden,
        .detail = "there are no keys, and the host " + host_of(request.authority) +
                  " is neither an address nor localhost; ask by one of these, name the host in "
                  "HTTP_HOSTS, or make keys (vsimctl keys add)"};
  }
  if (is_foreign(request)) {
    by_origin_.add();
    return Problem{
        .code = ProblemCode::forbidden,
        .detail =
            "there are no keys, and the request comes from a web page of another origin; ask "
            "from a page of this API, or make keys (vsimctl keys add)"};
  }
  return std::nullopt;
}

}  // namespace vsim::api
