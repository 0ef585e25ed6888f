#include "api/write_answers.h"

#include "api/answers.h"
#include "api/outcomes.h"
#include "schema/http/documents.h"
#include "schema/http/sequence_token.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using http::Problem;
using http::ProblemCode;
using read_model::OperationRow;

std::string sequence_of(const OperationRow& operation) {
  if (operation.event_sequence > 0) {
    return http::encode_sequence({std::string(messages::events_stream), operation.event_sequence});
  }
  return http::encode_sequence(
      {std::string(messages::commands_stream), operation.command_sequence});
}

/// As far as the outcome alone shows it. A change of the clock settles later: ClockCommands waits.
std::optional<read_model::Settled> settled_of(const WriteResult& result) {
  const OperationRow& operation = result.operation;
  const bool changes_nothing = outcome_of(operation) != OutcomeKind::succeeded;
  const bool at_once =
      result.server ? result.server->version == operation.version &&
                          (is_settled(*result.server) || begins_nothing(operation))
                    : operation.server_id.empty() && operation.region != messages::clock_region;
  const bool settled = (changes_nothing || at_once) && operation.decided_at;
  return settled ? std::optional(read_model::Settled{*operation.decided_at}) : std::nullopt;
}

/// The problem document of an outcome that is not success.
HttpResponse refused_answer(const Write& write, const WriteResult& result) {
  const OperationRow& operation = result.operation;
  Problem problem{
      .code = ProblemCode::unavailable, .detail = operation.detail, .operation_id = operation.id};
  const std::string again = write.terms.keyed
                                ? "send it again if it is wanted, with the same Idempotency-Key"
                                : "send it again if it is wanted";
  if (outcome_of(operation) == OutcomeKind::rejected) {
    problem.code =
        http::problem_code_from(operation.code).value_or(ProblemCode::invalid_transition);
  } else if (outcome_of(operation) == OutcomeKind::purged) {
    problem.code = ProblemCode::purged;
    problem.detail =
        "an operator removed the command from the queue, and it was not carried out; " + again;
  } else {
    problem.retry_after_seconds = 30;
    problem.detail =
        "the command could not be handled, was put aside for an operator, and was not "
        "carried out (" +
        operation.detail + "); " + again;
  }
  // A refusal is final for its key: who repeats it gets it again.
  if (problem.code == ProblemCode::region_unavailable && !result.replayed) {
    problem.retry_after_seconds = 30;
    problem.detail +=
        write.terms.keyed ? "; the key is spent: to try again, send a new Idempotency-Key" : "";
  }
  if (result.replayed) {
    problem.decided_at = messages::format_instant(operation.decided_at.value_or(Instant{}));
    problem.detail =
        "this is the answer of " + problem.decided_at +
        " in simulated time, to the first request with this Idempotency-Key: " + operation.detail +
        ". The key is spent; to have it decided anew, send a new key";
  }
  return with_terms(problem_answer(problem, write.request_id), write, result);
}

}  // namespace

HttpResponse with_terms(HttpResponse response, const Write& write, const WriteResult& result) {
  response.add("Vsim-Sequence", sequence_of(result.operation));
  if (const std::string applied = write.terms.preferences.applied(); !applied.empty()) {
    response.add("Preference-Applied", applied);
  }
  if (result.replayed) {
    response.add("Idempotent-Replayed", "true");
  }
  return response;
}

HttpResponse accepted_answer(const Write& write, const WriteResult& result) {
  const http::OperationView view{result.operation, settled_of(result), write.terms.until_settled};
  HttpResponse response = json_answer(202, http::render_operation(view));
  response.add("Location",
               "/operations/" + result.operation.id + (view.until_settled ? "?until=settled" : ""));
  return with_terms(std::move(response), write, result);
}

std::optional<HttpResponse> answer_without_success(const Write& write, const WriteResult& result) {
  const auto outcome = outcome_of(result.operation);
  if (outcome == OutcomeKind::succeeded) {
    return std::nullopt;
  }
  return outcome ? refused_answer(write, result) : accepted_answer(write, result);
}

HttpResponse superseded_answer(const Write& write, const WriteResult& result) {
  const Problem problem{.code = ProblemCode::superseded,
                        .detail = std::string(http::superseded_detail),
                        .operation_id = result.operation.id};
  HttpResponse response = problem_answer(problem, write.request_id);
  response.add("Location", "/servers/" + write.server->to_string());
  return with_terms(std::move(response), write, result);
}

bool begins_nothing(const OperationRow& operation) {
  return operation.type == command_type(Action(ExtendLease{}));
}

bool is_settled(const read_model::ServerRow& server) {
  const auto status = status_from(server.status);
  return status == Status::running || status == Status::stopped || status == Status::terminated ||
         status == Status::failed;
}

}  // namespace vsim::api
