#include "workers/fleet_view.h"

#include <algorithm>

#include "eventstore/error_words.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/log_identity.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_at_once = 1000;

DueKind kind_of(const State& state) {
  const bool is_idle =
      state.server && state.server->deadline && state.server->deadline->turn == Turn::idle_timeout;
  return is_idle ? DueKind::idle_timeout : DueKind::transition_ends;
}

// As far as outages go: what impairs a server goes on through a reboot.
bool is_running(const State& state) {
  return state.server &&
         (state.server->status == Status::running || state.server->status == Status::rebooting);
}

}  // namespace

FleetView::FleetView(eventstore::EventStore& store, const eventstore::BrokerClock& wall,
                     LoadSnapshot load_snapshot, std::chrono::milliseconds claim_check_interval)
    : store_(store),
      wall_(wall),
      load_snapshot_(std::move(load_snapshot)),
      claim_check_interval_(claim_check_interval),
      chance_(std::random_device{}()) {}

void FleetView::run(std::stop_token stop) {
  load();
  while (!stop.stop_requested()) {
    follow(stop);
  }
}

void FleetView::load() {
  const auto snapshot = load_snapshot_();
  if (!snapshot || !comes_from_log(snapshot->events)) {
    log::warn("the view starts from the first message of the log: no read model to start from");
    return;
  }
  const std::lock_guard lock(mutex_);
  position_ = snapshot->events.sequence;
  for (const auto& address : snapshot->addresses) {
    addresses_.restore(address);
  }
  for (const auto& deadline : snapshot->deadlines) {
    // Of which event it is the snapshot does not tell; whoever looks at the server knows better.
    deadlines_.set(deadline.region, deadline.server, deadline.due, 0,
                   deadline.is_idle ? DueKind::idle_timeout : DueKind::transition_ends);
  }
  for (const auto& [region, server] : snapshot->running) {
    running_.set(region, server, true);
  }
  for (const auto& pool : snapshot->warm_pools) {
    warm_.restore(pool);
  }
  for (const auto& server : snapshot->warm_servers) {
    warm_.restore(server);
  }
}

// The snapshot does not tell of incidents, and may stand behind their events.
eventstore::Result<void> FleetView::read_regions() {
  const std::string all(messages::all_region_events);
  const auto lasts = store_.load_last(std::span(&all, 1));
  if (!lasts) {
    return tl::unexpected(lasts.error());
  }
  apply(*lasts);
  return {};
}

// For another log, which has a time of its own; the clock is never without a value.
void FleetView::start_anew(const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    clock_sequence_ = 0;
    applied_log_through_ = 0;
    latest_now_ = Instant::min();
  }
  while (!refresh_clock()) {
    process::pause(stop, 200ms);
    if (stop.stop_requested()) {
      return;
    }
  }
  {
    const std::lock_guard lock(mutex_);
    addresses_ = {};
    deadlines_ = {};
    running_ = {};
    warm_ = {};
    regions_ = {};
    recent_heads_.clear();
    position_ = 0;
    claims_checked_through_ = 0;
    caught_up_ = false;
  }
  load();
}

bool FleetView::comes_from_log(const read_model::Checkpoint& checkpoint) {
  const auto last = store_.last_sequence();
  if (checkpoint.sequence == 0) {
    return last.has_value();
  }
  const auto there = store_.load(checkpoint.sequence);
  return last && there && !read_model::fault_of_log(checkpoint, *last, *there, "");
}

// Follows until stopped or the broker is lost; run() comes back here.
void FleetView::follow(std::stop_token stop) {
  const auto say = [this](const std::string& trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = trouble;
  };
  if (!clock_) {
    // The snapshot may stand behind the clock's events, so their last is read on its own.
    if (const auto known = refresh_clock(); !known) {
      say(in_words(known.error()));
      process::pause(stop, 200ms);
      return;
    }
  }
  const auto regions = read_regions();
  const auto end = store_.last_sequence();
  if (!regions || !end) {
    say(in_words(regions ? end.error() : regions.error()));
    process::pause(stop, 200ms);
    return;
  }
  const auto follower = store_.follow(position_);
  while (!stop.stop_requested()) {
    const auto messages = follower->next(messages_at_once, 200ms);
    if (!messages) {
      say(in_words(messages.error()));
      if (messages.error().kind == eventstore::Error::Kind::conflict) {
        return start_anew(stop);
      }
      process::pause(stop, 100ms);
      continue;
    }
    apply(*messages);
    settle_old_claims();
    const std::lock_guard lock(mutex_);
    trouble_.clear();
    if (caught_up_ || position_ < *end) {
      continue;
    }
    caught_up_ = true;
    changed_.notify_all();
  }
}

