#include "workers/gone_numbers.h"

#include <map>
#include <string>

#include "schema/messages/command_identity.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {

ServerId server_of_number(const WarmPoolId& pool, std::uint64_t number) {
  return messages::server_id_of_create(messages::command_id_of_warm_create(pool, number));
}

eventstore::Result<std::vector<std::uint64_t>> find_gone(
    eventstore::EventStore& store, const WarmPoolId& pool,
    const std::vector<std::uint64_t>& numbers) {
  std::vector<std::string> subjects;
  std::map<ServerId, std::uint64_t> number_of;
  for (const auto number : numbers) {
    const auto server = server_of_number(pool, number);
    number_of[server] = number;
    subjects.push_back(messages::any_events_of(server));
  }
  const auto lasts = store.load_last(subjects);
  if (!lasts) {
    return tl::unexpected(lasts.error());
  }
  std::vector<std::uint64_t> gone;
  for (const auto& message : *lasts) {
    const auto logged = messages::decode_event(message);
    const auto* event = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    const auto* server = event != nullptr && event->state.server ? &*event->state.server : nullptr;
    const bool is_over = server == nullptr || server->status == Status::terminated;
    if (event != nullptr && is_over) {
      gone.push_back(number_of[event->event.server]);
    }
  }
  return gone;
}

}  // namespace vsim::workers
