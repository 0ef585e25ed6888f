#pragma once

// The inside of decide(): the events of one decision, with the state after each.

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/account.h"
#include "domain/server.h"
#include "domain/server_deadlines.h"

namespace vsim {

/// Whose events those of the subject are.
inline std::string_view owner_of(const State& state) {
  return state.server ? std::string_view(state.server->blueprint.account) : default_account;
}

/// Records events one by one, so that each is decided on the state after the one before.
class Recorder {
 public:
  Recorder(const ServerId& server, const Region& region, const State& state, Outages outages)
      : server_(server), region_(region), state_(state), outages_(outages) {}

  void record(Instant at, EventData data, std::optional<Cause> cause, Origin origin) {
    Event event{{.version = state_.version + 1,
                 .at = std::max(at, state_.at),
                 .cause = std::move(cause),
                 .origin = std::move(origin),
                 .data = std::move(data)},
                server_,
                region_};
    state_ = evolve(std::move(state_), event);
    event.origin.account = beside_owner(event.origin.account, owner_of(state_));
    events_.push_back(std::move(event));
  }

  void record_due(Instant now) {
    for (auto due = due_of(state_, outages_); due && *due <= now; due = due_of(state_, outages_)) {
      auto next = next_happening(state_, outages_);
      record(next->due, std::move(next->data), std::nullopt, Origin{"timekeeper", {}});
    }
  }

  // What comes before an event that is recorded at that moment: the clock of the process may be
  // behind the last event, and what is due with that one comes first too.
  void record_due_before(Instant now) { record_due(std::max(now, state_.at)); }

  const State& state() const { return state_; }
  std::vector<Event> take() { return std::move(events_); }

 private:
  ServerId server_;
  Region region_;
  State state_;
  Outages outages_;
  std::vector<Event> events_;
};

}  // namespace vsim
