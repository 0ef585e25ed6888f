#include "workers/past_outcomes.h"

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {

eventstore::Result<std::optional<LastCommand>> find_past_outcome(eventstore::EventStore& store,
                                                                 const ServerId& id,
                                                                 const CommandId& command) {
  const auto history = store.load_history(messages::any_events_of(id));
  if (!history) return tl::unexpected(history.error());
  std::optional<LastCommand> found;
  for (const auto& message : *history) {
    const auto logged = messages::decode_event(message);
    const auto* server = logged ? std::get_if<messages::ServerEvent>(&*logged) : nullptr;
    if (server == nullptr) continue;
    const Event& event = server->event;
    if (!event.cause || event.cause->command != command) continue;
    found = LastCommand{*event.cause, outcome_of(event.data)};
  }
  return found;
}

}  // namespace vsim::workers
