#include "workers/past_outcomes.h"

#include <fmt/format.h>

#include "schema/messages/event_codec.h"

namespace vsim::workers {
namespace {

std::string hole_in_history(const Event& behind, eventstore::Sequence from,
                            eventstore::Sequence to) {
  return fmt::format(
      "an event of server {} between messages {} and {} of EVENTS is lost, before its version {}: "
      "the broker's store is damaged (ops/runbook.md, The log is damaged)",
      behind.server.to_string(), from, to, behind.version);
}

}  // namespace

eventstore::Result<std::optional<LastCommand>> find_past_outcome(eventstore::EventStore& store,
                                                                 const std::string& filter,
                                                                 const CommandId& command) {
  const auto history = store.load_history(filter);
  if (!history) {
    return tl::unexpected(history.error());
  }
  std::optional<LastCommand> found;
  Version version = 0;
  eventstore::Sequence before = 0;
  for (const auto& message : *history) {
    const auto logged = messages::decode_event(message);
    const auto* event = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    // A server's versions have no gap, so what was looked for may have stood in one.
    if (event != nullptr && event->event.version > version + 1) {
      return eventstore::fail(eventstore::Error::Kind::damaged,
                              hole_in_history(event->event, before, message.sequence));
    }
    version = event != nullptr ? event->event.version : version + 1;
    before = message.sequence;
    auto outcome = logged ? messages::outcome_in(*logged) : std::nullopt;
    if (outcome && outcome->cause.command == command) {
      found = std::move(outcome);
    }
  }
  return found;
}

}  // namespace vsim::workers
