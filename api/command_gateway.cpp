#include "api/command_gateway.h"

#include <algorithm>
#include <thread>

#include "api/outcomes.h"
#include "api/polling.h"
#include "ops/telemetry/log.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using eventstore::PublishError;
using http::Problem;
using http::ProblemCode;

constexpr int message_ids_max = 4;          // of one command, beside its own
constexpr auto unknown_patience = 4s;       // for a broker that does not answer: two tries
constexpr auto occupied_patience = 1000ms;  // for the slot of a command that is decided already
constexpr std::chrono::microseconds occupied_pause_min = 300us;
constexpr std::chrono::microseconds occupied_pause_max = 5ms;
constexpr auto unavailable_patience = 1000ms;  // for a broker that is not connected
constexpr auto database_patience = 2s;  // for Postgres to come back, once a command is stored

Problem mismatch(const Write& write) {
  return {
      .code = ProblemCode::idempotency_mismatch,
      .detail =
          "this Idempotency-Key came with another request before; take a new key for a new request",
      .operation_id = write.id().to_string()};
}

/// Without an outcome that can be read.
WriteResult pending(const Write& write, StreamSequence sequence, bool anywhere) {
  WriteResult result;
  read_model::OperationRow& operation = result.operation;
  operation.id = write.id().to_string();
  operation.type = write.type;
  operation.region = write.region.name;
  operation.server_id = write.server && !anywhere ? write.server->to_string() : "";
  operation.status = "PENDING";
  operation.actor = write.actor;
  operation.correlation_id = write.request_id;
  operation.account = write.account;
  operation.command_sequence = sequence;
  return result;
}

}  // namespace

/// What is known so far while a command is being published.
struct CommandGateway::Publishing {
  CommandCopy copy;
  bool unknown = false;              // an earlier attempt may have been stored
  std::optional<CommandId> decided;  // of another command, whose slot will be free in a moment
  std::chrono::microseconds pause = occupied_pause_min;
  Steady::time_point began = Steady::now();
  Backoff slot_backoff{250us, 4ms};  // the broker frees a slot within one sync of its disk
  Stored stored;                     // when stored
  Problem problem;                   // when refused

  Step stored_at(StreamSequence sequence, bool by_others = false) {
    const bool at_once = copy.attempt == 1;
    stored = {sequence, by_others && at_once, at_once};
    return Step::stored;
  }
  Step refuse(Problem why) {
    problem = std::move(why);
    return Step::refused;
  }
};

CommandGateway::CommandGateway(eventstore::CommandPublisher& publisher, LogSide& log_side,
                               ReadSide& read_side, OutcomeInbox& inbox,
                               telemetry::Metrics& metrics)
    : publisher_(publisher),
      log_side_(log_side),
      read_side_(read_side),
      inbox_(inbox),
      published_(metrics.counter("vsim_commands_published_total", "Commands that were stored")),
      published_again_(
          metrics.counter("vsim_command_publish_retries_total", "Publishes that were tried again")),
      looks_(metrics.counter("vsim_outcome_looks_total", "Looks at `operations` for an outcome")) {}

Reply<WriteResult> CommandGateway::carry_out(const Write& write,
                                             std::chrono::milliseconds patience) {
  const auto began = Steady::now();
  const auto ticket = patience > 0s ? inbox_.open() : nullptr;
  std::optional<Stored> stored;
  StreamSequence undone = 0;
  if (write.terms.keyed) {
    auto known = find_own(write);
    // Without Postgres the worker finds a repeat in the log; the answer will be late, not wrong.
    if (!known && known.error().code != ProblemCode::unavailable) {
      return tl::unexpected(known.error());
    }
    if (known && *known) {
      const read_model::OperationRow& operation = (*known)->operation;
      if (has_final_outcome(operation)) {
        return WriteResult{std::move(**known), true};
      }
      if (is_decided(operation)) {
        undone = operation.event_sequence;
      } else {
        stored = Stored{operation.command_sequence, false, false};
      }
    }
  }
  if (!stored) {
    const auto published = publish(write, undone, ticket ? ticket->subject() : std::string());
    if (!published) {
      return tl::unexpected(published.error());
    }
    stored = *published;
  }
  if (!ticket) {
    return pending(write, stored->sequence, stored->anywhere);
  }
  return wait(write, *ticket, *stored, began, began + patience);
}

// ---- publishing

/// `undone` above 0: the outcome, in EVENTS, that left the command undone.
Reply<CommandGateway::Stored> CommandGateway::publish(const Write& write, StreamSequence undone,
                                                      const std::string& reply_to) {
  Publishing state;
  state.copy.undone = undone;
  Step step = publish_once(write, reply_to, state);
  while (step == Step::again) {
    published_again_.add();
    step = publish_once(write, reply_to, state);
  }
  if (step == Step::refused) {
    return tl::unexpected(state.problem);
  }
  published_.add();
  return state.stored;
}

