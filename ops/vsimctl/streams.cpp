#include "ops/vsimctl/streams.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "eventstore/jetstream_follower.h"

namespace vsim::vsimctl {

using eventstore::Error;

eventstore::Result<StreamState> stream_state(const eventstore::Broker& broker,
                                             const std::string& stream) {
  const auto info = broker.api("$JS.API.STREAM.INFO." + stream, "");
  if (!info) return tl::unexpected(info.error());
  simdjson::dom::parser parser;
  const auto state = parser.parse(*info)["state"];
  StreamState found;
  std::string_view first_stored_at;
  const bool read = state["messages"].get(found.messages) == simdjson::SUCCESS &&
                    state["first_seq"].get(found.first) == simdjson::SUCCESS &&
                    state["last_seq"].get(found.last) == simdjson::SUCCESS &&
                    state["first_ts"].get(first_stored_at) == simdjson::SUCCESS;
  if (!read) return eventstore::fail(Error::Kind::refused, "stream info of " + stream);
  found.first_stored_at = eventstore::parse_timestamp(first_stored_at);
  return found;
}

eventstore::Result<void> read_through(eventstore::Broker& broker, const std::string& stream,
                                      const std::function<void(const eventstore::Message&)>& take) {
  constexpr std::size_t batch_max = 2000;
  constexpr std::chrono::seconds patience{5};
  const auto state = stream_state(broker, stream);
  if (!state) return tl::unexpected(state.error());
  if (state->messages == 0) return {};
  eventstore::JetStreamFollower follower(broker, stream, state->first - 1,
                                         eventstore::Retention::limited);
  for (eventstore::Sequence position = 0; position < state->last;) {
    const auto messages = follower.next(batch_max, patience);
    if (!messages) return tl::unexpected(messages.error());
    if (messages->empty()) {
      return eventstore::fail(Error::Kind::unknown,
                              fmt::format("{} sent nothing beyond {}", stream, position));
    }
    for (const auto& message : *messages) take(message);
    position = messages->back().sequence;
  }
  return {};
}

eventstore::Result<void> delete_message(const eventstore::Broker& broker, const std::string& stream,
                                        eventstore::Sequence sequence) {
  const auto done =
      broker.api("$JS.API.STREAM.MSG.DELETE." + stream, fmt::format(R"({{"seq":{}}})", sequence));
  if (!done) return tl::unexpected(done.error());
  return {};
}

}  // namespace vsim::vsimctl
