#include "workers/past_outcomes.h"

#include "schema/messages/event_codec.h"

namespace vsim::workers {

eventstore::Result<std::optional<LastCommand>> find_past_outcome(eventstore::EventStore& store,
                                                                 const std::string& filter,
                                                                 const CommandId& command) {
  const auto history = store.load_history(filter);
  if (!history) return tl::unexpected(history.error());
  std::optional<LastCommand> found;
  for (const auto& message : *history) {
    const auto logged = messages::decode_event(message);
    auto outcome = logged ? messages::outcome_in(*logged) : std::nullopt;
    if (outcome && outcome->cause.command == command) found = std::move(outcome);
  }
  return found;
}

}  // namespace vsim::workers
