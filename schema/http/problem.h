#pragma once

// What the API says when it does not do what was asked: problem documents (RFC 9457). This table is
// the whole list of codes; rejections of the domain bear the same names.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim::http {

enum class ProblemCode : std::uint8_t {
  invalid_request,
  unauthorized,
  forbidden,
  not_found,
  method_not_allowed,
  invalid_transition,
  no_free_address,
  operation_in_progress,
  insufficient_capacity,
  not_ready,
  not_assigned,
  pool_empty,
  purged,
  superseded,
  precondition_failed,
  payload_too_large,
  unsupported_media_type,
  unknown_region,
  unknown_type,
  unknown_profile,
  lease_too_long,
  idempotency_mismatch,
  too_many_requests,
  internal_error,
  bad_gateway,
  queue_full,
  region_unavailable,
  unavailable,
  gateway_timeout
};
inline constexpr std::size_t problem_code_count = 29;

/// What a code is shown as.
struct ProblemKind {
  ProblemCode code;
  int status;
  std::string_view name;  // the `code` member
  std::string_view title;
};

const ProblemKind& kind_of(ProblemCode code);
std::optional<ProblemCode> problem_code_from(std::string_view name);

struct Problem {
  ProblemCode code{};
  std::string detail{};                   // what to change, or what to wait for
  std::string operation_id{};             // of the command concerned; may be empty
  std::uint32_t retry_after_seconds = 0;  // for the header Retry-After; 0: none
  std::string challenge{};                // for the header WWW-Authenticate; may be empty
  std::string decided_at{};               // of an answer that was given before; may be empty

  int status() const { return kind_of(code).status; }
};

/// The document: type, title, status, detail, code, request_id, and where there is one
/// operation_id and decided_at.
std::string render_problem(const Problem& problem, std::string_view request_id);

}  // namespace vsim::http
