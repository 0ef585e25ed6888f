#include "workers/outcome_replies.h"

#include <algorithm>
#include <string>

#include "schema/messages/message_headers.h"

namespace vsim::workers {
namespace {

namespace header = messages::header;

/// So many writes cost less than the round trip that a gathered write takes. // D70
constexpr auto prompt_replies_max = 8;

std::string_view inbox_of(const eventstore::Message& event) {
  return find_header(event.headers, header::reply_to);
}

/// The reply repeats the event, so that its reader need not ask Postgres for what it says.
void reply(const eventstore::Broker& broker, const eventstore::Message& event) {
  broker.publish(std::string(inbox_of(event)), event.payload,
                 {{std::string(header::event_subject), event.subject},
                  {std::string(header::event_sequence), std::to_string(event.sequence)}});
}

}  // namespace

void tell_waiters(std::span<const eventstore::Message> committed, const Connections& to) {
  const auto is_awaited = [](const auto& event) { return !inbox_of(event).empty(); };
  const auto awaited = std::count_if(committed.begin(), committed.end(), is_awaited);
  const auto& broker = awaited <= prompt_replies_max ? *to.unbuffered : *to.feeds;
  for (const auto& event : committed) {
    if (is_awaited(event)) {
      reply(broker, event);
    }
  }
  if (awaited > prompt_replies_max) {
    broker.flush();
  }
}

}  // namespace vsim::workers
