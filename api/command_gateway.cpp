#include "api/command_gateway.h"

#include <algorithm>
#include <thread>

#include "api/backoff.h"
#include "ops/telemetry/log.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using eventstore::PublishError;
using http::Problem;
using http::ProblemCode;

constexpr int message_ids_max = 4;          // of one command, beside its own
constexpr auto unknown_patience = 8s;       // for a broker that does not answer: two tries of 5 s
constexpr auto occupied_patience = 1000ms;  // for the slot of a command that is decided already
constexpr std::chrono::microseconds occupied_pause_min = 300us;
constexpr std::chrono::microseconds occupied_pause_max = 5ms;
constexpr auto unavailable_patience = 1000ms;  // for a broker that is not connected
constexpr auto database_patience = 2s;  // for Postgres to come back, once a command is stored

Problem mismatch(const Submission& submission) {
  return {ProblemCode::idempotency_mismatch,
          "this Idempotency-Key came with another request before; take a new key for a new request",
          submission.id.to_string()};
}

/// Commands of a pool or of the clock do not exclude each other as a server's do: the next one only
/// waits for its slot.
bool takes_turns(const Submission& submission) {
  const auto target = messages::parse_command_subject(submission.subject);
  return target && target->kind != messages::CommandTarget::Kind::server;
}

bool is_decided(const read_model::OperationRow& operation) { return operation.status != "PENDING"; }

/// Whether more has happened to the server since the outcome.
bool has_moved_on(const read_model::OperationWithServer& found) {
  return is_decided(found.operation) && found.server &&
         found.server->version != found.operation.version;
}

/// `suffix` above 0: another message id, for a command whose own is known to the broker.
eventstore::Headers headers_of(const Submission& submission, const std::string& reply_to,
                               int attempt, int suffix) {
  namespace header = messages::header;
  const std::string id = submission.id.to_string();
  const std::string message_id = suffix == 0 ? id : id + "-r" + std::to_string(suffix);
  eventstore::Headers headers = {{std::string(header::message_id), message_id},
                                 {std::string(header::command_id), id},
                                 {std::string(header::request_hash), submission.request_hash},
                                 {std::string(header::actor), submission.actor},
                                 {std::string(header::correlation_id), submission.request_id}};
  if (!reply_to.empty()) {
    headers.push_back({std::string(header::reply_to), reply_to});
  }
  if (attempt > 1) {
    headers.push_back({std::string(header::attempt), std::to_string(attempt)});
  }
  if (submission.only_at) {
    headers.push_back(
        {std::string(header::only_at), messages::encode_only_at(*submission.only_at)});
  }
  return headers;
}

/// The same as find_operation() would give, from the event itself, which has been committed.
std::optional<read_model::OperationWithServer> outcome_told(const eventstore::Message& message,
                                                            const CommandId& id) {
  const auto logged = messages::decode_event(message);
  const Cause* cause = logged ? messages::cause_of(*logged) : nullptr;
  if (cause == nullptr || cause->command != id) {
    return std::nullopt;
  }
  if (const auto* server = std::get_if<messages::ServerEvent>(&*logged)) {
    const auto& [event, state] = *server;
    read_model::OperationWithServer told{read_model::operation_row(event, message.sequence), {}};
    if (state.server) {
      told.server = read_model::server_row(event.server, state);
    }
    return told;
  }
  if (const auto* clock = std::get_if<messages::ClockLogged>(&*logged)) {
    return read_model::OperationWithServer{
        read_model::operation_row(clock->event, message.sequence), {}};
  }
  return read_model::OperationWithServer{
      read_model::operation_row(std::get<messages::PoolLogged>(*logged).event, message.sequence),
      {}};
}

}  // namespace

