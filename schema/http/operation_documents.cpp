// The JSON of operations.

#include "schema/http/documents.h"
#include "schema/http/problem.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;
using read_model::OperationRow;

void write_instant_or_null(JsonWriter& json, std::string_view name,
                           const std::optional<Instant>& instant) {
  json.key(name);
  if (instant) {
    json.string(messages::format_instant(*instant));
  } else {
    json.null();
  }
}

/// All members but the last brace, so that more may follow.
void begin_operation(JsonWriter& json, const OperationRow& operation, std::string_view status,
                     std::string_view code, std::string_view detail) {
  json.begin_object();
  json.member("id", operation.id);
  json.member("type", operation.type);
  json.member("status", status);
  json.member("region", operation.region);
  json.member_or_null("server_id", operation.server_id);
  json.member_or_null("code", code);
  json.member_or_null("detail", detail);
  json.member_or_null("account", operation.account);
  json.member("actor", operation.actor);
  json.member_or_null("request_id", operation.correlation_id);
  json.member("command_sequence", operation.command_sequence);
  json.key("event_sequence");
  if (operation.event_sequence > 0) {
    json.number(operation.event_sequence);
  } else {
    json.null();
  }
  write_instant_or_null(json, "decided_at", operation.decided_at);
}

}  // namespace

std::string_view OperationView::status() const {
  if (!until_settled || operation.status != to_string(OutcomeKind::succeeded)) {
    return operation.status;
  }
  if (!settled) {
    return "PENDING";
  }
  return settled->superseded ? std::string_view("SUPERSEDED") : std::string_view(operation.status);
}

std::string render_operation(const OperationView& view) {
  JsonWriter json;
  const OperationRow& operation = view.operation;
  const auto status = view.status();
  const bool superseded = status == "SUPERSEDED";
  begin_operation(json, operation, status,
                  superseded ? kind_of(ProblemCode::superseded).name : operation.code,
                  superseded ? superseded_detail : operation.detail);
  write_instant_or_null(json, "settled_at",
                        view.settled ? std::optional(view.settled->at) : std::nullopt);
  json.end_object();
  return json.take();
}

std::string render_operation_page(const std::vector<OperationRow>& operations,
                                  std::uint64_t limit) {
  const bool more = operations.size() > limit;
  const std::size_t shown = more ? limit : operations.size();
  JsonWriter json;
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    const OperationRow& operation = operations[i];
    begin_operation(json, operation, operation.status, operation.code, operation.detail);
    json.end_object();
  }
  json.end_array();
  json.member("limit", limit);
  json.key("next_before");
  if (more) {
    json.number(operations[shown - 1].command_sequence);
  } else {
    json.null();
  }
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