CommandGateway::Step CommandGateway::publish_once(const Write& write, const std::string& reply_to,
                                                  Publishing& state) {
  const std::string id = write.id().to_string();
  const auto accepted = publisher_.publish(command_subject(write), write.payload,
                                           headers_of(write, reply_to, state.copy));
  if (accepted && !accepted->duplicate) {
    return state.stored_at(accepted->sequence);
  }
  if (accepted) {
    return write.any_server ? after_duplicate_anywhere(write, accepted->sequence, state)
                            : after_duplicate(write, state);
  }
  const auto refuse = [&](ProblemCode code, std::string detail, std::uint32_t retry_after) {
    return state.refuse({.code = code,
                         .detail = std::move(detail),
                         .operation_id = id,
                         .retry_after_seconds = retry_after});
  };
  switch (accepted.error().kind) {
    case PublishError::Kind::slot_taken:
      return after_occupied(write, state);
    case PublishError::Kind::full:
      return refuse(ProblemCode::queue_full, "too many commands are waiting; try again", 1);
    case PublishError::Kind::too_large:
      return refuse(ProblemCode::payload_too_large,
                    "the command is larger than the queue takes; shorten its name or tags", 0);
    case PublishError::Kind::unknown:
      state.unknown = true;
      ++state.copy.attempt;
      if (Steady::now() - state.began < unknown_patience && !inbox_.stopped()) {
        return Step::again;
      }
      break;
    case PublishError::Kind::unavailable:
      if (Steady::now() - state.began < unavailable_patience && !inbox_.stopped()) {
        std::this_thread::sleep_for(50ms);
        return Step::again;
      }
      break;
  }
  log::warn("a command could not be published",
            {{"operation_id", id}, {"error", accepted.error().detail}});
  return state.unknown
             ? refuse(ProblemCode::unavailable,
                      "the queue (NATS) did not answer: it is not known whether the command was "
                      "stored; GET /operations/" +
                          id +
                          " will tell, and the same Idempotency-Key "
                          "is safe to send again",
                      2)
             : refuse(ProblemCode::unavailable,
                      "the queue (NATS) cannot be reached; nothing was stored; try again", 1);
}

/// The broker knows the message id: the command is stored, or was and has been handled, or was
/// purged, or this key's first command went to another region.
CommandGateway::Step CommandGateway::after_duplicate(const Write& write, Publishing& state) {
  const auto waiting =
      log_side_.find_waiting(waiting_filter(write.region, write.server, write.type));
  if (!waiting) {
    return state.refuse(waiting.error());
  }
  if (*waiting && (*waiting)->id == write.id()) {
    if (is_another_request((*waiting)->request_hash, write)) {
      return state.refuse(mismatch(write));
    }
    return state.stored_at((*waiting)->sequence);
  }
  const auto known = find_own(write);
  if (!known && known.error().code != ProblemCode::unavailable) {
    return state.refuse(known.error());
  }
  if (known && *known) {
    const read_model::OperationRow& operation = (*known)->operation;
    if (!is_decided(operation) || has_final_outcome(operation)) {
      return state.stored_at(operation.command_sequence, is_decided(operation));
    }
  }
  return after_vanished(write, state);
}

/// The same of a command that may have gone to any of several servers. Whichever it is, the outcome
/// bears its id; one that has left the queue will have it soon.
CommandGateway::Step CommandGateway::after_duplicate_anywhere(const Write& write,
                                                              StreamSequence sequence,
                                                              Publishing& state) {
  const auto waiting = log_side_.waiting_at(sequence);
  if (!waiting) {
    return state.refuse(waiting.error());
  }
  const bool waits = *waiting && (*waiting)->id == write.id();
  if (waits && is_another_request((*waiting)->request_hash, write)) {
    return state.refuse(mismatch(write));
  }
  const Step stored = state.stored_at(sequence, !waits);
  state.stored.anywhere = true;
  return stored;
}

/// The broker knows the message id, the command does not wait, and the read models know of no
/// final outcome: the log says whether it has one. Otherwise it was purged or dead-lettered, and is
/// published as another copy.
CommandGateway::Step CommandGateway::after_vanished(const Write& write, Publishing& state) {
  const auto outcome = log_side_.find_outcome(outcome_filter(write), write.id());
  if (!outcome) {
    return state.refuse(outcome.error());
  }
  if (*outcome && is_final((*outcome)->kind)) {
    return state.stored_at((*outcome)->command_sequence, true);
  }
  if (*outcome && (*outcome)->event_sequence > state.copy.undone) {
    if (state.copy.attempt > 1) {  // it may be this very request that was purged: answered so
      return state.stored_at((*outcome)->command_sequence);
    }
    state.copy.undone = (*outcome)->event_sequence;
    return Step::again;
  }
  if (state.copy.suffix == message_ids_max) {
    return state.refuse(
        {.code = ProblemCode::unavailable,
         .detail = "the command vanished from the queue each time it was stored; is an operator "
                   "purging it?",
         .operation_id = write.id().to_string(),
         .retry_after_seconds = 5});
  }
  ++state.copy.suffix;
  ++state.copy.attempt;
  return Step::again;
}

