#include "api/write_answers.h"

#include "api/answers.h"
#include "schema/http/documents.h"
#include "schema/http/sequence_token.h"
#include "schema/http/write_requests.h"
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
  submission.request_hash = http::request_hash(call.request.method, path, submission.payload);
  submission.request_id = call.request_id;
  submission.actor = call.actor;
  return write;
}

HttpResponse with_terms(HttpResponse response, const Write& write, const OperationRow& operation) {
  response.add("Vsim-Sequence", sequence_of(operation));
  if (const std::string applied = write.terms.preferences.applied(); !applied.empty()) {
    response.add("Preference-Applied", applied);
  }
  return response;
}

HttpResponse accepted_answer(const Write& write, const OperationRow& operation) {
  HttpResponse response = json_answer(202, http::render_operation(operation));
  response.add("Location", "/operations/" + operation.id);
  return with_terms(std::move(response), write, operation);
}

HttpResponse accepted_answer(const Write& write, const Pending& pending) {
  OperationRow operation;
  operation.id = write.submission.id.to_string();
  operation.type = write.type;
  operation.region = write.region.name;
  operation.server_id = write.server_id;
  operation.status = "PENDING";
  operation.actor = write.submission.actor;
  operation.correlation_id = write.submission.request_id;
  operation.command_sequence = pending.sequence;
  return accepted_answer(write, operation);
}

HttpResponse refused_answer(const Write& write, const OperationRow& operation) {
  Problem problem{ProblemCode::unavailable, operation.detail, operation.id};
  if (operation.status == to_string(OutcomeKind::rejected)) {
    problem.code =
        http::problem_code_from(operation.code).value_or(ProblemCode::invalid_transition);
  } else if (operation.status == to_string(OutcomeKind::purged)) {
    problem.code = ProblemCode::purged;
    problem.detail =
        "an operator removed the command from the queue; send it again if it is wanted";
  } else {
    problem.retry_after_seconds = 30;
    problem.detail =
        "the command could not be handled and was put aside for an operator: " + operation.detail;
  }
  return with_terms(problem_answer(problem, write.call.request_id), write, operation);
}

}  // namespace vsim::api
