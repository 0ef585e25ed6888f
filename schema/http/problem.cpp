#include "schema/http/problem.h"

#include <array>

#include "schema/messages/json_writer.h"

namespace vsim::http {
namespace {

constexpr std::array<ProblemKind, problem_code_count> kinds{{
    {ProblemCode::invalid_request, 400, "invalid_request", "The request is malformed"},
    {ProblemCode::unauthorized, 401, "unauthorized", "A valid key is needed"},
    {ProblemCode::forbidden, 403, "forbidden", "This is not allowed"},
    {ProblemCode::not_found, 404, "not_found", "There is no such thing"},
    {ProblemCode::method_not_allowed, 405, "method_not_allowed", "The method is not for this path"},
    {ProblemCode::invalid_transition, 409, "invalid_transition",
     "The server's state does not allow this"},
    {ProblemCode::no_free_address, 409, "no_free_address", "The region's addresses are all taken"},
    {ProblemCode::operation_in_progress, 409, "operation_in_progress",
     "Another operation is in progress"},
    {ProblemCode::insufficient_capacity, 409, "insufficient_capacity",
     "The region has no capacity for this"},
    {ProblemCode::not_ready, 409, "not_ready", "The server cannot be had now"},
    {ProblemCode::not_assigned, 409, "not_assigned", "Nobody has acquired the server"},
    {ProblemCode::pool_empty, 409, "pool_empty", "The warm pool has no server that is ready"},
    {ProblemCode::purged, 409, "purged", "An operator removed the command before it was handled"},
    {ProblemCode::superseded, 409, "superseded", "Another command ended the server before"},
    {ProblemCode::precondition_failed, 412, "precondition_failed",
     "The server has moved on since it was looked at"},
    {ProblemCode::payload_too_large, 413, "payload_too_large", "The body is too large"},
    {ProblemCode::unsupported_media_type, 415, "unsupported_media_type", "The body must be JSON"},
    {ProblemCode::unknown_region, 422, "unknown_region", "There is no such region"},
    {ProblemCode::unknown_type, 422, "unknown_type", "There is no such instance type"},
    {ProblemCode::unknown_profile, 422, "unknown_profile", "There is no such lifecycle profile"},
    {ProblemCode::lease_too_long, 422, "lease_too_long", "The lease would be too long"},
    {ProblemCode::idempotency_mismatch, 422, "idempotency_mismatch",
     "The Idempotency-Key was used for another request"},
    {ProblemCode::too_many_requests, 429, "too_many_requests", "Too many requests"},
    {ProblemCode::internal_error, 500, "internal_error", "The API has a bug"},
    {ProblemCode::bad_gateway, 502, "bad_gateway", "A fault that was asked for"},
    {ProblemCode::queue_full, 503, "queue_full", "Too many commands are waiting"},
    {ProblemCode::region_unavailable, 503, "region_unavailable", "The region has an outage"},
    {ProblemCode::unavailable, 503, "unavailable", "A part of vsim cannot be reached"},
    {ProblemCode::gateway_timeout, 504, "gateway_timeout", "A fault that was asked for"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (static_cast<std::size_t>(kinds[i].code) != i) {
      return false;
    }
  }
  return true;
}
static_assert(in_order(), "the table stands in the order of the enumeration");

}  // namespace

const ProblemKind& kind_of(ProblemCode code) { return kinds[static_cast<std::size_t>(code)]; }

std::optional<ProblemCode> problem_code_from(std::string_view name) {
  for (const ProblemKind& kind : kinds) {
    if (kind.name == name) {
      return kind.code;
    }
  }
  return std::nullopt;
}

std::string render_problem(const Problem& problem, std::string_view request_id) {
  const ProblemKind& kind = kind_of(problem.code);
  messages::JsonWriter json;
  json.begin_object();
  json.member("type", "urn:vsim:problem:" + std::string(kind.name));
  json.member("title", kind.title);
  json.member("status", kind.status);
  json.member("detail", problem.detail);
  json.member("code", kind.name);
  json.member("request_id", request_id);
  if (!problem.operation_id.empty()) {
    json.member("operation_id", problem.operation_id);
  }
  if (!problem.decided_at.empty()) {
    json.member("decided_at", problem.decided_at);
  }
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
