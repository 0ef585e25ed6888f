#pragma once

// The door's faults as EVENTS has them. For whoever links the message codecs and a store.

#include <span>
#include <string>
#include <utility>
#include <variant>

#include "domain/door_faults.h"
#include "eventstore/event_store.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::process {

/// The faults after their last event; none where there never were any. An event that this build
/// cannot read is an error of the kind `refused`. Blocks for as long as the store takes.
inline eventstore::Result<DoorFaults> load_faults(eventstore::EventStore& events) {
  const std::string subject(messages::faults_subject);
  const auto last = events.load_last(std::span(&subject, 1));
  if (!last) {
    return tl::unexpected(last.error());
  }
  if (last->empty()) {
    return DoorFaults();
  }
  auto logged = messages::decode_event(last->front());
  auto* faults = logged ? std::get_if<messages::FaultsLogged>(&*logged) : nullptr;
  if (faults == nullptr) {
    return eventstore::fail(eventstore::Error::Kind::refused,
                            "the log's last event of faults cannot be read" +
                                (logged ? std::string() : ": " + logged.error()));
  }
  return std::move(faults->state);
}

}  // namespace vsim::process
