#pragma once

// What happens to a server by itself: drawn where a transition begins, kept in the state in the
// order of time, and made into events when it is due. Pure; any thread may call. D90

#include <optional>
#include <vector>

#include "domain/server.h"

namespace vsim {

/// What will befall a server that is RUNNING after that end, in the order in which it comes;
/// nothing where it will not run.
std::vector<Deadline> hazards_after(const End& end, const Terms& terms, const Draw& draw);

/// The event that the server's next deadline brings; it has one.
EventData event_at_deadline(const Server& server);

/// Gives the server a lease that ends then, in place of the one that it has. D91
void lease_until(Server& server, Instant end);
/// What happens to the server by itself next, by its own deadlines or an outage of its region.
struct Happening {
  Instant due;
  EventData data;
};
std::optional<Happening> next_happening(const State& state, Outages outages);

/// Puts a deadline in its place among those of the server.
void plan(Server& server, Deadline deadline);
void plan(Server& server, const std::vector<Deadline>& deadlines);

/// Forgets the server's deadline of that kind, if there is one.
void cancel(Server& server, Turn turn);

}  // namespace vsim
