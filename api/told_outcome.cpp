#include "api/told_outcome.h"

#include "schema/messages/event_codec.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::api {

using read_model::OperationRow;
using read_model::OperationWithServer;

bool is_decided(const OperationRow& operation) { return operation.status != "PENDING"; }

bool was_carried_out(const OperationRow& operation) {
  return operation.status == to_string(OutcomeKind::succeeded) ||
         operation.status == to_string(OutcomeKind::rejected);
}

bool is_later(StreamSequence copy, const OperationRow& operation) {
  const LastCommand told{Cause{{}, operation.command_sequence, {}}, {}};
  return copy > operation.command_sequence || is_after_high(told, copy);
}

bool stands_for(const OperationRow& operation, StreamSequence copy) {
  return was_carried_out(operation) || (is_decided(operation) && !is_later(copy, operation));
}

bool has_moved_on(const OperationWithServer& found) {
  return is_decided(found.operation) && found.server &&
         found.server->version != found.operation.version;
}

std::optional<OperationWithServer> outcome_told(const eventstore::Message& message,
                                                const CommandId& id) {
  const auto logged = messages::decode_event(message);
  const Cause* cause = logged ? messages::cause_of(*logged) : nullptr;
  if (cause == nullptr || cause->command != id) {
    return std::nullopt;
  }
  if (const auto* server = std::get_if<messages::ServerEvent>(&*logged)) {
    const auto& [event, state] = *server;
    OperationWithServer told{read_model::operation_row(event, message.sequence), {}};
    if (state.server) {
      told.server = read_model::server_row(event.server, state);
    }
    return told;
  }
  if (const auto* clock = std::get_if<messages::ClockLogged>(&*logged)) {
    return OperationWithServer{read_model::operation_row(clock->event, message.sequence), {}};
  }
  return OperationWithServer{
      read_model::operation_row(std::get<messages::PoolLogged>(*logged).event, message.sequence),
      {}};
}

}  // namespace vsim::api
