// Goal: every code has its status, and a problem document carries what RFC 9457 asks for and what a
// client needs to go on.
// Method: compare the table with the one here, and a document with its whole text.

#include "schema/http/problem.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "domain/server.h"

namespace vsim::http {
namespace {

TEST_CASE("each code has the status that the design gives it") {
  struct Row {
    const char* name;
    int status;
  };
  const std::vector<Row> design = {{"invalid_request", 400},
                                   {"unauthorized", 401},
                                   {"forbidden", 403},
                                   {"not_found", 404},
                                   {"method_not_allowed", 405},
                                   {"invalid_transition", 409},
                                   {"no_free_address", 409},
                                   {"operation_in_progress", 409},
                                   {"insufficient_capacity", 409},
                                   {"not_ready", 409},
                                   {"not_assigned", 409},
                                   {"pool_empty", 409},
                                   {"purged", 409},
                                   {"superseded", 409},
                                   {"precondition_failed", 412},
                                   {"payload_too_large", 413},
                                   {"unsupported_media_type", 415},
                                   {"unknown_region", 422},
                                   {"unknown_type", 422},
                                   {"unknown_profile", 422},
                                   {"lease_too_long", 422},
                                   {"idempotency_mismatch", 422},
                                   {"too_many_requests", 429},
                                   {"internal_error", 500},
                                   {"bad_gateway", 502},
                                   {"queue_full", 503},
                                   {"region_unavailable", 503},
                                   {"unavailable", 503},
                                   {"gateway_timeout", 504}};
  CHECK(design.size() == problem_code_count);
  for (const Row& row : design) {
    INFO(row.name);
    const auto code = problem_code_from(row.name);
    REQUIRE(code);
    CHECK(kind_of(*code).status == row.status);
    CHECK_FALSE(kind_of(*code).title.empty());
  }
  CHECK_FALSE(problem_code_from("teapot"));
}

TEST_CASE("every rejection of the domain is a problem of the same name") {
  for (const auto code :
       {RejectionCode::invalid_transition, RejectionCode::no_free_address, RejectionCode::not_found,
        RejectionCode::unknown_region, RejectionCode::unknown_type, RejectionCode::unknown_profile,
        RejectionCode::precondition_failed, RejectionCode::lease_too_long,
        RejectionCode::region_unavailable, RejectionCode::insufficient_capacity,
        RejectionCode::not_ready, RejectionCode::not_assigned}) {
    INFO(to_string(code));
    CHECK(problem_code_from(to_string(code)));
  }
}

TEST_CASE("a problem document tells the operation where there is one") {
  const Problem problem{ProblemCode::operation_in_progress, "wait for \"it\"", "op-1"};
  CHECK(render_problem(problem, "req-1") ==
        R"({"type":"urn:vsim:problem:operation_in_progress",)"
        R"("title":"Another operation is in progress","status":409,"detail":"wait for \"it\"",)"
        R"("code":"operation_in_progress","request_id":"req-1","operation_id":"op-1"})");
  CHECK(render_problem({ProblemCode::not_found, "no"}, "r").find("operation_id") ==
        std::string::npos);
  Problem repeated{ProblemCode::not_found, "no"};
  CHECK(render_problem(repeated, "r").find("decided_at") == std::string::npos);
  repeated.decided_at = "2026-03-01T12:00:00.000Z";
  CHECK(render_problem(repeated, "r")
            .ends_with(R"("request_id":"r","decided_at":"2026-03-01T12:00:00.000Z"})"));
}

}  // namespace
}  // namespace vsim::http