eventstore::Result<void> FleetView::refresh_clock() {
  const std::string subject(messages::clock_subject);
  const auto last = store_.load_last(std::span(&subject, 1));
  if (!last) {
    return tl::unexpected(last.error());
  }
  return clock_read(*last);
}

eventstore::Result<void> FleetView::clock_read(std::span<const eventstore::Message> last) {
  if (last.empty()) {
    return eventstore::fail(eventstore::Error::Kind::unavailable,
                            "the log has no clock yet: run `vsimctl migrate`");
  }
  apply(last);
  return {};
}

void FleetView::apply(std::span<const eventstore::Message> messages) {
  const auto warm_before = warm_changes();
  for (const auto& message : messages) {
    const auto logged = messages::decode_event(message);
    const std::lock_guard lock(mutex_);
    if (logged) {
      apply(*logged, message.sequence);
    }
    // Its stamp was the broker's time, whatever that says now.
    if (clock_ && message.sequence > clock_sequence_) {
      latest_now_ = std::max(latest_now_, simulated_at(*clock_, message.stored_at));
    }
    // What cannot be read changes no address and no deadline that this build knows of; the
    // projector is the one that stops at it and says so.
    if (message.sequence == position_ + 1) {
      position_ = message.sequence;
    }
  }
  changed_.notify_all();
  if (warm_changes() != warm_before) {
    warm_changed_.notify_all();
  }
}

/// One event of each kind.
struct FleetView::Apply {
  FleetView& view;
  StreamSequence sequence;

  void operator()(const messages::ServerLogged& logged) const {
    const auto& [event, state] = logged;
    view.deadlines_.set(event.region, event.server, due_of(state, view.outages_of(event.region)),
                        sequence, kind_of(state));
    view.running_.set(event.region, event.server, is_running(state));
    view.addresses_.apply(logged, sequence);
    view.recent_heads_.record(event.server, sequence, state);
    view.warm_.apply(logged);
  }
  void operator()(const AddressClaimed& claim) const { view.addresses_.apply(claim, sequence); }
  void operator()(const messages::PoolLogged& logged) const { view.addresses_.apply(logged.event); }
  void operator()(const messages::RegionLogged& logged) const {
    auto& known = view.regions_[logged.event.region];
    if (sequence <= known.sequence) {
      return;  // on the way to an event that was read ahead
    }
    const bool is_news = known.state.outages != logged.state.outages;
    known = {logged.state, sequence, is_news ? sequence : known.outages_since};
    if (is_news) {
      view.hasten_running(logged.event.region);
    }
  }
  void operator()(const messages::ClockLogged& logged) const {
    if (sequence <= view.clock_sequence_) {
      return;  // on the way to an event that was read ahead
    }
    view.keep_what_was_reached();  // on the clock that it was reached by
    view.clock_ = logged.state;
    view.clock_sequence_ = sequence;
    if (const auto* applied = std::get_if<DeadlinesApplied>(&logged.event.data)) {
      view.applied_log_through_ = applied->log_through.value_or(0);
    }
  }
  void operator()(const messages::WarmPoolLogged& logged) const { view.warm_.apply(logged); }
  // The view knows nothing that these would change.
  void operator()(const messages::FaultsLogged&) const {}
  void operator()(const BillingWatermark&) const {}
  void operator()(const messages::UnknownEvent&) const {}
};

void FleetView::apply(const messages::LoggedEvent& logged, StreamSequence sequence) {
  std::visit(Apply{*this, sequence}, logged);
}

// While this worker was idle an API may have shown a bill up to now as final (D40): after the
// broker's clock was set back nothing may be decided before that.
void FleetView::keep_what_was_reached() const {
  const auto set_back = wall_.set_back();
  if (set_back.times == set_backs_seen_ || !clock_) {
    return;
  }
  set_backs_seen_ = set_back.times;
  latest_now_ = std::max(latest_now_, simulated_at(*clock_, set_back.reached));
}

