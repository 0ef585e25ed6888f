#include "ops/vsimctl/commands/submission.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"
#include "schema/messages/uuid.h"

namespace vsim::vsimctl {
namespace {

using namespace std::chrono_literals;
using eventstore::PublishError;
namespace header = messages::header;

constexpr auto outcome_patience = 15s;
constexpr auto slot_patience = 5s;
constexpr auto slot_pause = 50ms;
constexpr int attempts_max = 3;

/// Sends again what got no answer: the message id keeps it from being stored twice. Waits while
/// another command of the subject is in hand: its outcome may show before it has left the queue.
tl::expected<eventstore::Accepted, PublishError> publish(Log& log, const std::string& subject,
                                                         const std::string& payload,
                                                         const CommandId& id) {
  const eventstore::CommandPublisher publisher(log.broker(),
                                               std::string(messages::commands_stream));
  const auto give_up = std::chrono::steady_clock::now() + slot_patience;
  int attempt = 1;
  while (true) {
    const eventstore::Headers headers = {
        {std::string(header::command_id), id.to_string()},
        {std::string(header::message_id), id.to_string()},
        {std::string(header::actor), "vsimctl"},
        {std::string(header::attempt), std::to_string(attempt)},
    };
    auto accepted = publisher.publish(subject, payload, headers);
    if (accepted) {
      return accepted;
    }
    if (accepted.error().kind == PublishError::Kind::slot_taken) {
      if (std::chrono::steady_clock::now() >= give_up) {
        return accepted;
      }
      std::this_thread::sleep_for(slot_pause);
    } else if (accepted.error().kind != PublishError::Kind::unknown || attempt++ == attempts_max) {
      return accepted;
    }
  }
}

}  // namespace

std::string explain(const process::CommonSettings& settings, const std::string& subject,
                    const PublishError& error) {
  switch (error.kind) {
    case PublishError::Kind::slot_taken:
      return fmt::format(
          "another command waits under {}; try again when it has been carried out (nats stream "
          "get COMMANDS --last-for {} shows it)",
          subject, subject);
    case PublishError::Kind::full:
      return "the queue is full; try again when it is shorter (vsimctl status)";
    case PublishError::Kind::too_large:
      return "the queue takes no message of this size";
    case PublishError::Kind::unavailable:
      return explain(settings,
                     eventstore::Error{eventstore::Error::Kind::unavailable, error.detail});
    case PublishError::Kind::unknown:
      break;
  }
  return explain(settings, eventstore::Error{eventstore::Error::Kind::unknown, error.detail});
}

tl::expected<CommandOutcome, std::string> carry_out(const process::CommonSettings& settings,
                                                    Log& log, const std::string& subject,
                                                    const std::string& payload) {
  const CommandId id{messages::uuid_from_time()};
  const auto accepted = publish(log, subject, payload, id);
  if (!accepted) {
    return tl::unexpected(explain(settings, subject, accepted.error()));
  }
  const auto outcome = await_outcome(log, subject, id, accepted->sequence, outcome_patience);
  if (!outcome) {
    return tl::unexpected(explain(settings, outcome.error()));
  }
  if (*outcome) {
    return **outcome;
  }
  return tl::unexpected(fmt::format(
      "queued as {} at {}, but no worker has carried it out within 15 s: it waits, and will be "
      "(vsimctl status); nats stream purge COMMANDS --subject {} takes it back",
      id.to_string(), accepted->sequence, subject));
}

}  // namespace vsim::vsimctl