/// Another command waits for the same server, or did a moment ago. D4
CommandGateway::Step CommandGateway::after_occupied(const Write& write, Publishing& state) {
  const auto waiting = log_side_.find_waiting(command_subject(write));
  if (waiting && *waiting && (*waiting)->id == write.id()) {
    return is_another_request((*waiting)->request_hash, write)
               ? state.refuse(mismatch(write))
               : state.stored_at((*waiting)->sequence);
  }
  if (state.unknown) {
    // Ours may have come first, and the broker have forgotten its id in a restart since.
    const auto outcome = log_side_.find_outcome(outcome_filter(write), write.id());
    if (outcome && *outcome && (*outcome)->event_sequence > state.copy.undone) {
      return state.stored_at((*outcome)->command_sequence);
    }
  }
  state.problem = {.code = ProblemCode::operation_in_progress,
                   .detail = "another command for this is in progress; wait for it and try again"};
  if (waiting && *waiting) {
    state.problem.operation_id = (*waiting)->id.to_string();
  }
  if (!waiting || Steady::now() - state.began > occupied_patience || inbox_.stopped()) {
    return Step::refused;
  }
  // No client has asked for a retirement, which spares whatever somebody has: it is waited for. D95
  const bool passes =
      *waiting && (*waiting)->type == command_type(Action(Retire{})) && !write.any_server;
  if (*waiting && state.decided != (*waiting)->id && write.server && !passes) {
    // The broker frees the slot a little after the outcome can be read. A client that has read it
    // must not be answered that its command is in progress. Commands of a pool or of the clock do
    // not exclude each other: they only wait for the slot.
    const auto id = (*waiting)->id;
    const auto operation = read_side_.read(
        [&](read_model::Transaction& tx) { return read_model::find_operation(tx, id); });
    if (!operation || !*operation || !is_decided((*operation)->operation)) {
      return Step::refused;
    }
    state.decided = id;
  }
  std::this_thread::sleep_for(state.pause);
  state.pause = std::min(2 * state.pause, occupied_pause_max);
  return Step::again;
}

// ---- waiting

Reply<std::optional<read_model::OperationWithServer>> CommandGateway::find_own(const Write& write) {
  looks_.add();
  auto operation = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_operation(tx, write.id()); });
  if (operation && *operation && is_another_request((*operation)->operation.request_hash, write)) {
    return tl::unexpected(mismatch(write));
  }
  if (operation && *operation && has_moved_on(**operation)) {
    return as_it_was(write, (*operation)->operation.event_sequence);
  }
  return operation;
}

/// The outcome with the server as it was then: a repeat is answered as the first one was.
Reply<std::optional<read_model::OperationWithServer>> CommandGateway::as_it_was(
    const Write& write, StreamSequence event_sequence) {
  const auto event = log_side_.event_at(event_sequence);
  if (!event) {
    return tl::unexpected(event.error());
  }
  return *event ? read_outcome(**event, write.id()) : std::nullopt;
}

Reply<WriteResult> CommandGateway::wait(const Write& write, OutcomeInbox::Ticket& ticket,
                                        const Stored& stored, Steady::time_point began,
                                        Steady::time_point deadline) {
  const auto decided = [&](read_model::OperationWithServer&& outcome) {
    // What a worker has found in the log already was given to an earlier copy.
    const bool earlier = stored.at_once && is_later(stored.sequence, outcome.operation);
    return WriteResult{std::move(outcome), write.terms.keyed && (stored.by_others || earlier)};
  };
  Backoff backoff(100ms, 500ms);
  auto database_seen = began;  // what was looked up before may have taken its time
  while (true) {
    ticket.wait_until(std::min(deadline, Steady::now() + backoff.next()));
    if (const auto event = ticket.take_event()) {
      auto outcome = read_outcome(*event, write.id());
      if (outcome && is_another_request(outcome->operation.request_hash, write)) {
        return tl::unexpected(mismatch(write));
      }
      if (outcome && stands_for(outcome->operation, stored.sequence)) {
        return decided(std::move(*outcome));
      }
    }
    auto operation = find_own(write);
    if (!operation && operation.error().code != ProblemCode::unavailable) {
      return tl::unexpected(operation.error());
    }
    const auto now = Steady::now();
    if (operation) {
      if (*operation && stands_for((*operation)->operation, stored.sequence)) {
        return decided(std::move(**operation));
      }
      database_seen = now;
    }
    const bool hopeless = now - database_seen > database_patience;
    if (now >= deadline || hopeless || inbox_.stopped()) {
      return pending(write, stored.sequence, stored.anywhere);
    }
  }
}

}  // namespace vsim::api
