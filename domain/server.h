#pragma once

// The server aggregate, whole: what may be asked of a server, what can happen to it, what it is
// then, and the two functions that say so. Pure and total: no clock, no I/O, no randomness but what
// is passed in. Everything here is a value; any thread may use it.
//
//   decide(state, command, now, context) -> events + verdict      what shall happen
//   evolve(state, event) -> state                                 what that makes of the server

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/billing.h"
#include "domain/catalogue.h"
#include "domain/command.h"
#include "domain/fact.h"
#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/lifecycle_profile.h"
#include "domain/region.h"
#include "domain/rejection.h"
#include "domain/warm_place.h"

namespace vsim {

// ---------------------------------------------------------------------------------------------
// Commands: imperative. One is in flight per server (the queue's slot), and has one outcome.

struct Create {
  std::string name;
  std::string instance_type;
  std::optional<std::string> profile;  // none: the catalogue's default
  std::map<std::string, std::string> tags;
  std::optional<Duration> idle_timeout;  // the server's own, above IDLE_TIMEOUT and the profile's
  Duration lease{};                      // after so long it is terminated; 0: never
  std::optional<WarmPlace> warm = {};    // of a warm pool's replenisher alone
  bool operator==(const Create&) const = default;
};
struct Start {
  bool operator==(const Start&) const = default;
};
struct Stop {
  bool operator==(const Stop&) const = default;
};
struct Reboot {
  bool operator==(const Reboot&) const = default;
};
struct Terminate {
  // An operator's, with why: straight to TERMINATED from any other state, however it is stuck.
  std::optional<std::string> forced_because = {};
  bool operator==(const Terminate&) const = default;
};
/// No transition: the server stays what it is, and is terminated later, or at all. D91
struct ExtendLease {
  Duration by{};
  bool operator==(const ExtendLease&) const = default;
};
/// A ready server of a warm pool is somebody's from now on. D95
struct Acquire {
  std::optional<std::string> name;          // in place of the one that it was created with
  std::map<std::string, std::string> tags;  // beside those, or in their place
  Duration lease{};                         // 0: none
  std::optional<std::string> pool = {};     // which the server must be of; none: any
  bool operator==(const Acquire&) const = default;
};
/// And nobody's again: terminated, or reset, as its pool has it.
struct Release {
  bool operator==(const Release&) const = default;
};
/// The replenisher's: terminated, unless somebody has it.
struct Retire {
  bool operator==(const Retire&) const = default;
};
using Action =
    std::variant<Create, Start, Stop, Reboot, Terminate, ExtendLease, Acquire, Release, Retire>;

struct Command : CommandHead {
  Region region;
  ServerId server;
  Action action;
  /// Carried out only on a server that has not changed since one of these versions; nothing: any.
  /// It is what If-Match asks for (RFC 9110, 13.1.1), decided where the decision is. D36
  std::optional<std::vector<Version>> only_at = {};
};

// ---------------------------------------------------------------------------------------------
// Events: past facts.

/// What a create fixes for life.
struct Blueprint {
  std::string account;
  std::string name;
  std::string instance_type;
  std::string profile;
  std::map<std::string, std::string> tags;
  Ipv4 ip;
  Terms terms;
  std::optional<WarmPlace> warm = {};
  bool operator==(const Blueprint&) const = default;
};

enum class TerminationReason : std::uint8_t {
  user,
  idle_timeout,
  forced,
  launch_failure,
  interruption,
  lease_expired,
  released,
  retired
};

/// Why a transition or a host failed.
struct Failure {
  std::string code;    // for programs: "boot_failed"
  std::string detail;  // for people
  bool operator==(const Failure&) const = default;
};

/// How a transition will end, drawn where it begins.
struct End {
  std::optional<Instant> due;              // none: it is stuck
  std::optional<Failure> failure = {};     // none: as it is meant to
  Status failed_becomes = Status::failed;  // FAILED or TERMINATED
  bool operator==(const End&) const = default;
};

/// What happens by itself.
enum class Turn : std::uint8_t {
  transition,           // the end of one
  idle_timeout,         // an idle server is reaped
  host_failure,         // a server stops or fails with its host
  impairment,           // its health is impaired
  recovery,             // and ok again
  interruption_notice,  // its end is announced
  interruption,         // and comes
  lease_end             // the server was given for so long
};

/// When something happens by itself.
struct Deadline {
  Instant due;
  Status becomes = Status::running;  // of a turn that changes the status
  Turn turn = Turn::transition;
  std::optional<Failure> failure = {};
  bool operator==(const Deadline&) const = default;
};

/// The order of a server's deadlines: at one time, that of the turns' names above.
bool comes_before(const Deadline& one, const Deadline& other);

// A transition that takes time is two events: the first stores when the second is due. An event
// with which a server is RUNNING, at once or at its deadline, also stores the hazards that were
// drawn for it, in their order.
struct ServerProvisioning {
  Blueprint blueprint;
  End end;
  std::vector<Deadline> hazards = {};
  std::optional<Instant> expires_at = {};  // none: it has no lease
  bool operator==(const ServerProvisioning&) const = default;
};
/// A create without a delay: straight to the end state in one event.
struct ServerProvisioned {
  Blueprint blueprint;
  std::vector<Deadline> hazards = {};
  std::optional<Instant> expires_at = {};
  bool operator==(const ServerProvisioned&) const = default;
};
struct ServerStarting {
  Status from;
  End end;
  std::vector<Deadline> hazards = {};
  bool operator==(const ServerStarting&) const = default;
};
struct ServerStarted {
  Status from;
  std::vector<Deadline> hazards = {};
  bool operator==(const ServerStarted&) const = default;
};
struct ServerStopping {
  Status from;
  End end;
  bool operator==(const ServerStopping&) const = default;
};
struct ServerStopped {
  Status from;
  std::optional<Failure> failure = {};  // its host's; none: it was asked to stop
  bool operator==(const ServerStopped&) const = default;
};
struct ServerRebooting {
  Status from;
  End end;
  bool operator==(const ServerRebooting&) const = default;
};
struct ServerRebooted {
  Status from;
  bool operator==(const ServerRebooted&) const = default;
};
struct ServerTerminating {
  Status from;
  End end;
  bool operator==(const ServerTerminating&) const = default;
};
struct ServerTerminated {
  Status from;
  TerminationReason reason{};
  std::string note = {};                // when forced: the operator's words
  std::optional<Failure> failure = {};  // of a launch
  bool operator==(const ServerTerminated&) const = default;
};
/// The boot or the host did not succeed; the address is kept.
struct ServerFailed {
  Status from;
  Failure failure;
  bool operator==(const ServerFailed&) const = default;
};
struct ServerImpaired {
  std::optional<Instant> until;          // none: as long as an incident that is to be lifted
  std::optional<Version> incident = {};  // of its region; none: it is a hazard of its own
  bool operator==(const ServerImpaired&) const = default;
};
struct ServerRecovered {
  std::optional<Version> incident = {};  // what is over; none: the hazard of its own
  bool operator==(const ServerRecovered&) const = default;
};
struct ServerInterruptionNoticed {
  Instant interruption_at;
  bool operator==(const ServerInterruptionNoticed&) const = default;
};
/// A lease has another end now, or the server its first.
struct LeaseExtended {
  Instant expires_at;
  bool operator==(const LeaseExtended&) const = default;
};
/// A server of a warm pool is somebody's; the event's command is the acquisition.
struct ServerAssigned {
  std::optional<std::string> name;
  std::map<std::string, std::string> tags;
  std::optional<Instant> expires_at = {};  // none: it has no lease
  bool operator==(const ServerAssigned&) const = default;
};
/// It is given back, and what it was before it was somebody's, once it has been rebooted.
struct ServerReleased {
  Status from;
  std::optional<End> end;  // of the reboot; none: that took no time
  bool operator==(const ServerReleased&) const = default;
};
using EventData =
    EventDataOf<ServerProvisioning, ServerProvisioned, ServerStarting, ServerStarted,
                ServerStopping, ServerStopped, ServerRebooting, ServerRebooted, ServerTerminating,
                ServerTerminated, ServerFailed, ServerImpaired, ServerRecovered,
                ServerInterruptionNoticed, LeaseExtended, ServerAssigned, ServerReleased>;

struct Event : Fact<EventData> {
  ServerId server;
  Region region;
  bool operator==(const Event&) const = default;
};

// ---------------------------------------------------------------------------------------------
// State: the fold of a subject's events; every event carries the one after it.

enum class Health : std::uint8_t { ok, impaired };

/// Whose a server of a warm pool is.
struct Assignment {
  std::optional<CommandId> acquisition;
  Instant at;
  std::optional<std::string> name;
  std::map<std::string, std::string> tags;
  bool operator==(const Assignment&) const = default;
};

struct Server {
  Blueprint blueprint;
  Status status = Status::pending;
  Instant created_at;
  std::optional<Instant> last_started_at;  // when it last became RUNNING
  std::optional<Deadline> deadline;        // the earliest
  std::vector<Deadline> later = {};        // the others, in the order in which they come
  std::optional<TerminationReason> termination_reason;
  std::optional<Failure> failure = {};  // while FAILED, STOPPED by its host, or not launched
  Health health = Health::ok;
  std::optional<Version> impaired_by = {};      // the incident of its region that impairs it
  std::optional<Instant> interruption_at = {};  // from its notice on
  std::optional<Assignment> assignment = {};    // none: nobody's, or of no warm pool
  Bill bill;
  bool operator==(const Server&) const = default;
};

/// What a server's subject amounts to. A subject that holds only outcomes has no server.
struct State {
  Version version = 0;  // of the last event: counts them all
  Region region;        // of the last event's subject
  Instant at{};         // of the last event; no later event bears an earlier time
  Change last_change;   // outcomes that change nothing keep it; without a server the last event
  std::optional<Server> server;
  std::optional<LastCommand> last_command;
  bool operator==(const State&) const = default;
};

/// The outages of a server's region, which touch it while it runs. D92
using Outages = std::span<const Outage>;

/// When something happens by itself next; nothing when nothing will.
std::optional<Instant> due_of(const State& state, Outages outages = {});

/// When its lease ends; nothing while it has none.
std::optional<Instant> expires_at(const Server& server);

/// The name and the tags that it bears now: those of its acquisition stand above its creation's.
const std::string& name_of(const Server& server);
std::map<std::string, std::string> tags_of(const Server& server);

/// Whether it can be acquired.
bool is_ready(const Server& server);

/// The end of the transition or the reaping under way, which everybody may know; nothing where
/// there is none. Hazards are nobody's business before they come.
const Deadline* foreseeable_deadline(const Server& server);

// ---------------------------------------------------------------------------------------------
// The two functions.

/// What a decision may look at beside the state.
struct Context {
  const Catalogue& catalogue;
  std::uint64_t seed = 0;               // SIM_SEED: delays are drawn from it
  std::optional<Ipv4> free_ip;          // an address that nobody holds, for a create
  const RegionState* region = nullptr;  // the server's, where it has had incidents
};

/// Applies what was due by `now`, each at its own time, then the command. A decision that carries
/// the command out or rejects it ends with exactly one event that bears the command as its cause.
/// A command to another region than the server's own is rejected: there is no such server there.
Decision<Event> decide(const State& state, const Command& command, Instant now,
                       const Context& context);

/// Whether the command needs a free address: it would be carried out if only the context had one.
bool needs_address(const State& state, const Command& command, Instant now, const Context& context);

/// Only what was due by `now`: the timekeeper's decision. Empty when nothing was.
std::vector<Event> decide_due(const ServerId& server, const Region& region, const State& state,
                              Instant now, Outages outages = {});

/// An outcome that others than the server give, such as `purged`. Empty when it is the
/// state's last command and has one already. Newer commands may have been decided meanwhile: the
/// outcome then stands beside theirs, and they stay the last. Whether an older one has an outcome
/// only the history tells: the caller has looked there.
std::vector<Event> decide_outcome(const State& state, const CommandSummary& command,
                                  NoChange outcome, Instant now, Outages outages = {});

/// The state after the event. Total: it never refuses what the log holds.
State evolve(State state, const Event& event);

// ---------------------------------------------------------------------------------------------
// Names: the same word in C++, JSON, SQL, URL, metric and runbook.

std::string_view to_string(TerminationReason reason);  // "idle_timeout"
std::optional<TerminationReason> termination_reason_from(std::string_view name);
std::string_view to_string(Turn turn);  // "host_failure"
std::optional<Turn> turn_from(std::string_view name);
std::string_view to_string(Health health);  // "impaired"
std::optional<Health> health_from(std::string_view name);
std::string_view event_type(const EventData& data);   // "server_stopped"
std::string_view command_type(const Action& action);  // "stop"
std::string_view command_type(const Command& command);
CommandSummary summary_of(const Command& command);

}  // namespace vsim
