#include "ops/vsimctl/dlq/letters.h"

#include "domain/decimal.h"
#include "eventstore/direct_get.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {

Letter letter_of(const eventstore::Message& message) {
  const auto header = [&](std::string_view name) {
    return std::string(find_header(message.headers, name));
  };
  Letter letter;
  letter.sequence = message.sequence;
  letter.time = header("Vsim-Dead-Time");
  letter.reason = header("Vsim-Dead-Reason");
  letter.error = header("Vsim-Dead-Error");
  letter.deliveries = header("Vsim-Dead-Deliveries");
  letter.command.subject = header("Vsim-Dead-Subject");
  letter.command.payload = message.payload;
  letter.command.stored_at = eventstore::parse_timestamp(letter.time);
  letter.command.sequence = read_decimal(header("Vsim-Dead-Sequence")).value_or(0);
  for (const auto& one : message.headers) {
    if (one.name.starts_with("Vsim-") && !one.name.starts_with("Vsim-Dead-")) {
      letter.command.headers.push_back(one);
    }
  }
  return letter;
}

eventstore::Result<std::vector<Letter>> load_letters(eventstore::Broker& broker) {
  eventstore::JetStreamStore store(broker, broker, std::string(messages::dead_letters_stream));
  const auto messages = store.load_history("vsim.dlq.>");
  if (!messages) {
    return tl::unexpected(messages.error());
  }
  std::vector<Letter> letters;
  letters.reserve(messages->size());
  for (const auto& message : *messages) {
    letters.push_back(letter_of(message));
  }
  return letters;
}

eventstore::Result<std::optional<Letter>> load_letter(const eventstore::Broker& broker,
                                                      eventstore::Sequence sequence) {
  const auto message =
      eventstore::get_at(broker, std::string(messages::dead_letters_stream), sequence);
  if (!message) {
    return tl::unexpected(message.error());
  }
  if (!*message) {
    return std::optional<Letter>();
  }
  return std::optional<Letter>(letter_of(**message));
}

}  // namespace vsim::vsimctl
