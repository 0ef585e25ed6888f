#include "api/answers.h"

#include "api/connections/request_head.h"
#include "schema/http/documents.h"
#include "schema/http/write_requests.h"
#include "schema/messages/instant_text.h"

namespace vsim::api {
namespace {

/// The names of all in a map, by commas.
std::string joined(const auto& all, auto&& name_of) {
  std::string list;
  for (const auto& each : all) {
    list += (list.empty() ? "" : ", ") + name_of(each);
  }
  return list;
}

}  // namespace

HttpResponse json_answer(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse problem_answer(const http::Problem& problem, std::string_view request_id) {
  HttpResponse response;
  response.status = problem.status();
  response.body = http::render_problem(problem, request_id);
  response.content_type = "application/problem+json";
  response.by_outage = problem.code == http::ProblemCode::region_unavailable;
  if (problem.retry_after_seconds > 0) {
    response.add("Retry-After", std::to_string(problem.retry_after_seconds));
  }
  if (!problem.challenge.empty()) {
    response.add("WWW-Authenticate", problem.challenge);
  }
  return response;
}

HttpResponse server_answer(int status, const read_model::ServerRow& server, Instant now) {
  HttpResponse response = json_answer(status, http::render_server(server, now));
  response.add("ETag", http::entity_tag(server.changed_version));
  return response;
}

HttpResponse shown_server(const read_model::ServerRow& server, Instant now) {
  HttpResponse response = server_answer(200, server, now);
  const bool stays_the_same = !server.bill.open_since;  // no amount grows
  if (stays_the_same) {
    response.add("Cache-Control", "private, no-cache");  // kept, and asked for again
  }
  return response;
}

Reply<http::EntityTags> read_known_tags(const HttpRequest& request) {
  constexpr std::string_view header = "If-None-Match";
  if (!request.has_header(header)) {
    return http::EntityTags{};
  }
  auto tags = http::read_entity_tags(request.joined_header(header));
  if (!tags) {
    return tl::unexpected(invalid("If-None-Match " + tags.error()));
  }
  return std::move(*tags);
}

HttpResponse unless_known(HttpResponse answer, const http::EntityTags& known) {
  const std::string* tag = answer.header("ETag");
  const bool may_be_kept = answer.header("Cache-Control") != nullptr;
  if (tag == nullptr || !may_be_kept || !known.hold_weakly(*tag)) {
    return answer;
  }
  answer.status = 304;
  answer.add("Content-Length", std::to_string(answer.body.size()));
  answer.body.clear();
  return answer;
}

http::Problem invalid(std::string detail) {
  return {.code = http::ProblemCode::invalid_request, .detail = std::move(detail)};
}

http::Problem unavailable(std::string detail, std::uint32_t retry_after_seconds) {
  return {.code = http::ProblemCode::unavailable,
          .detail = std::move(detail),
          .retry_after_seconds = retry_after_seconds};
}

Reply<http::QueryString> read_query(const Call& call,
                                    std::initializer_list<std::string_view> known) {
  auto query = http::QueryString::parse(call.request.query);
  if (!query) {
    return tl::unexpected(invalid(query.error()));
  }
  if (const auto complaint = query->complaint_unless(known)) {
    return tl::unexpected(invalid(*complaint));
  }
  return std::move(*query);
}

std::optional<std::string> value_of(const http::QueryString& query, std::string_view name) {
  const std::string* value = query.find(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

tl::expected<std::optional<std::string>, std::string> read_status(const http::QueryString& query) {
  const std::string* given = query.find("status");
  if (given == nullptr) {
    return std::nullopt;
  }
  std::string names;
  for (std::size_t i = 0; i < status_count; ++i) {
    const auto status = to_string(static_cast<Status>(i));
    if (equal_ignoring_case(*given, status)) {
      return std::string(status);
    }
    names += (i == 0 ? "" : i + 1 == status_count ? " and " : ", ") + std::string(status);
  }
  return tl::unexpected("status is \"" + *given + "\"; there are " + names);
}

Reply<ServerId> read_server_id(std::string_view text) {
  const auto id = Uuid::parse(text);
  if (!id) {
    const bool printable = text.size() <= 64 && http::is_printable_utf8(text);
    return tl::unexpected(invalid((printable ? "\"" + std::string(text) + "\"" : "the path's id") +
                                  " is no UUID; give a server's id as GET /servers shows it"));
  }
  return ServerId{*id};
}

http::Problem unknown_region(const Catalogue& catalogue, const Region& region) {
  return {.code = http::ProblemCode::unknown_region,
          .detail = "there is no region \"" + region.name + "\"; there are " +
                    joined(catalogue.regions, [](const auto& each) { return each.first.name; })};
}

std::optional<http::Problem> find_unknown(const Catalogue& catalogue, const Region& region,
                                          const std::string& instance_type,
                                          const std::optional<std::string>& profile) {
  const auto name_of = [](const auto& each) { return each.first; };
  if (!catalogue.regions.contains(region)) {
    return unknown_region(catalogue, region);
  }
  if (!catalogue.instance_types.contains(instance_type)) {
    return http::Problem{.code = http::ProblemCode::unknown_type,
                         .detail = "there is no type \"" + instance_type + "\"; there are " +
                                   joined(catalogue.instance_types, name_of)};
  }
  if (profile && !catalogue.profiles.contains(*profile)) {
    return http::Problem{.code = http::ProblemCode::unknown_profile,
                         .detail = "there is no profile \"" + *profile + "\"; there are " +
                                   joined(catalogue.profiles, name_of)};
  }
  return std::nullopt;
}

Reply<Region> read_region(const Catalogue& catalogue, const Call& call) {
  const auto region = Region::parse(call.parameter);
  if (!region) {
    return tl::unexpected(invalid("the path's region is no region's name, such as us-east-1"));
  }
  if (!catalogue.regions.contains(*region)) {
    return tl::unexpected(unknown_region(catalogue, *region));
  }
  return *region;
}

Reply<std::optional<Instant>> read_past(const http::QueryString& query, SimulatedClock& clock,
                                        std::string_view name) {
  const std::string* time = query.find(name);
  if (time == nullptr) {
    return std::optional<Instant>();
  }
  const auto at = messages::parse_instant(*time);
  if (!at) {
    return tl::unexpected(invalid(std::string(name) + " is \"" + *time +
                                  "\"; give a time in UTC such as 2026-03-01T00:00:00Z"));
  }
  clock.refresh();  // the clock may have been advanced past it a moment ago
  if (const Instant now = clock.now(); *at > now) {
    return tl::unexpected(invalid(std::string(name) + " is " + *time +
                                  ", which has not come yet: it is " +
                                  messages::format_instant(now) + "; give an earlier time"));
  }
  return at;
}

http::Problem no_such_server(const ServerId& id) {
  return {.code = http::ProblemCode::not_found, .detail = "there is no server " + id.to_string()};
}

http::Problem problem_of(const HttpRequest& request) {
  switch (*request.fault) {
    case Fault::malformed_head:
      return invalid("the request is no HTTP/1.1: " + std::string(request.complaint));
    case Fault::head_too_large:
      return invalid("a line of the head is over " + std::to_string(head_line_bytes_max / 1024) +
                     " KiB or all of them over " + std::to_string(head_bytes_max / 1024) +
                     " KiB; shorten them");
    case Fault::malformed_body:
      return invalid("the body's length cannot be made out: " +
                     (request.complaint.empty()
                          ? "a chunk is none; send SIZE in hexadecimal digits, CR LF, so many "
                            "bytes, CR LF, and a size of 0 at the end"
                          : std::string(request.complaint)));
    case Fault::body_too_large:
      return {.code = http::ProblemCode::payload_too_large,
              .detail = "the body is over " + std::to_string(http::body_bytes_max / 1024) +
                        " KiB; shorten it"};
    case Fault::incomplete:
      return invalid("the request broke off or took too long; send it whole");
    case Fault::no_room:
      return {.code = http::ProblemCode::unavailable,
              .detail =
                  "as many connections are open as are served at once; close those that are "
                  "not needed, or come again later",
              .retry_after_seconds = 1};
  }
  return invalid("the request is malformed");
}

}  // namespace vsim::api