/// What is known so far while a command is being published.
struct CommandGateway::Publishing {
  int attempt = 1;            // counts what is sent
  int message_id_suffix = 0;  // above 0: the plain id is known to the broker, yet nothing is stored
  bool unknown = false;       // an earlier attempt may have been stored
  std::optional<CommandId> decided;  // of another command, whose slot will be free in a moment
  std::chrono::microseconds pause = occupied_pause_min;
  Clock::time_point began = Clock::now();
  Backoff slot_backoff{250us, 4ms};  // the broker frees a slot within one sync of its disk
  StreamSequence sequence = 0;       // when stored
  Problem problem;                   // when refused
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

Reply<Result> CommandGateway::carry_out(const Submission& submission,
                                        std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  const auto ticket = patience > 0s ? inbox_.open() : nullptr;
  StreamSequence sequence = 0;
  bool published = false;
  if (submission.keyed) {
    auto known = find_own(submission);
    // Without Postgres the worker finds a repeat in the log; the answer will be late, not wrong.
    if (!known && known.error().code != ProblemCode::unavailable) {
      return tl::unexpected(known.error());
    }
    if (known && *known) {
      if (is_decided((*known)->operation)) {
        return Result(std::move(**known));
      }
      sequence = (*known)->operation.command_sequence;
      published = true;
    }
  }
  if (!published) {
    const auto stored = publish(submission, ticket ? ticket->subject() : std::string());
    if (!stored) {
      return tl::unexpected(stored.error());
    }
    sequence = *stored;
  }
  if (!ticket) {
    return Result(Pending{sequence});
  }
  return wait(submission, *ticket, sequence, deadline);
}

// ---- publishing

Reply<StreamSequence> CommandGateway::publish(const Submission& submission,
                                              const std::string& reply_to) {
  Publishing state;
  Step step = publish_once(submission, reply_to, state);
  while (step == Step::again) {
    published_again_.add();
    step = publish_once(submission, reply_to, state);
  }
  if (step == Step::refused) {
    return tl::unexpected(state.problem);
  }
  published_.add();
  return state.sequence;
}

CommandGateway::Step CommandGateway::publish_once(const Submission& submission,
                                                  const std::string& reply_to, Publishing& state) {
  const std::string id = submission.id.to_string();
  const auto accepted =
      publisher_.publish(submission.subject, submission.payload,
                         headers_of(submission, reply_to, state.attempt, state.message_id_suffix));
  if (accepted && !accepted->duplicate) {
    state.sequence = accepted->sequence;
    return Step::stored;
  }
  if (accepted) {
    return after_duplicate(submission, state);
  }
  const auto refuse = [&](ProblemCode code, std::string detail, std::uint32_t retry_after) {
    state.problem = {code, std::move(detail), id, retry_after};
    return Step::refused;
  };
  switch (accepted.error().kind) {
    case PublishError::Kind::slot_taken:
      return after_occupied(submission, state);
    case PublishError::Kind::full:
      return refuse(ProblemCode::queue_full, "too many commands are waiting; try again", 1);
    case PublishError::Kind::too_large:
      return refuse(ProblemCode::payload_too_large,
                    "the command is larger than the queue takes; shorten its name or tags", 0);
    case PublishError::Kind::unknown:
      state.unknown = true;
      ++state.attempt;
      if (Clock::now() - state.began < unknown_patience && !inbox_.stopped()) {
        return Step::again;
      }
      break;
    case PublishError::Kind::unavailable:
      if (Clock::now() - state.began < unavailable_patience && !inbox_.stopped()) {
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
CommandGateway::Step CommandGateway::after_duplicate(const Submission& submission,
                                                     Publishing& state) {
  const auto refuse = [&](Problem problem) {
    state.problem = std::move(problem);
    return Step::refused;
  };
  const auto waiting = log_side_.find_waiting(submission.waiting_filter);
  if (!waiting) {
    return refuse(waiting.error());
  }
  if (*waiting && (*waiting)->id == submission.id) {
    if ((*waiting)->request_hash != submission.request_hash) {
      return refuse(mismatch(submission));
    }
    state.sequence = (*waiting)->sequence;
    return Step::stored;
  }
  const auto known = find_own(submission);
  if (!known && known.error().code != ProblemCode::unavailable) {
    return refuse(known.error());
  }
  if (known && *known) {
    state.sequence = (*known)->operation.command_sequence;
    return Step::stored;
  }
  const auto decided = log_side_.find_outcome(submission.events_filter, submission.id);
  if (!decided) {
    return refuse(decided.error());
  }
  if (*decided) {
    state.sequence = **decided;
    return Step::stored;
  }
  if (state.message_id_suffix == message_ids_max) {
    return refuse({ProblemCode::unavailable,
                   "the command vanished from the queue each time it was stored; is an operator "
                   "purging it?",
                   submission.id.to_string(), 5});
  }
  ++state.message_id_suffix;
  ++state.attempt;
  return Step::again;
}

/// Another command waits for the same server, or did a moment ago.
CommandGateway::Step CommandGateway::after_occupied(const Submission& submission,
                                                    Publishing& state) {
  const auto waiting = log_side_.find_waiting(submission.subject);
  if (waiting && *waiting && (*waiting)->id == submission.id) {
    if ((*waiting)->request_hash != submission.request_hash) {
      state.problem = mismatch(submission);
      return Step::refused;
    }
    state.sequence = (*waiting)->sequence;
    return Step::stored;
  }
  if (state.unknown) {
    // Ours may have come first, and the broker have forgotten its id in a restart since.
    const auto decided = log_side_.find_outcome(submission.events_filter, submission.id);
    if (decided && *decided) {
      state.sequence = **decided;
      return Step::stored;
    }
  }
  state.problem = {ProblemCode::operation_in_progress,
                   "another command for this is in progress; wait for it and try again",
                   {}};
  if (waiting && *waiting) {
    state.problem.operation_id = (*waiting)->id.to_string();
  }
  if (!waiting || Clock::now() - state.began > occupied_patience || inbox_.stopped()) {
    return Step::refused;
  }
  if (*waiting && state.decided != (*waiting)->id && !takes_turns(submission)) {
    // The broker frees the slot a little after the outcome can be read already. A client that has
    // read it must not be told that its command is in progress.
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

/// The operation if it can be read; a problem when its id was used for another request.
Reply<std::optional<read_model::OperationWithServer>> CommandGateway::find_own(
    const Submission& submission) {
  looks_.add();
  auto operation = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_operation(tx, submission.id); });
  if (operation && *operation && (*operation)->operation.request_hash != submission.request_hash) {
    return tl::unexpected(mismatch(submission));
  }
  if (operation && *operation && has_moved_on(**operation)) {
    return as_it_was(submission, (*operation)->operation.event_sequence);
  }
  return operation;
}

/// The outcome with the server as it was then: a repeat is answered as the first one was.
Reply<std::optional<read_model::OperationWithServer>> CommandGateway::as_it_was(
    const Submission& submission, StreamSequence event_sequence) {
  const auto event = log_side_.event_at(event_sequence);
  if (!event) {
    return tl::unexpected(event.error());
  }
  return *event ? outcome_told(**event, submission.id) : std::nullopt;
}

Reply<Result> CommandGateway::wait(const Submission& submission, OutcomeInbox::Ticket& ticket,
                                   StreamSequence sequence, Clock::time_point deadline) {
  Backoff backoff(100ms, 500ms);
  auto database_seen = Clock::now();
  while (true) {
    ticket.wait_until(std::min(deadline, Clock::now() + backoff.next()));
    if (const auto event = ticket.take_event()) {
      if (auto told = outcome_told(*event, submission.id)) {
        if (told->operation.request_hash != submission.request_hash) {
          return tl::unexpected(mismatch(submission));
        }
        return Result(std::move(*told));
      }
    }
    auto operation = find_own(submission);
    if (!operation && operation.error().code != ProblemCode::unavailable) {
      return tl::unexpected(operation.error());
    }
    const auto now = Clock::now();
    if (operation) {
      if (*operation && is_decided((*operation)->operation)) {
        return Result(std::move(**operation));
      }
      database_seen = now;
    }
    const bool hopeless = now - database_seen > database_patience;
    if (now >= deadline || hopeless || inbox_.stopped()) {
      return Result(Pending{sequence});
    }
  }
}

}  // namespace vsim::api
