#pragma once

// What a worker knows of the whole fleet: the clock, the free addresses, the next deadlines. A view
// that follows the log: always a little old, never trusted for a decision, only for what to try.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "domain/sim_clock.h"
#include "eventstore/broker_clock.h"
#include "eventstore/event_store.h"
#include "schema/messages/event_codec.h"
#include "schema/read_model/fleet_snapshot.h"
#include "workers/address_book.h"
#include "workers/deadline_queue.h"
#include "workers/recent_heads.h"
#include "workers/running_servers.h"
#include "workers/warm_book.h"

namespace vsim::workers {

/// Thread-safe. Store and wall's time outlive the view.
class FleetView {
 public:
  /// Reads the view's beginning from the read model, so that start-up does not read the whole log;
  /// nothing when that cannot be had: then the log is followed from its first message.
  using LoadSnapshot = std::function<std::optional<read_model::FleetSnapshot>()>;

  /// `claim_check_interval`: between two looks at claims that stay open.
  FleetView(eventstore::EventStore& store, const eventstore::BrokerClock& wall,
            LoadSnapshot load_snapshot,
            std::chrono::milliseconds claim_check_interval = std::chrono::seconds(5));

  /// Follows the log until stopped.
  void run(std::stop_token stop);

  /// Simulated time. Never falls. This and all that follows of the clock: it must be known.
  Instant now() const;
  std::uint64_t seed() const;

  /// The broker's time as this process knows it, which now() goes by.
  WallTime wall() const { return wall_.now(); }

  /// An error while the wall's time is not known well enough to decide anything, keep the time or
  /// bill by it. D46
  eventstore::Result<void> check_time() const;

  /// The clock after its newest event that the view has seen.
  SimClock clock() const;

  /// Reads the clock's last event from the log: now() is then no earlier than any change that was
  /// stored before the call, however far the view lags.
  eventstore::Result<void> refresh_clock();
  /// The same with what was read of the clock's subject: its last event, if any.
  eventstore::Result<void> clock_read(std::span<const eventstore::Message> last);

  /// An incident whose `until` is not after `until`, the earliest; of all regions where none is
  /// named.
  struct EndingIncident {
    Region region;
    Instant due;
  };
  std::optional<EndingIncident> ending_incident(Instant until,
                                                const std::optional<Region>& region) const;

  /// When the first outage began of which `deadlines_applied` has not told yet: it is later, or it
  /// was stored behind what that speaks of.
  std::optional<Instant> untold_outage() const;

  /// The regions that have had incidents, and whether one is in force.
  std::map<Region, bool> incidents() const;

  /// now() is no earlier, from now on, than the clock was at that stamp of the broker. D40
  void not_before(WallTime stored_at);

  /// How long ago something was due, in seconds of the wall: on a clock that runs fast, or that has
  /// just been advanced, much less than the simulated time since then.
  double wall_seconds_since(Instant due) const;

  /// Blocks until simulated time is known and the view has caught up with the log once; false when
  /// stopped before.
  bool wait_until_ready(std::stop_token stop);

  /// Blocks until all is seen that the log holds now, and gives its last sequence; nothing when
  /// that cannot be had within 5 s.
  std::optional<StreamSequence> catch_up();

  /// An address of the region for that server, set aside until release(): the one that it has
  /// claimed and got no outcome with yet, or a free one.
  std::optional<FreeAddress> reserve(const Region& region, const ServerId& server);
  void release(const Region& region, Ipv4 ip) {
    const std::lock_guard lock(mutex_);
    addresses_.release(region, ip);
  }

  /// Looks up the claimants of open claims, and frees the addresses of those claims that are void:
  /// of a claim that came after its claimant's outcome no later event tells. Of all regions where
  /// none is named, and of claims up to `opened_through`. Reads the log, for as long as that takes;
  /// an error leaves the claims open. D6
  eventstore::Result<void> settle_claims(
      const std::optional<Region>& region,
      StreamSequence opened_through = std::numeric_limits<StreamSequence>::max());

  /// The places in the log of claims that were open when they were last looked up, and are still:
  /// for `claim_check_interval` or longer, but for those that came right before that look. D88
  std::vector<StreamSequence> lasting_claims() const {
    const std::lock_guard lock(mutex_);
    return addresses_.open_claims(claims_checked_through_);
  }

  /// News of an address that was claimed before the view has seen it: at `sequence` or after it,
  /// and not after `through`.
  void address_claimed(const Region& region, Ipv4 ip, StreamSequence sequence,
                       StreamSequence through);

