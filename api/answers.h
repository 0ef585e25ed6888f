#pragma once

// Small things that all routes say and read.

#include "api/call.h"
#include "schema/http/entity_tags.h"
#include "schema/http/query_string.h"
#include "schema/read_model/servers.h"

namespace vsim::api {

HttpResponse json_answer(int status, std::string body);
HttpResponse problem_answer(const http::Problem& problem, std::string_view request_id);

/// A server, with its entity tag.
HttpResponse server_answer(int status, const read_model::ServerRow& server, Instant now);

/// The answer to a read of the server. Caches and clients may keep it where it stays the same, to
/// the byte, as long as its tag does: nothing in it depends on the time, and no outcome has been
/// counted since the last change. D39
HttpResponse shown_server(const read_model::ServerRow& server, Instant now);

/// The versions of a thing that the client has, by If-None-Match; none where it does not say.
Reply<http::EntityTags> read_known_tags(const HttpRequest& request);

/// 304 in place of what the client has, by its ETag: its head alone, with the length that the body
/// would have had (RFC 9110, 8.6). Only for an answer that says how it may be kept.
HttpResponse unless_known(HttpResponse answer, const http::EntityTags& known);

/// 400, with what to change.
http::Problem invalid(std::string detail);

/// The query string, if it holds nothing but these parameters.
Reply<http::QueryString> read_query(const Call& call,
                                    std::initializer_list<std::string_view> known);

/// The server's id from the path.
Reply<ServerId> read_server_id(std::string_view text);

/// 404 for a server.
http::Problem no_such_server(const ServerId& id);

}  // namespace vsim::api
