#pragma once

// Group commit: many decisions on their way into the log together. A few go as chains, one a
// decision and all at once, which cost the disk one sync a message; many go as one atomic batch,
// for which the broker syncs about ten times however many messages it holds. D5, D72

#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/server.h"
#include "eventstore/event_store.h"
#include "workers/decision_tools.h"
#include "workers/head.h"
#include "workers/server_heads.h"

namespace vsim::workers {

/// What a decision appends.
struct DecidedAppends {
  std::vector<eventstore::Append> messages;  // empty: nothing
  State after;                               // the server's, with them; its last event is the last
  bool may_be_chain = false;  // each has its own expectation, and a prefix alone does no harm
};

/// One server's part of a group. Decided on its head, as often as the head turns out to have moved.
class Proposal {
 public:
  virtual ~Proposal() = default;

  virtual const ServerId& server() const = 0;
  virtual const Region& region() const = 0;  // that the command names

  /// Whether the server very likely has no event yet. Then that is assumed first: a conflict shows
  /// when it is wrong, and nearly always a read is saved.
  virtual bool is_likely_first() const { return false; }

  /// Fetches what the decision needs beside the head, such as a past outcome or a free address. To
  /// find an address it may append other servers' events of time. Called before each decide(), with
  /// the same head and region.
  virtual eventstore::Result<void> prepare(const ServerHead& head, const RegionState& region) = 0;

  /// What to append. Neither reads nor writes the log. Called again, with the new head, after a
  /// conflict: what an earlier call returned was not appended then, but for a harmless prefix.
  virtual DecidedAppends decide(const ServerHead& head, const RegionState& region) = 0;

  /// Another message was last under the filter than an expectation said.
  virtual void lost_against(const std::string& /*filter*/, eventstore::Sequence /*last*/) {}

  /// It is in the log, its last message at `last`; or there was nothing to append (0).
  void done(eventstore::Sequence last) {
    done_ = true;
    on_done(last);
  }
  bool is_done() const { return done_; }

 private:
  virtual void on_done(eventstore::Sequence /*last*/) {}

  bool done_ = false;
};

/// A group on its way into the log: load(), decide() and append(), in this order and again until
/// is_done(). After an error some proposals may be done and some not: those that are not may be
/// offered again, in another GroupCommit. Not thread-safe.
class GroupCommit {
 public:
  /// At most one proposal per server. The tools and the proposals outlive it. `stored_by` is the
  /// queue's stamp of the newest of the commands: none is decided at an earlier time, so what lies
  /// before the oldest command in the queue is final (D40).
  GroupCommit(DecisionTools& tools, std::span<Proposal* const> group, WallTime stored_by = {});

  /// Loads the heads of those that have to be decided and, in the same request, the last events of
  /// the clock and of the regions: so nobody who has moved the clock, or set an incident, has a
  /// later command decided in the past, or without it, by a worker whose view lags (D19, D92). Then
  /// prepares them. Blocks for as long as the log takes; fails as `conflict` when others were
  /// faster in 100 rounds, and while the time is not known.
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
    DecidedAppends appends;
    bool must_decide = true;  // its head is not known, or has moved
    bool tried = false;       // decided once: what was known of its head may be old

    bool may_be_chain() const { return appends.may_be_chain || appends.messages.size() == 1; }
  };

  /// The head to decide on without a look at the log; nothing where it has to be read.
  std::optional<ServerHead> known_head(const Open& open) const;
  eventstore::Result<std::vector<ServerHead>> load_time_and(std::span<const ServerId> servers);
  /// The regions of those that have to be decided, as far as they are known before heads are read.
  std::set<Region> regions_to_load() const;
  /// The region whose incidents touch the server: its own, else the command's.
  static const Region& region_of(const Open& open);
  /// Loads those of servers that are in another region than the command says.
  eventstore::Result<void> load_regions_left_out(const std::set<Region>& loaded);
  void done(Open& open, eventstore::Sequence last);
  void forget_done();
  eventstore::Result<void> append_round(std::span<Open> group);
  eventstore::Result<void> append_in_batches(std::span<Open> group);
  eventstore::Result<void> append_together(std::span<Open> group);
  eventstore::Result<void> append_as_chains(std::span<Open> group);
  eventstore::Result<void> append_one_by_one(std::span<Open> group);
  /// Finds which of a refused batch have to be decided again.
  eventstore::Result<void> find_culprits();

  DecisionTools& tools_;
  WallTime stored_by_;
  RegionStates regions_;
  std::vector<Open> open_;
  int round_ = 0;
};

/// Brings the proposals into the log: all three steps until all are done, or an error comes.
eventstore::Result<void> commit(DecisionTools& tools, std::span<Proposal* const> group,
                                WallTime stored_by = {});

/// The events of one decision as they are appended: the expectation stands on the first, over all
/// regions, so that an id exists once; `reply_to` on the last, the outcome.
DecidedAppends appends_of(const ServerHead& head, std::span<const Event> events,
                          const std::string& reply_to);

}  // namespace vsim::workers
