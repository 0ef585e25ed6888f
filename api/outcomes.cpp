#include "api/outcomes.h"

#include "schema/messages/event_codec.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::api {

using read_model::OperationRow;
using read_model::OperationWithServer;

namespace {

/// What an event says of the command that it is the outcome of: one of each kind.
struct OutcomeFrom {
  StreamSequence sequence;
  using Found = std::optional<OperationWithServer>;

  Found operator()(const messages::ServerLogged& logged) const {
    const auto& [event, state] = logged;
    OperationWithServer outcome{read_model::operation_row(event, state, sequence), {}};
    if (state.server) {
      outcome.server = read_model::server_row(event.server, state);
    }
    return outcome;
  }
  Found operator()(const messages::PoolLogged& logged) const {
    return OperationWithServer{read_model::operation_row(logged.event, sequence), {}};
  }
  Found operator()(const messages::RegionLogged& logged) const {
    return OperationWithServer{read_model::operation_row(logged.event, sequence), {}};
  }
  Found operator()(const messages::ClockLogged& logged) const {
    return OperationWithServer{read_model::operation_row(logged.event, sequence), {}};
  }
  Found operator()(const messages::FaultsLogged& logged) const {
    return OperationWithServer{read_model::operation_row(logged.event, sequence), {}};
  }
  Found operator()(const messages::WarmPoolLogged& logged) const {
    return OperationWithServer{read_model::operation_row(logged.event, sequence), {}};
  }
  // No command has these as its outcome.
  Found operator()(const AddressClaimed&) const { return std::nullopt; }
  Found operator()(const BillingWatermark&) const { return std::nullopt; }
  Found operator()(const messages::UnknownEvent&) const { return std::nullopt; }
};

}  // namespace

std::optional<OutcomeKind> outcome_of(const OperationRow& operation) {
  return outcome_kind_from(operation.status);
}

bool is_final(OutcomeKind kind) {
  return kind == OutcomeKind::succeeded || kind == OutcomeKind::rejected;
}

bool has_final_outcome(const OperationRow& operation) {
  const auto outcome = outcome_of(operation);
  return outcome && is_final(*outcome);
}

bool is_later(StreamSequence copy, const OperationRow& operation) {
  const LastCommand last{
      Cause{.command = {}, .sequence = operation.command_sequence, .request_hash = {}}, {}};
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
  return std::visit(OutcomeFrom{message.sequence}, *logged);
}

}  // namespace vsim::api
