#include "api/write_answers.h"

#include "api/answers.h"
#include "schema/http/documents.h"
#include "schema/http/sequence_token.h"
#include "schema/http/write_requests.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/request_hash.h"
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

/// As far as the outcome alone tells it. A change of the clock is waited for by whoever asks.
std::optional<read_model::Settled> settled_of(const Decided& decided) {
  const OperationRow& operation = decided.operation;
  const bool changes_nothing = operation.status != to_string(OutcomeKind::succeeded);
  const bool at_once =
      decided.server ? decided.server->version == operation.version && is_settled(*decided.server)
                     : operation.server_id.empty() && operation.region != messages::clock_region;
  const bool settled = (changes_nothing || at_once) && operation.decided_at;
  return settled ? std::optional(read_model::Settled{*operation.decided_at}) : std::nullopt;
}

}  // namespace

Write write_to(const Call& call, const WriteTerms& terms, std::string type, const Region& region,
               std::string commands_subject, std::string events_subject, std::string payload,
               std::string_view path) {
  Write write{call, terms, std::move(type), region, {}, {}};
  Submission& submission = write.submission;
  submission.id = terms.id;
  submission.keyed = terms.keyed;
  submission.subject = submission.waiting_filter = std::move(commands_subject);
  submission.events_filter = std::move(events_subject);
  submission.payload = std::move(payload);
  submission.request_hash = messages::request_hash(call.request.method, path, submission.payload);
  submission.request_id = call.request_id;
  submission.actor = call.actor;
  return write;
}

HttpResponse with_terms(HttpResponse response, const Write& write, const Decided& decided) {
  response.add("Vsim-Sequence", sequence_of(decided.operation));
  if (const std::string applied = write.terms.preferences.applied(); !applied.empty()) {
    response.add("Preference-Applied", applied);
  }
  if (decided.replayed) {
    response.add("Idempotent-Replayed", "true");
  }
  return response;
}

HttpResponse accepted_answer(const Write& write, const Decided& decided) {
  const http::OperationView view{decided.operation, settled_of(decided), write.terms.until_settled};
  HttpResponse response = json_answer(202, http::render_operation(view));
  response.add("Location", "/operations/" + decided.operation.id +
                               (view.until_settled ? "?until=settled" : ""));
  return with_terms(std::move(response), write, decided);
}

HttpResponse accepted_answer(const Write& write, const Pending& pending) {
  Decided none;
  OperationRow& operation = none.operation;
  operation.id = write.submission.id.to_string();
  operation.type = write.type;
  operation.region = write.region.name;
  operation.server_id = write.server_id;
  operation.status = "PENDING";
  operation.actor = write.submission.actor;
  operation.correlation_id = write.submission.request_id;
  operation.command_sequence = pending.sequence;
  return accepted_answer(write, none);
}

HttpResponse refused_answer(const Write& write, const Decided& decided) {
  const OperationRow& operation = decided.operation;
  Problem problem{ProblemCode::unavailable, operation.detail, operation.id};
  const std::string again = write.submission.keyed
                                ? "send it again if it is wanted, with the same Idempotency-Key"
                                : "send it again if it is wanted";
  if (operation.status == to_string(OutcomeKind::rejected)) {
    problem.code =
        http::problem_code_from(operation.code).value_or(ProblemCode::invalid_transition);
  } else if (operation.status == to_string(OutcomeKind::purged)) {
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
  if (decided.replayed) {
    problem.decided_at = messages::format_instant(operation.decided_at.value_or(Instant{}));
    problem.detail =
        "this is the answer of " + problem.decided_at +
        " in simulated time, to the first request with this Idempotency-Key: " + operation.detail +
        ". The key is spent; to have it decided anew, send a new key";
  }
  return with_terms(problem_answer(problem, write.call.request_id), write, decided);
}

HttpResponse superseded_answer(const Write& write, const Decided& decided) {
  const Problem problem{ProblemCode::superseded, std::string(http::superseded_detail),
                        decided.operation.id};
  HttpResponse response = problem_answer(problem, write.call.request_id);
  response.add("Location", "/servers/" + write.server_id);
  return with_terms(std::move(response), write, decided);
}

bool is_settled(const read_model::ServerRow& server) {
  const auto status = status_from(server.status);
  return status == Status::running || status == Status::stopped || status == Status::terminated;
}

}  // namespace vsim::api
