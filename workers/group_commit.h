#pragma once

// Group commit: many decisions, one atomic batch. The broker syncs its disk once for a batch
// however many messages it holds, so deciding together is what makes the log fast. D5

#include <span>
#include <string>
#include <vector>

#include "domain/server.h"
#include "eventstore/event_store.h"
#include "workers/head.h"

namespace vsim::workers {

/// What the log holds of one server.
using ServerHead = Head<State>;

/// One server's part of a group. Decided on its head, as often as the head turns out to have moved.
class Proposal {
 public:
  virtual ~Proposal() = default;

  virtual const ServerId& server() const = 0;

  /// Whether the server very likely has no event yet. Then that is assumed first: a conflict shows
  /// when it is wrong, and nearly always a read is saved.
  virtual bool is_likely_first() const { return false; }

  /// Fetches what the decision needs beside the head, such as a past outcome or a free address. To
  /// find an address it may append other servers' events of time. Called before each decide(), with
  /// the same head.
  virtual eventstore::Result<void> prepare(const ServerHead& head) = 0;

  /// What to append, all or nothing; empty when there is nothing to append. Neither reads nor
  /// writes the log. Called again, with the new head, after a conflict: what an earlier call
  /// returned was not appended then.
  virtual std::vector<eventstore::Append> decide(const ServerHead& head) = 0;

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

/// A group on its way into the log: load(), decide() and append(), in this order and again until
/// is_done(). After an error some proposals may be done and some not: those that are not may be
/// offered again, in another GroupCommit. Not thread-safe.
class GroupCommit {
 public:
  /// At most one proposal per server. The store and the proposals outlive it.
  GroupCommit(eventstore::EventStore& store, std::span<Proposal* const> group);

  /// Loads the heads of those that have to be decided, and prepares them. Blocks for as long as
  /// the log takes; fails as `conflict` when others were faster in 100 rounds.
  eventstore::Result<void> load();

  /// Decides each on its head.
  void decide();

  /// Appends together what can be, and alone what must. Where somebody else was faster, those that
  /// have to be decided again are known after it. Blocks for as long as the log takes.
  eventstore::Result<void> append();

  bool is_done() const { return open_.empty(); }

 private:
  /// A proposal that is not in the log yet.
  struct Open {
    Proposal* proposal = nullptr;
    ServerHead head;
    std::vector<eventstore::Append> appends;
    bool must_decide = true;  // its head is not known, or has moved
    bool assumed = false;     // decided once without a look at its head
  };

  eventstore::Result<void> append_round(std::span<Open> group);
  eventstore::Result<void> append_together(std::span<Open> group);
  eventstore::Result<void> append_side_by_side(std::span<Open> group);
  eventstore::Result<void> append_one_by_one(std::span<Open> group);
  /// Finds which of a refused batch have to be decided again.
  eventstore::Result<void> find_culprits();

  eventstore::EventStore& store_;
  std::vector<Open> open_;
  int round_ = 0;
};

/// Brings the proposals into the log: all three steps until all are done, or an error comes.
eventstore::Result<void> commit(eventstore::EventStore& store, std::span<Proposal* const> group);

/// The heads of servers, in their order.
eventstore::Result<std::vector<ServerHead>> load_heads(eventstore::EventStore& store,
                                                       std::span<const ServerId> servers);

/// The events of one decision as they are appended: the expectation stands on the first, over all
/// regions, so that an id exists once; `reply_to` on the last, the outcome.
std::vector<eventstore::Append> appends_of(const ServerHead& head, std::span<const Event> events,
                                           const std::string& reply_to);

}  // namespace vsim::workers
