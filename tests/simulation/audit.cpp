#include "tests/simulation/audit.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "domain/account.h"
#include "domain/decimal.h"
#include "eventstore/memory_store.h"
#include "ops/vsimctl/log/log_fold.h"
#include "schema/messages/sha256.h"

namespace vsim::simulation {
namespace {

constexpr std::uint64_t deliveries_before_letter = 10;  // D48

template <typename... Types>
bool is_any(const EventData& data) {
  return (std::holds_alternative<Types>(data) || ...);
}

bool is_over(Status status) { return status == Status::terminated; }

/// Rounded up to the granularity, and the minimum at least.
std::chrono::seconds seconds_of(const BillingPolicy& policy, Duration length) {
  const auto grain = std::chrono::duration_cast<Duration>(policy.granularity).count();
  const auto grains = (length.count() + grain - 1) / grain;
  return std::max(policy.minimum, policy.granularity * grains);
}

/// Whom an event names whose outcome it is.
template <typename Logged>
std::string account_named_in(const Logged& logged) {
  if constexpr (requires { logged.event.origin; }) {
    return logged.event.origin.account;
  } else {
    return {};
  }
}

/// Whose that is which the event is about.
std::string owner_in(const messages::LoggedEvent& logged) {
  if (const auto* pool = std::get_if<messages::WarmPoolLogged>(&logged)) {
    return pool->event.pool.account;
  }
  const auto* server = std::get_if<messages::ServerLogged>(&logged);
  const bool is_owned = server != nullptr && server->state.server;
  return is_owned ? server->state.server->blueprint.account : std::string(default_account);
}

}  // namespace

struct Audit::Verify {
  eventstore::MemoryStore none;  // it keeps all states itself
  vsimctl::LogFold fold{none, 1'000'000};
};

Audit::Audit() : verify_(std::make_unique<Verify>()) {}
Audit::~Audit() = default;

const std::optional<std::string>& Audit::read_on(const Stream& events, const Stream& commands) {
  commands_end_ = std::max(commands_end_, commands.last());
  while (!fault_) {
    const auto* stored = events.find(reading_ + 1);
    if (stored == nullptr) {
      break;
    }
    reading_ = stored->sequence;
    const auto logged = messages::decode_event(message_of(*stored));
    if (!logged) {
      fail(logged.error());
      break;
    }
    read(*logged);
    if (auto same = verify_->fold.add({.sequence = reading_,
                                       .stored_at = eventstore::Timestamp(stored->at + epoch),
                                       .logged = *logged});
        !same) {
      fail("vsimctl verify: " + same.error());
    }
  }
  return fault_;
}

void Audit::fail(const std::string& what) {
  if (!fault_) {
    fault_ = fmt::format("message {} of EVENTS: {}", reading_, what);
  }
}

void Audit::read(const messages::LoggedEvent& logged) {
  if (const auto awaited = std::exchange(claim_to_come_, std::nullopt)) {
    const auto* claim = std::get_if<AddressClaimed>(&logged);
    if (claim == nullptr || std::pair(claim->region, claim->ip) != awaited->first ||
        claim->server != awaited->second) {
      fail(fmt::format("server {} has address {}, which another has claimed",
                       awaited->second.to_string(), awaited->first.second.to_string()));
    }
  }
  if (const auto given = messages::outcome_in(logged)) {
    const auto* server = std::get_if<messages::ServerLogged>(&logged);
    read_outcome(given->cause, given->outcome.kind, reading_,
                 server == nullptr ? 0 : server->event.version);
    if (!fault_) {
      auto& seen = outcomes_[given->cause.command].back();
      seen.named = std::visit([](const auto& one) { return account_named_in(one); }, logged);
      seen.owner = owner_in(logged);
    }
  }
  if (const auto* server = std::get_if<messages::ServerLogged>(&logged)) {
    read_server(*server);
    if (auto wrong = warm_pools_.read(*server)) {
      fail(*wrong);
    }
  } else if (const auto* warm = std::get_if<messages::WarmPoolLogged>(&logged)) {
    if (auto wrong = warm_pools_.read(warm->event)) {
      fail(*wrong);
    }
  } else if (const auto* claim = std::get_if<AddressClaimed>(&logged)) {
    claims_[{claim->region, claim->ip}] = {claim->server, reading_};
  } else if (const auto* pool = std::get_if<messages::PoolLogged>(&logged)) {
    read_pool(pool->event);
  } else if (const auto* region = std::get_if<messages::RegionLogged>(&logged)) {
    read_region(region->event);
  } else if (const auto* clock = std::get_if<messages::ClockLogged>(&logged)) {
    read_clock(clock->event);
  } else if (const auto* faults = std::get_if<messages::FaultsLogged>(&logged)) {
    read_faults(*faults);
  } else if (const auto* billed = std::get_if<BillingWatermark>(&logged)) {
    read_watermark(*billed);
  } else {
    fail("an event of an unknown type");
  }
}

void Audit::read_pool(const PoolEvent& event) {
  if (event.version != ++pool_versions_[event.region]) {
    fail("a pool's versions have a gap");
  }
  if (const auto* extended = std::get_if<PoolExtended>(&event.data)) {
    for (const auto& range : extended->ranges) {
      for (auto bits = range.first.bits; bits <= range.last.bits; ++bits) {
        pools_[event.region].insert(Ipv4{bits});
      }
    }
  }
}

void Audit::read_region(const RegionEvent& event) {
  if (event.version != ++region_versions_[event.region]) {
    fail("a region's versions have a gap");
  }
  outages_.read(event, reading_, commands_end_);
}

void Audit::read_clock(const ClockEvent& event) {
  if (event.version != ++clock_version_) {
    fail("the clock's versions have a gap");
  }
  if (std::holds_alternative<ClockStarted>(event.data)) {
    applied_ = event.at;  // nothing was due before
  }
  const auto* applied = std::get_if<DeadlinesApplied>(&event.data);
  if (applied == nullptr) {
    return;
  }
  if (applied->through < applied_) {
    fail("deadlines_applied goes back");
  }
  applied_ = applied->through;
  if (!applied->log_through) {
    fail("deadlines_applied does not say of which part of the log");
  }
  for (const auto& [id, life] : lives_) {
    const auto due = life.plan.due();
    if (due && *due <= applied_ && life.plan.since() <= applied->log_through) {
      fail("deadlines_applied passes a deadline of server " + id.to_string());
    }
    const auto touch = touch_of(life);
    if (touch && touch->due <= applied_ &&
        std::max(touch->since, life.place) <= applied->log_through) {
      fail("deadlines_applied passes what an outage does to server " + id.to_string());
    }
  }
}

/// Each event shows the rules that were set last, and none after they were lifted.
void Audit::read_faults(const messages::FaultsLogged& logged) {
  const auto& [event, state] = logged;
  if (event.version != ++faults_version_) {
    fail("the faults' versions have a gap");
  }
  if (const auto* set = std::get_if<FaultsSet>(&event.data)) {
    fault_rules_ = set->rules;
    for (const auto& rule : set->rules) {
      if (!rule.in_force_at(event.at)) {
        fail("a fault has ended before it begins");
      }
    }
  } else if (std::holds_alternative<FaultsLifted>(event.data)) {
    fault_rules_.clear();
  }
  if (state.rules != fault_rules_) {
    fail("the faults in force are not those that were set last");
  }
}

void Audit::read_watermark(const BillingWatermark& billed) {
  if (billed.version != ++watermark_versions_[billed.region]) {
    fail("the watermarks' versions have a gap");
  }
  if (billed.through < watermarks_[billed.region]) {
    fail("a watermark goes back");
  }
  if (billed.through > applied_) {
    fail("a watermark passes deadlines_applied");
  }
  watermarks_[billed.region] = billed.through;
}

void Audit::read_outcome(const Cause& cause, OutcomeKind kind, StreamSequence event,
                         Version version) {
  auto& seen = outcomes_[cause.command];
  for (const auto& earlier : seen) {
    const bool final =
        earlier.kind == OutcomeKind::succeeded || earlier.kind == OutcomeKind::rejected;
    if (final) {
      return fail(fmt::format("command {} has a second outcome: {} after {} at {}",
                              cause.command.to_string(), to_string(kind), to_string(earlier.kind),
                              earlier.event));
    }
    if (earlier.command == cause.sequence) {
      return fail(fmt::format("delivery {} of command {} has a second outcome: {} after {}",
                              cause.sequence, cause.command.to_string(), to_string(kind),
                              to_string(earlier.kind)));
    }
  }
  seen.push_back({kind, cause.sequence, event, version});
}

bool Audit::is_next(const Life& life, Turn turn) {
  const auto next = life.plan.next();
  return next && next->turn == turn;
}

/// Whether a server may end for that reason where it stands.
bool Audit::fits(const ServerTerminated& ended, const Life& life, const Event& event) {
  switch (ended.reason) {
    case TerminationReason::user:
      return event.cause || life.status == Status::terminating;
    case TerminationReason::forced:
      return event.cause.has_value();
    case TerminationReason::idle_timeout:
      return life.status == Status::stopped;
    case TerminationReason::launch_failure:
      return life.status == Status::pending && ended.failure;
    case TerminationReason::interruption:
      return is_next(life, Turn::interruption);
    case TerminationReason::lease_expired:
      return is_next(life, Turn::lease_end);
    case TerminationReason::released:
    case TerminationReason::retired:
      return event.cause.has_value();
  }
  return false;
}

/// Where the event leads from where the server stands.
Audit::Move Audit::move_of(const Life& life, const Event& event) {
  const auto from = life.status;
  const auto& data = event.data;
  if (is_any<ServerProvisioning>(data)) {
    return {!from, Status::pending};
  }
  if (is_any<ServerProvisioned>(data)) {
    return {!from || from == Status::pending, life.terms.create_ends_in};
  }
  if (is_any<ServerStarting>(data)) {
    return {from == Status::stopped || from == Status::failed, Status::pending};
  }
  if (is_any<ServerStarted>(data)) {
    return {from == Status::pending || from == Status::stopped || from == Status::failed,
            Status::running};
  }
  if (is_any<ServerStopping>(data)) {
    return {from == Status::running, Status::stopping};
  }
  if (is_any<ServerStopped>(data)) {
    const bool created = from == Status::pending && life.terms.create_ends_in == Status::stopped;
    const bool by_host = from == Status::rebooting && is_next(life, Turn::host_failure);
    return {created || by_host || from == Status::stopping || from == Status::running,
            Status::stopped};
  }
  if (is_any<ServerAssigned>(data)) {
    return {from == Status::running, Status::running};
  }
  if (const auto* released = std::get_if<ServerReleased>(&data)) {
    return {from == Status::running, released->end ? Status::rebooting : Status::running};
  }
  if (is_any<ServerRebooting>(data)) {
    return {from == Status::running, Status::rebooting};
  }
  if (is_any<ServerRebooted>(data)) {
    return {from == Status::rebooting || from == Status::running, Status::running};
  }
  const bool lives = from && !is_over(*from);
  if (is_any<ServerTerminating>(data)) {
    return {lives && from != Status::terminating, Status::terminating};
  }
  if (const auto* ended = std::get_if<ServerTerminated>(&data)) {
    return {lives && fits(*ended, life, event), Status::terminated};
  }
  if (is_any<ServerFailed>(data)) {
    const bool boots = from == Status::pending || from == Status::rebooting;
    return {boots || (from == Status::running && is_next(life, Turn::host_failure)),
            Status::failed};
  }
  if (is_any<ServerImpaired, ServerRecovered, ServerInterruptionNoticed>(data)) {
    return {from == Status::running || from == Status::rebooting || from == Status::pending,
            from.value_or(Status::pending)};
  }
  if (is_any<LeaseExtended>(data)) {
    return {lives && from != Status::terminating, from.value_or(Status::pending)};
  }
  return {true, from.value_or(Status::pending)};
}

std::optional<OutageWatch::Touch> Audit::touch_of(const Life& life) const {
  return life.status ? outages_.next(life.region, *life.status, life.impaired_by, life.at)
                     : std::nullopt;
}

/// Where an outage does something, it comes in its turn, and bears its incident's name. Who has
/// decided before the incident was stored did not know of it.
void Audit::check_incident(const Life& life, const Event& event) {
  const auto touch = touch_of(life);
  const auto* stopped = std::get_if<ServerStopped>(&event.data);
  const auto* impaired = std::get_if<ServerImpaired>(&event.data);
  const auto* recovered = std::get_if<ServerRecovered>(&event.data);
  const bool stops = stopped && stopped->failure && stopped->failure->code == "region_outage";
  const bool impairs = impaired != nullptr && impaired->incident;
  const bool heals = recovered != nullptr && recovered->incident;
  if (stops || impairs || heals) {
    const bool is_its = !touch    ? false
                        : stops   ? touch->stops
                        : impairs ? touch->impairs && touch->incident == *impaired->incident
                                  : touch->heals() && touch->incident == *recovered->incident;
    const bool is_it = is_its && touch->due == event.at;
    if (!is_it || event.cause) {
      fail("an outage does what it should not");
    }
    return;
  }
  if (!event.cause || is_any<CommandPurged, CommandDeadLettered>(event.data)) {
    return;
  }
  if (touch && touch->due <= event.at && event.cause->sequence > touch->commands_end) {
    fail("a command was decided before what an outage does");
  }
  if (is_any<ServerProvisioning, ServerProvisioned, ServerStarting, ServerStarted>(event.data)) {
    if (auto why = outages_.refusal(event.region, life.type, event.at, event.cause->sequence)) {
      fail(*why);
    }
  }
}

/// Times never fall. What happens by itself happens at its deadline; nothing that a command brings
/// about stands behind a deadline that it should have followed.
void Audit::check_time(const Life& life, const Event& event) {
  if (event.at < life.at) {
    fail("a server's time falls");
  }
  if (!event.cause) {
    const auto touch = touch_of(life);
    if (life.plan.due() != event.at && !(touch && touch->due == event.at)) {
      fail("an event of time that does not bear its deadline");
    }
    return;
  }
  const bool by_others = is_any<CommandPurged, CommandDeadLettered>(event.data);
  if (!by_others && life.plan.due() && *life.plan.due() <= event.at) {
    fail("a command was decided before what was due");
  }
}

/// A lease ends later than now, by LEASE_MAX at most, and an extension moves its end by whole
/// seconds, and never back.
void Audit::check_lease(const Life& life, const Event& event) {
  const auto given = std::visit(
      [](const auto& data) -> std::optional<Instant> {
        if constexpr (requires { data.expires_at; }) {
          return data.expires_at;
        } else {
          return std::nullopt;
        }
      },
      event.data);
  if (!given) {
    return;
  }
  const auto added = *given - life.plan.expires_at().value_or(event.at);
  if (added < std::chrono::seconds(1) || added % std::chrono::seconds(1) != Duration(0) ||
      *given > event.at + lease_max_usual) {
    fail("a lease is given that ends too soon or too late");
  }
}

void Audit::check_address(Life& life, const Event& event) {
  const Blueprint* blueprint = nullptr;
  if (const auto* provisioning = std::get_if<ServerProvisioning>(&event.data)) {
    blueprint = &provisioning->blueprint;
  } else if (const auto* provisioned = std::get_if<ServerProvisioned>(&event.data);
             provisioned != nullptr && !life.status) {
    blueprint = &provisioned->blueprint;
  }
  if (blueprint == nullptr || life.ip) {
    return;
  }
  const std::pair place{event.region, blueprint->ip};
  if (holders_.contains(place)) {
    fail(fmt::format("address {} has two living holders", blueprint->ip.to_string()));
  }
  const auto claim = claims_.find(place);
  if (claim == claims_.end() || claim->second.server != event.server) {
    claim_to_come_ = {place, event.server};  // in the same batch, or it is another's
  }
  if (!pools_[event.region].contains(blueprint->ip)) {
    fail("an address that is in no pool");
  }
  holders_[place] = event.server;
  life.ip = blueprint->ip;
  life.region = event.region;
  life.account = blueprint->account;
  life.created_by = event.cause ? std::optional(event.cause->command) : std::nullopt;
  life.terms = blueprint->terms;
}

void Audit::move_bill(Life& life, Status to, Instant at) {
  const auto& policy = life.terms.billing;
  if (life.billed_since && !policy.bills(to)) {
    life.billed += seconds_of(policy, at - *life.billed_since);
    life.billed_since.reset();
  } else if (!life.billed_since && policy.bills(to)) {
    life.billed_since = at;
  }
}

void Audit::read_server(const messages::ServerLogged& logged) {
  const auto& event = logged.event;
  auto& life = lives_[event.server];
  if (event.version != life.version + 1) {
    fail("a server's versions have a gap");
  }
  if (const auto* provisioning = std::get_if<ServerProvisioning>(&event.data)) {
    life.type = provisioning->blueprint.instance_type;
  } else if (const auto* provisioned = std::get_if<ServerProvisioned>(&event.data)) {
    life.type = provisioned->blueprint.instance_type;
  }
  check_time(life, event);
  check_incident(life, event);
  life.place = reading_;
  life.version = event.version;
  life.at = event.at;
  if (is_no_change(event.data)) {
    if (life.status) {
      life.history.push_back({event.server, event.at, event.version, *life.status});
    }
    return;
  }
  check_address(life, event);
  check_lease(life, event);
  const auto move = move_of(life, event);
  if (!move.allowed) {
    fail(fmt::format("{} from {}", event_type(event.data),
                     life.status ? to_string(*life.status) : "nothing"));
  }
  if (!event.origin.account.empty()) {
    fail("a server of " + life.account + " was changed in the name of " + event.origin.account);
  }
  if (event.cause) {
    if (event.cause->sequence <= life.last_succeeded) {
      fail("a delivery of the past was carried out");
    }
    life.last_succeeded = event.cause->sequence;
  }
  move_bill(life, move.to, event.at);
  if (const auto* impaired = std::get_if<ServerImpaired>(&event.data);
      impaired != nullptr && impaired->incident) {
    life.impaired_by = impaired->incident;
  }
  const auto* recovered = std::get_if<ServerRecovered>(&event.data);
  const bool runs_on = move.to == Status::running || move.to == Status::rebooting;
  if (!runs_on || (recovered != nullptr && recovered->incident)) {
    life.impaired_by.reset();
  }
  life.status = move.to;
  life.history.push_back({event.server, event.at, event.version, move.to});
  life.plan.read(event, move.to, life.terms.idle_timeout, reading_);
  if (is_over(move.to)) {
    holders_.erase({life.region, *life.ip});
  }
  if (!logged.state.server) {
    return fail("an event without a server");
  }
  const auto& server = *logged.state.server;
  if (server.status != move.to || server.bill.closed != life.billed ||
      server.bill.open_since != life.billed_since || due_of(logged.state) != life.plan.due() ||
      expires_at(server) != life.plan.expires_at()) {
    fail(fmt::format("the state is not what the events make of it: {} {} s, expected {} {} s",
                     to_string(server.status), server.bill.closed.count(), to_string(move.to),
                     life.billed.count()));
  }
}

std::string Audit::unfilled_pool() const {
  return warm_pools_.unfilled([this](const Region& region) { return free_addresses(region); });
}

std::size_t Audit::free_addresses(const Region& region) const {
  const auto pool = pools_.find(region);
  if (pool == pools_.end()) {
    return 0;
  }
  return static_cast<std::size_t>(
      std::count_if(pool->second.begin(), pool->second.end(),
                    [&](Ipv4 ip) { return !holders_.contains({region, ip}); }));
}

std::optional<Audit::Past> Audit::past(std::uint64_t number) const {
  if (lives_.empty()) {
    return std::nullopt;
  }
  auto life = lives_.begin();
  std::advance(life, static_cast<std::ptrdiff_t>(number % lives_.size()));
  const auto& history = life->second.history;
  if (history.empty()) {
    return std::nullopt;
  }
  const auto at = history[(number / 64) % history.size()].at;
  // Several events may bear one time.
  const auto last = std::find_if(history.rbegin(), history.rend(),
                                 [&](const Past& past) { return past.at <= at; });
  return Past{life->first, at, last->version, last->status};
}

std::string Audit::overdue(Instant now, Duration billing_interval) const {
  for (const auto& [id, life] : lives_) {
    if (life.plan.due() && *life.plan.due() < now) {
      return "server " + id.to_string() + " has a deadline that has passed";
    }
    if (const auto touch = touch_of(life); touch && touch->due < now) {
      return "server " + id.to_string() + " should have felt an outage";
    }
  }
  if (auto left = warm_pools_.left_over(); !left.empty()) {
    return left;
  }
  const auto interval = billing_interval.count();
  const auto known = std::min(applied_, now);
  const Instant boundary(Duration(known.time_since_epoch().count() / interval * interval));
  for (const auto& [place, server] : holders_) {
    const auto billed = watermarks_.find(place.first);
    if (billed == watermarks_.end() || billed->second < boundary) {
      return "region " + place.first.name + " is not billed";
    }
  }
  return {};
}

std::optional<std::string> Audit::check_claims() const {
  for (const auto& [place, claim] : claims_) {
    if (!lives_.contains(claim.server)) {
      return fmt::format("address {} is claimed for server {}, which has no fate",
                         place.second.to_string(), claim.server.to_string());
    }
  }
  return std::nullopt;
}

/// A server is of the account that its create was for, and nobody has changed it in the name of
/// another.
std::optional<std::string> Audit::check_account(const Given& given) const {
  const auto found = outcomes_.find(given.id);
  const auto life = given.server ? lives_.find(*given.server) : lives_.end();
  if (found == outcomes_.end() || life == lives_.end() ||
      found->second.back().kind != OutcomeKind::succeeded) {
    return std::nullopt;
  }
  const bool creates = life->second.created_by == given.id;
  const bool is_nobodys = given.account.empty();
  const auto& account = creates && is_nobodys ? std::string(default_account) : given.account;
  if (life->second.account == account || (is_nobodys && !creates)) {
    return std::nullopt;
  }
  return fmt::format("{} {} in the name of {} was carried out on a server of {}", given.kind,
                     given.id.to_string(), account, life->second.account);
}

/// An outcome is in the name of who sent the command, whoever gave it: also one that a purge or a
/// letter has.
std::optional<std::string> Audit::check_sender(const Given& given) const {
  const auto found = outcomes_.find(given.id);
  if (found == outcomes_.end()) {
    return std::nullopt;
  }
  // Without an account a create is of the default one.
  const bool is_create = given.kind.find("create") != std::string::npos;
  const bool is_nobodys = given.account.empty();
  const auto account = is_create && is_nobodys ? std::string(default_account) : given.account;
  for (const auto& seen : found->second) {
    const auto sender = account == seen.owner ? std::string() : account;
    if (seen.named != sender) {
      return fmt::format("{} {} was sent in the name of \"{}\", and is {} in that of \"{}\"",
                         given.kind, given.id.to_string(), account, to_string(seen.kind),
                         seen.named);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Audit::check_answers(const std::vector<std::unique_ptr<Given>>& given,
                                                const Stream& dead_letters,
                                                const std::set<CommandId>& unrecorded,
                                                const std::set<CommandId>& undone) const {
  for (const auto& one : given) {
    if (undone.contains(one->id)) {
      continue;
    }
    const auto who = one->kind + " " + one->id.to_string();
    const auto found = outcomes_.find(one->id);
    if (found == outcomes_.end() && one->stored && !unrecorded.contains(one->id)) {
      const auto is_letter = [&](const auto& letter) {
        const auto id = find_header(letter.second.headers, "Vsim-Command-Id");
        return id == one->id.to_string();
      };
      const auto& letters = dead_letters.messages();
      if (!one->unreadable && std::none_of(letters.begin(), letters.end(), is_letter)) {
        return "acknowledged, and without an outcome: " + who;
      }
    }
    if (found == outcomes_.end() && !one->told.empty()) {
      return "an outcome was told that the log does not have: " + who;
    }
    for (const auto& told : one->told) {
      const bool is_logged =
          std::any_of(found->second.begin(), found->second.end(), [&](const OutcomeSeen& seen) {
            return seen.event == told.event && seen.kind == told.kind &&
                   (seen.version == told.version || seen.version == 0);
          });
      if (!is_logged) {
        return fmt::format("{} was told {} at {}, the log says otherwise", who,
                           to_string(told.kind), told.event);
      }
    }
    if (found != outcomes_.end() && !one->stored && !one->maybe_stored) {
      return "was refused, and took effect: " + who;
    }
    if (auto wrong = check_account(*one)) {
      return wrong;
    }
    if (auto wrong = check_sender(*one)) {
      return wrong;
    }
  }
  return std::nullopt;
}

std::optional<std::string> Audit::check_letters(const Stream& dead_letters,
                                                const std::set<CommandId>& undone) const {
  for (const auto& [place, letter] : dead_letters.messages()) {
    const bool exhausted = find_header(letter.headers, "Vsim-Dead-Reason") == "exhausted";
    const auto deliveries = read_decimal(find_header(letter.headers, "Vsim-Dead-Deliveries"));
    if (exhausted && deliveries.value_or(0) < deliveries_before_letter) {
      return fmt::format("letter {} is of a command that was delivered {} times", place,
                         deliveries.value_or(0));
    }
    const auto id = Uuid::parse(find_header(letter.headers, "Vsim-Command-Id"));
    const auto found = id ? outcomes_.find({*id}) : outcomes_.end();
    if (found == outcomes_.end() || undone.contains({*id})) {
      continue;
    }
    const auto of = read_decimal(find_header(letter.headers, "Vsim-Dead-Sequence"));
    const auto& outcomes = found->second;
    const auto is_dead = [](const auto& seen) { return seen.kind == OutcomeKind::dead_lettered; };
    const auto is_its = [&](const auto& seen) { return exhausted || seen.command == of; };
    if (std::none_of(outcomes.begin(), outcomes.end(), is_dead) &&
        std::any_of(outcomes.begin(), outcomes.end(), is_its)) {
      return fmt::format("letter {} is of command {}, which is {}", place, id->to_string(),
                         to_string(outcomes.back().kind));
    }
  }
  return std::nullopt;
}

std::vector<CommandId> Audit::purged() const {
  std::vector<CommandId> found;
  for (const auto& [id, outcomes] : outcomes_) {
    for (const auto& outcome : outcomes) {
      if (outcome.kind == OutcomeKind::purged) {
        found.push_back(id);
      }
    }
  }
  return found;
}

std::optional<std::string> Audit::check_rows(const Stream& events, const Tables& tables) {
  const auto stands = tables.checkpoints.find("EVENTS");
  const auto sequence = stands == tables.checkpoints.end() ? 0 : stands->second.sequence;
  read_model::ProjectionBatch batch;
  for (const auto& [place, stored] : events.messages()) {
    if (place > sequence) {
      break;
    }
    auto logged = messages::decode_event(message_of(stored));
    if (!logged) {
      return logged.error();
    }
    batch.add(std::move(*logged), place);
  }
  if (sequence > 0) {
    const auto* last = events.find(sequence);
    if (last == nullptr || messages::sha256_hex(last->payload) != stands->second.hash) {
      return "the checkpoint's hash is not that of its message";
    }
  }
  Tables expected;
  expected.apply(std::move(batch), 0, {sequence, "", 0});
  // What was left undone and waits again as a later copy is PENDING (D43).
  std::erase_if(expected.operations, [&](const auto& operation) {
    const auto row = tables.operations.find(operation.first);
    const auto& status = operation.second.status;
    return row != tables.operations.end() && row->second.status == "PENDING" &&
           (status == "PURGED" || status == "DEAD_LETTERED");
  });
  const auto should = expected.lines();
  const auto are = tables.lines();
  for (std::size_t i = 0; i < std::max(should.size(), are.size()); ++i) {
    const auto& line = i < should.size() ? should[i] : std::string("nothing");
    const auto& row = i < are.size() ? are[i] : std::string("nothing");
    if (line != row) {
      return fmt::format("the read models differ at checkpoint {}: \"{}\", expected \"{}\"",
                         sequence, row, line);
    }
  }
  return std::nullopt;
}

}  // namespace vsim::simulation
