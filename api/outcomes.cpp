#include "api/outcomes.h"

#include "schema/messages/event_codec.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::api {

using read_model::OperationRow;
using read_model::OperationWithServer;

std::optional<OutcomeKind> outcome_of(const OperationRow& operation) {
  using enum OutcomeKind;
  for (const OutcomeKind kind : {succeeded, rejected, purged, dead_lettered}) {
    if (operation.status == to_string(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

bool is_final(OutcomeKind kind) {
  return kind == OutcomeKind::succeeded || kind == OutcomeKind::rejected;
}

bool has_final_outcome(const OperationRow& operation) {
  const auto outcome = outcome_of(operation);
  return outcome && is_final(*outcome);
}

bool is_later(StreamSequence copy, const OperationRow& operation) {
  const LastCommand last{Cause{{}, operation.command_sequence, {}}, {}};
  return copy > operation.command_sequence || is_after_high(last, copy);
}

bool stands_for(const OperationRow& operation, StreamSequence copy) {
  return has_final_outcome(operation) || (is_decided(operation) && !is_later(copy, operation));
}

bool has_moved_on(const OperationWithServer& found) {
  return is_decided(found.operation) && found.server &&
         found.server->version != found.operation.version;
}

std::optional<OperationWithServer> read_outcome(const eventstore::Message& message,
                                                const CommandId& id) {
  const auto logged = messages::decode_event(message);
  const Cause* cause = logged ? messages::cause_of(*logged) : nullptr;
  if (cause == nullptr || cause->command != id) {
    return std::nullopt;
  }
  if (const auto* server = std::get_if<messages::ServerLogged>(&*logged)) {
    const auto& [event, state] = *server;
    OperationWithServer outcome{read_model::operation_row(event, message.sequence), {}};
    if (state.server) {
      outcome.server = read_model::server_row(event.server, state);
    }
    return outcome;
  }
  if (const auto* clock = std::get_if<messages::ClockLogged>(&*logged)) {
    return OperationWithServer{read_model::operation_row(clock->event, message.sequence), {}};
  }
  return OperationWithServer{
      read_model::operation_row(std::get<messages::PoolLogged>(*logged).event, message.sequence),
      {}};
}

}  // namespace vsim::api
