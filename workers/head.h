#pragma once

// What the log ends with for one subject: all that a decision needs, since every event carries the
// state after it.

#include "domain/server.h"
#include "eventstore/event_store.h"

namespace vsim::workers {

template <typename StateType>
struct Head {
  eventstore::Sequence sequence = 0;  // of the last event; 0: there is none
  StateType state;                    // after it; without one the state that all begin with
};

/// What the log holds of one server.
using ServerHead = Head<State>;

/// The error for a subject whose last event is of a newer build, or damaged. It stays until this
/// build is replaced, so it is `refused`: trying again does not help.
inline tl::unexpected<eventstore::Error> ends_unreadably(const std::string& subject) {
  return eventstore::fail(eventstore::Error::Kind::refused,
                          subject + " ends with an event that this build cannot read");
}

/// The error after as many attempts as are allowed, each lost against another writer.
inline tl::unexpected<eventstore::Error> log_moved_faster(eventstore::Error::Kind kind) {
  return eventstore::fail(kind, "the log moved faster than it could be decided on");
}

}  // namespace vsim::workers
