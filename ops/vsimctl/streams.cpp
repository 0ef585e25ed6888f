#include "ops/vsimctl/streams.h"

#include <fmt/format.h>

#include "eventstore/broker_facts.h"
#include "eventstore/jetstream_follower.h"

namespace vsim::vsimctl {

eventstore::Result<void> read_through(eventstore::Broker& broker, const std::string& stream,
                                      const std::function<void(const eventstore::Message&)>& take) {
  constexpr std::size_t batch_max = 2000;
  constexpr std::chrono::seconds patience{5};
  const auto state = eventstore::stream_facts(broker, stream);
  if (!state) {
    return tl::unexpected(state.error());
  }
  if (state->messages == 0) {
    return {};
  }
  eventstore::JetStreamFollower follower(broker, stream, state->first_sequence - 1,
                                         eventstore::Retention::limited);
  for (eventstore::Sequence position = 0; position < state->last_sequence;) {
    const auto messages = follower.next(batch_max, patience);
    if (!messages) {
      return tl::unexpected(messages.error());
    }
    if (messages->empty()) {
      return eventstore::fail(eventstore::Error::Kind::unknown,
                              fmt::format("{} sent nothing beyond {}", stream, position));
    }
    for (const auto& message : *messages) {
      take(message);
    }
    position = messages->back().sequence;
  }
  return {};
}

eventstore::Result<void> delete_message(const eventstore::Broker& broker, const std::string& stream,
                                        eventstore::Sequence sequence) {
  const auto done =
      broker.api("$JS.API.STREAM.MSG.DELETE." + stream, fmt::format(R"({{"seq":{}}})", sequence));
  if (!done) {
    return tl::unexpected(done.error());
  }
  return {};
}

}  // namespace vsim::vsimctl
