#pragma once

// Answers, problems and parameters that several routes share.

#include <optional>

#include "api/call.h"
#include "api/simulated_clock.h"
#include "domain/catalogue.h"
#include "schema/http/entity_tags.h"
#include "schema/http/query_string.h"
#include "schema/read_model/servers.h"

namespace vsim::api {

HttpResponse json_answer(int status, std::string body);
HttpResponse problem_answer(const http::Problem& problem, std::string_view request_id);

/// A server, with its entity tag.
HttpResponse server_answer(int status, const read_model::ServerRow& server, Instant now);

/// The answer to a read of the server. Caches and clients may keep it only while no amount in it
/// grows with time: then it stays the same, to the byte, as long as its tag does. D39
HttpResponse shown_server(const read_model::ServerRow& server, Instant now);

/// The versions that the client has, by If-None-Match; none without the header.
Reply<http::EntityTags> read_known_tags(const HttpRequest& request);

/// 304 in place of an answer that the client has, by its ETag: the head alone, with the length that
/// the body would have had (RFC 9110, 8.6). Only for an answer with Cache-Control.
HttpResponse unless_known(HttpResponse answer, const http::EntityTags& known);

/// A 400. `detail` says what to change.
http::Problem invalid(std::string detail);

/// A 503. `detail` says what does not answer, and what to do.
http::Problem unavailable(std::string detail, std::uint32_t retry_after_seconds = 1);

/// The query string. A problem when it holds other parameters than these.
Reply<http::QueryString> read_query(const Call& call,
                                    std::initializer_list<std::string_view> known);

/// The parameter of that name.
std::optional<std::string> value_of(const http::QueryString& query, std::string_view name);

/// The parameter `status`, in upper or lower case, as documents write it. The error says which
/// there are.
tl::expected<std::optional<std::string>, std::string> read_status(const http::QueryString& query);

/// The server's id from the path.
Reply<ServerId> read_server_id(std::string_view text);

/// 422 for a region that is not there.
http::Problem unknown_region(const Catalogue& catalogue, const Region& region);

/// The region from the path, one that is there.
Reply<Region> read_region(const Catalogue& catalogue, const Call& call);

/// The instant that the query's `at` names, or another parameter; nothing without it. A problem
/// where it has not come yet. Asks the broker for the time, which must be known.
Reply<std::optional<Instant>> read_past(const http::QueryString& query, SimulatedClock& clock,
                                        std::string_view name = "at");

/// 422 for what servers are ordered by, where the catalogue lacks it: a worker would refuse it
/// anyway, and so nothing is appended for it.
std::optional<http::Problem> find_unknown(const Catalogue& catalogue, const Region& region,
                                          const std::string& instance_type,
                                          const std::optional<std::string>& profile);

/// 404 for a server.
http::Problem no_such_server(const ServerId& id);

/// What is wrong with a request that could not be read; it has a fault.
http::Problem problem_of(const HttpRequest& request);

}  // namespace vsim::api