  /// What the view knows of a server's end in the log, which may be old; nothing if it was neither
  /// written here nor followed lately.
  std::optional<ServerHead> recent_head(const ServerId& server) const {
    return recent_heads_.find(server);
  }
  /// An event of the server was appended at `sequence`, with that state after it.
  void head_written(const ServerId& server, StreamSequence sequence, const State& after) {
    recent_heads_.record(server, sequence, after);
  }

  /// News of a server's deadline, from its state after the event at `sequence`.
  void server_seen(const Region& region, const ServerId& server, const State& state,
                   StreamSequence sequence);

  /// Servers whose deadline is not after `until`, the earliest first, `max` at most; of all regions
  /// where none is named.
  std::vector<DueServer> due(Instant until, std::size_t max,
                             const std::optional<Region>& region = {}) const;

  /// Deadlines that passed more than `overdue_grace` ago; 100,000 at most are counted.
  DeadlineQueue::DueCount overdue() const;

  /// Regions of which some address is taken.
  std::vector<Region> regions_in_use() const;

  /// Blocks until a deadline has come, or that other moment (not before `wake_min`), or the clock
  /// has changed; 500 ms at most.
  void wait_for_due(std::stop_token stop, Instant moment,
                    std::chrono::steady_clock::time_point wake_min);

  /// What the view knows of the warm pools, but for those that are over.
  KnownWarmPools warm_pools() const {
    const std::lock_guard lock(mutex_);
    return warm_.pools_not_over();
  }

  /// Somebody has looked in the log: these numbers are over for good.
  void are_gone(const WarmPoolId& pool, const std::vector<std::uint64_t>& numbers) {
    const std::lock_guard lock(mutex_);
    warm_.are_gone(pool, numbers);
  }

  /// Blocks until something has changed in the warm pools since `known`, for `wait_max` at most;
  /// gives what is to be known next time.
  std::uint64_t wait_for_warm_change(std::stop_token stop, std::uint64_t known,
                                     std::chrono::milliseconds wait_max);

  /// Blocks until the log says that deadlines beyond `known` have been applied; 500 ms at most.
  void wait_for_deadlines_applied(std::stop_token stop, Instant known);

  struct Status {
    bool ready = false;
    std::string reason;  // why not
    StreamSequence position = 0;
    std::size_t deadlines = 0;
    std::map<std::string, std::pair<std::size_t, std::size_t>> pools;  // free and all, by region
  };
  Status status() const;

 private:
  struct Apply;
  struct KnownRegion {
    RegionState state;
    StreamSequence sequence = 0;
    StreamSequence outages_since = 0;  // at most there they became what they are
  };

  void load();
  eventstore::Result<void> read_regions();
  Outages outages_of(const Region& region) const;
  void hasten_running(const Region& region);
  std::optional<Instant> earliest_locked() const;
  void start_anew(const std::stop_token& stop);
  bool comes_from_log(const read_model::Checkpoint& checkpoint);
  void follow(std::stop_token stop);
  void settle_old_claims();
  void apply(std::span<const eventstore::Message> messages);
  void apply(const messages::LoggedEvent& logged, StreamSequence sequence);
  Instant now_locked() const;
  void keep_what_was_reached() const;
  std::uint64_t warm_changes() const;
  bool ready_locked() const { return clock_.has_value() && caught_up_ && wall_.known(); }

  eventstore::EventStore& store_;
  const eventstore::BrokerClock& wall_;
  LoadSnapshot load_snapshot_;
  std::chrono::milliseconds claim_check_interval_;
  std::chrono::steady_clock::time_point next_claim_check_;  // of the thread that follows

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::optional<SimClock> clock_;
  StreamSequence clock_sequence_ = 0;       // of the event that clock_ is the state after
  StreamSequence applied_log_through_ = 0;  // of the last deadlines_applied that was seen
  mutable Instant latest_now_ = Instant::min();
  mutable std::uint64_t set_backs_seen_ = 0;  // of the broker's clock
  AddressBook addresses_;
  StreamSequence claims_checked_through_ = 0;  // those up to it were open a round ago
  DeadlineQueue deadlines_;
  RunningServers running_;
  WarmBook warm_;
  mutable std::condition_variable_any warm_changed_;  // of its own: most events change no pool
  std::map<Region, KnownRegion> regions_;
  RecentHeads recent_heads_;
  StreamSequence position_ = 0;
  bool caught_up_ = false;
  std::string trouble_ = "the log has not been followed yet";
  std::mt19937_64 chance_;  // rivals seldom reach for the same address
};

}  // namespace vsim::workers
