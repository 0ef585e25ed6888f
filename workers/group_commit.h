#pragma once

// Group commit: many decisions, one atomic batch. The broker syncs its disk once for a batch
// however many messages it holds, so deciding together is what makes the log fast.

#include <span>
#include <string>
#include <vector>

#include "domain/server.h"
#include "eventstore/event_store.h"

namespace vsim::workers {

/// What the log holds of one server.
struct Head {
  eventstore::Sequence sequence = 0;  // of its last event; 0: it has none
  State state;
};

/// One server's part of a group. Decided on its head, as often as the head turns out to have moved.
class Proposal {
 public:
  virtual ~Proposal() = default;

  virtual const ServerId& server() const = 0;

  /// Whether the server very likely has no event yet. Then that is assumed first: a conflict tells
  /// when it is wrong, and nearly always a read is saved.
  virtual bool is_likely_first() const { return false; }

  /// What to append, all or nothing; empty when there is nothing to say. Called again, with the new
  /// head, after a conflict: what an earlier call returned was not appended then.
  virtual eventstore::Result<std::vector<eventstore::Append>> decide(const Head& head) = 0;

  /// Another message was last under the filter than an expectation said.
  virtual void lost_against(const std::string& /*filter*/, eventstore::Sequence /*last*/) {}

  /// It is in the log, its first message at `first`; or there was nothing to append (0).
  void done(eventstore::Sequence first) {
    done_ = true;
    on_done(first);
  }
  bool is_done() const { return done_; }

 private:
  virtual void on_done(eventstore::Sequence /*first*/) {}

  bool done_ = false;
};

/// Brings the proposals into the log: together where it can be, each alone where it must. At most
/// one proposal per server. On an error some may be done and some not: offer those that are not
/// done again. Blocks for as long as the log takes.
eventstore::Result<void> commit(eventstore::EventStore& store, std::span<Proposal* const> group);

/// The heads of servers, in their order.
eventstore::Result<std::vector<Head>> load_heads(eventstore::EventStore& store,
                                                 std::span<const ServerId> servers);

/// The events of one decision as they are appended: the expectation stands on the first, over all
/// regions, so that an id exists once; `reply_to` on the last, the outcome.
std::vector<eventstore::Append> appends_of(const Head& head, std::span<const Event> events,
                                           const std::string& reply_to);

}  // namespace vsim::workers
