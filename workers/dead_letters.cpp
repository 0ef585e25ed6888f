#include "workers/dead_letters.h"

#include "ops/telemetry/log.h"
#include "schema/messages/command_envelope.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

std::string reason_text(DeadLetterReason reason) {
  switch (reason) {
    case DeadLetterReason::unreadable:
      return "unreadable";
    case DeadLetterReason::exhausted:
      return "exhausted";
  }
  return {};
}

// A header is one line of at most so many bytes, whatever the text came from.
std::string one_line(std::string text) {
  constexpr std::size_t bytes_max = 512;
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = ' ';
    }
  }
  text.resize(std::min(text.size(), bytes_max));
  return text;
}

// What the command brought along, so that a replay is the same command: also the id of one that was
// typed without. What a letter says of itself is not the command's to say.
void add_headers_of(const eventstore::Message& message, eventstore::Headers& headers) {
  using messages::header::command_id;
  for (const auto& header : message.headers) {
    const bool is_letters = header.name.starts_with("Vsim-Dead-");
    if (header.name.starts_with("Vsim-") && !is_letters) {
      headers.push_back(header);
    }
  }
  if (!find_header(message.headers, command_id).empty()) {
    return;
  }
  const auto id = messages::command_id_of(message);
  if (id) {
    headers.push_back({std::string(command_id), id->to_string()});
  }
}

// The same for the same command, so that one that is buried twice is one letter. Its time is part
// of it: a queue that was made anew may give a number again.
std::string message_id_of(const eventstore::Message& message) {
  return "dlq-" + std::to_string(message.sequence) + "-" +
         std::to_string(message.stored_at.time_since_epoch().count());
}

}  // namespace

DeadLetters::DeadLetters(eventstore::Broker& broker, telemetry::Metrics& metrics)
    : publisher_(broker, std::string(messages::dead_letters_stream)),
      unreadable_(metrics.counter("vsim_dead_letters_total", "Commands put with the dead letters",
                                  {{"reason", "unreadable"}})),
      exhausted_(metrics.counter("vsim_dead_letters_total", "Commands put with the dead letters",
                                 {{"reason", "exhausted"}})) {}

bool DeadLetters::keep(const eventstore::Delivery& delivery, DeadLetterReason reason,
                       const std::string& error) {
  const auto& message = delivery.message;
  const auto stored_at = std::chrono::floor<Duration>(message.stored_at);
  eventstore::Headers headers = {
      {std::string(messages::header::message_id), message_id_of(message)},
      {"Vsim-Dead-Reason", reason_text(reason)},
      {"Vsim-Dead-Error", one_line(error)},
      {"Vsim-Dead-Subject", message.subject},
      {"Vsim-Dead-Sequence", std::to_string(message.sequence)},
      {"Vsim-Dead-Deliveries", std::to_string(delivery.deliveries)},
      {"Vsim-Dead-Time", messages::format_instant(stored_at)},
  };
  add_headers_of(message, headers);
  const auto kept =
      publisher_.publish(messages::dead_letter(message.subject), message.payload, headers);
  if (!kept) {
    log::warn("a dead letter could not be kept, the command stays in the queue",
              {{"subject", message.subject}, {"reason", kept.error().detail}});
    return false;
  }
  (reason == DeadLetterReason::unreadable ? unreadable_ : exhausted_).add();
  log::error("dead letter", {{"subject", message.subject},
                             {"sequence", message.sequence},
                             {"deliveries", delivery.deliveries},
                             {"reason", reason_text(reason)},
                             {"error", error}});
  return true;
}

}  // namespace vsim::workers
