#include "ops/process/server_of_log.h"

#include "eventstore/find_last.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::process {
namespace {

using eventstore::Message;
using messages::decode_event;
using read_model::ServerRow;

eventstore::Result<std::optional<Instant>> billed_through(eventstore::EventStore& events,
                                                          const Region& region, Instant at) {
  const auto read = [](const Message& message) -> std::optional<Instant> {
    const auto logged = decode_event(message);
    const auto* watermark = logged ? std::get_if<BillingWatermark>(&*logged) : nullptr;
    return watermark != nullptr ? std::optional(watermark->through) : std::nullopt;
  };
  const auto last =
      eventstore::find_last(events, messages::billing_events(region), [&](const Message& message) {
        const auto through = read(message);
        return through && *through <= at;
      });
  if (!last) {
    return tl::unexpected(last.error());
  }
  return *last ? read(**last) : std::nullopt;
}

}  // namespace

eventstore::Result<std::optional<ServerRow>> server_after(eventstore::EventStore& events,
                                                          const Message& event, Instant at) {
  const auto logged = decode_event(event);
  if (!logged) {
    return eventstore::fail(eventstore::Error::Kind::refused,
                            "message " + std::to_string(event.sequence) +
                                " of EVENTS cannot be read: " + logged.error());
  }
  const auto* server = std::get_if<messages::ServerLogged>(&*logged);
  if (server == nullptr || !server->state.server) {
    return std::optional<ServerRow>();
  }
  auto row = read_model::server_row(server->event.server, server->state);
  const auto billed = billed_through(events, server->event.region, at);
  if (!billed) {
    return tl::unexpected(billed.error());
  }
  row.billed_through = *billed;
  return std::optional(std::move(row));
}

eventstore::Result<std::optional<ServerRow>> server_at(eventstore::EventStore& events,
                                                       const ServerId& id, Instant at) {
  // A server's events bear times that never fall.
  const auto last =
      eventstore::find_last(events, messages::any_events_of(id), [&](const Message& message) {
        const auto logged = decode_event(message);
        const auto* server = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
        return server != nullptr && server->event.at <= at;
      });
  if (!last) {
    return tl::unexpected(last.error());
  }
  if (!*last) {
    return std::optional<ServerRow>();
  }
  return server_after(events, **last, at);
}

}  // namespace vsim::process