Instant FleetView::now_locked() const {
  keep_what_was_reached();
  // The process may have been ahead of the stamp of a change of scale when that was stored; and the
  // broker's clock may be set back.
  latest_now_ = std::max(latest_now_, simulated_at(clock_.value(), wall_.now()));
  return latest_now_;
}

Instant FleetView::now() const {
  const std::lock_guard lock(mutex_);
  return now_locked();
}

void FleetView::not_before(WallTime stored_at) {
  const std::lock_guard lock(mutex_);
  latest_now_ = std::max(latest_now_, simulated_at(clock_.value(), stored_at));
}

std::uint64_t FleetView::seed() const {
  const std::lock_guard lock(mutex_);
  return clock_.value().time.seed;
}

eventstore::Result<void> FleetView::check_time() const {
  auto trouble = wall_.trouble();
  if (trouble.empty()) {
    return {};
  }
  return eventstore::fail(eventstore::Error::Kind::unavailable, std::move(trouble));
}

SimClock FleetView::clock() const {
  const std::lock_guard lock(mutex_);
  return clock_.value();
}

bool FleetView::wait_until_ready(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!ready_locked() && !stop.stop_requested()) {
    changed_.wait_for(lock, stop, 100ms, [this] { return ready_locked(); });
  }
  return ready_locked();
}

std::optional<StreamSequence> FleetView::catch_up() {
  const auto last = store_.last_sequence();
  if (!last) {
    return std::nullopt;
  }
  std::unique_lock lock(mutex_);
  const bool seen = changed_.wait_for(lock, 5s, [&] { return position_ >= *last; });
  return seen ? std::optional(*last) : std::nullopt;
}

std::optional<FreeAddress> FleetView::reserve(const Region& region, const ServerId& server) {
  const std::lock_guard lock(mutex_);
  return addresses_.reserve(region, server, chance_());
}

void FleetView::address_claimed(const Region& region, Ipv4 ip, StreamSequence sequence,
                                StreamSequence through) {
  const std::lock_guard lock(mutex_);
  // What the view has passed it knows already, and perhaps that it was released since.
  if (through > position_) {
    addresses_.hear_of_claim(region, ip, sequence);
  }
}

// A claim that is known before its server's last event is read is never in the middle of a batch
// then: what is read is after all of it, or before none.
eventstore::Result<void> FleetView::settle_claims(const std::optional<Region>& region,
                                                  StreamSequence opened_through) {
  std::unique_lock lock(mutex_);
  const auto through = std::min(opened_through, position_);
  const auto claimants = addresses_.claimants(region, through);
  lock.unlock();
  const auto outcomes = load_outcomes(store_, claimants);
  if (!outcomes) {
    return tl::unexpected(outcomes.error());
  }
  lock.lock();
  for (const auto& [server, state] : *outcomes) {
    addresses_.settle(server, state, through);
  }
  return {};
}

// Of a claim that came after its server's outcome nothing in the log tells any more: so those that
// were open a round ago are looked up. An error of the log is met again by whoever follows it.
void FleetView::settle_old_claims() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_claim_check_) {
    return;
  }
  next_claim_check_ = now + claim_check_interval_;
  if (settle_claims(std::nullopt, claims_checked_through_)) {
    const std::lock_guard lock(mutex_);
    claims_checked_through_ = position_;
  }
}

void FleetView::server_seen(const Region& region, const ServerId& server, const State& state,
                            StreamSequence sequence) {
  const std::lock_guard lock(mutex_);
  deadlines_.set(region, server, due_of(state, outages_of(region)), sequence, kind_of(state));
}

std::vector<Region> FleetView::regions_in_use() const {
  const std::lock_guard lock(mutex_);
  return addresses_.regions_in_use();
}

FleetView::Status FleetView::status() const {
  const std::lock_guard lock(mutex_);
  Status status{.ready = ready_locked() && trouble_.empty(),
                .reason = trouble_,
                .position = position_,
                .deadlines = deadlines_.size(),
                .pools = {}};
  if (!status.ready && status.reason.empty()) {
    status.reason = "the view is catching up with the log";
  }
  for (const auto& [region, pool] : addresses_.pools()) {
    status.pools[region.name] = {pool.free_count(), pool.size()};
  }
  return status;
}

}  // namespace vsim::workers
