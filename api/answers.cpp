#include "api/answers.h"

#include "schema/http/query_string.h"

namespace vsim::api {

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
  if (problem.retry_after_seconds > 0) {
    response.add("Retry-After", std::to_string(problem.retry_after_seconds));
  }
  return response;
}

http::Problem invalid(std::string detail) {
  return {http::ProblemCode::invalid_request, std::move(detail)};
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

http::Problem no_such_server(const ServerId& id) {
  return {http::ProblemCode::not_found, "there is no server " + id.to_string()};
}

}  // namespace vsim::api
