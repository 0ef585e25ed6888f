#pragma once

// The server aggregate, whole: what may be asked of a server, what can happen to it, what it is
// then, and the two functions that say so. Pure and total: no clock, no I/O, no randomness but what
// is passed in. Everything here is a value; any thread may use it.
//
//   decide(state, command, now, context) -> events + verdict      what shall happen
//   evolve(state, event) -> state                                 what that makes of the server

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/billing.h"
#include "domain/catalogue.h"
#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/lifecycle_profile.h"

namespace vsim {

// ---------------------------------------------------------------------------------------------
// Commands: imperative. One is in flight per server (the queue's slot), and has one outcome.

struct Create {
  std::string name;
  std::string instance_type;
  std::string profile;  // empty: the catalogue's default
  std::map<std::string, std::string> tags;
  std::optional<Duration> idle_timeout;  // the server's own, above IDLE_TIMEOUT and the profile's
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
using Action = std::variant<Create, Start, Stop, Reboot, Terminate>;

/// Who asked, and in which request: carried from the command into its event, never decided on.
struct Origin {
  std::string actor;           // a key's name, or "api", "nats", "timekeeper"
  std::string correlation_id;  // the HTTP request's id; may be empty
  bool operator==(const Origin&) const = default;
};

struct Command {
  CommandId id;
  StreamSequence sequence = 0;  // its place in COMMANDS: a later command has a higher one
  std::string request_hash;     // of method, path and body; tells a repeat from a misused key
  Origin origin;
  Region region;
  ServerId server;
  Action action;
  /// Carried out only on a server that has not changed since one of these versions; nothing: any.
  /// It is what If-Match asks for (RFC 9110, 13.1.1), decided where the decision is.
  std::optional<std::vector<Version>> only_at = {};
};

// ---------------------------------------------------------------------------------------------
// Rejections: values of the domain, recorded as events. They say what is not so.

enum class RejectionCode : std::uint8_t {
  invalid_transition,
  no_free_address,
  not_found,
  unknown_region,
  unknown_type,
  unknown_profile,
  precondition_failed
};

struct Rejection {
  RejectionCode code{};
  std::string detail;  // one sentence for a person, with what to change
  bool operator==(const Rejection&) const = default;
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
  bool operator==(const Blueprint&) const = default;
};

enum class TerminationReason : std::uint8_t { user, idle_timeout, forced };

// A transition that takes time is two events: the first stores when the second is due.
struct ServerProvisioning {
  Blueprint blueprint;
  Instant due;
  bool operator==(const ServerProvisioning&) const = default;
};
/// A create without a delay: straight to the end state in one event.
struct ServerProvisioned {
  Blueprint blueprint;
  bool operator==(const ServerProvisioned&) const = default;
};
struct ServerStarting {
  Status from;
  Instant due;
  bool operator==(const ServerStarting&) const = default;
};
struct ServerStarted {
  Status from;
  bool operator==(const ServerStarted&) const = default;
};
struct ServerStopping {
  Status from;
  Instant due;
  bool operator==(const ServerStopping&) const = default;
};
struct ServerStopped {
  Status from;
  bool operator==(const ServerStopped&) const = default;
};
struct ServerRebooting {
  Status from;
  Instant due;
  bool operator==(const ServerRebooting&) const = default;
};
struct ServerRebooted {
  Status from;
  bool operator==(const ServerRebooted&) const = default;
};
struct ServerTerminating {
  Status from;
  Instant due;
  bool operator==(const ServerTerminating&) const = default;
};
struct ServerTerminated {
  Status from;
  TerminationReason reason{};
  std::string note = {};  // when forced: the operator's words
  bool operator==(const ServerTerminated&) const = default;
};
// Outcomes that change nothing but the last command.
struct CommandRejected {
  Rejection rejection;
  bool operator==(const CommandRejected&) const = default;
};
struct CommandPurged {
  bool operator==(const CommandPurged&) const = default;
};
struct CommandDeadLettered {
  std::string reason;
  bool operator==(const CommandDeadLettered&) const = default;
};

using EventData =
    std::variant<ServerProvisioning, ServerProvisioned, ServerStarting, ServerStarted,
                 ServerStopping, ServerStopped, ServerRebooting, ServerRebooted, ServerTerminating,
                 ServerTerminated, CommandRejected, CommandPurged, CommandDeadLettered>;

/// The command that an event is the outcome of. Events of time have none.
struct Cause {
  CommandId command;
  StreamSequence sequence = 0;
  std::string request_hash;
  std::string type = {};  // "stop", "extend_pool": what was asked for, also where it was refused
  bool operator==(const Cause&) const = default;
};

/// A command as far as an outcome names it: all that is left of one whose payload is gone.
struct CommandNote {
  Region region;    // none: the clock's
  ServerId server;  // of a server's
  Cause cause;
  Origin origin;
  bool operator==(const CommandNote&) const = default;
};
CommandNote note_of(const Command& command);

struct Event {
  ServerId server;
  Region region;
  Version version = 0;
  Instant at;
  std::optional<Cause> cause;
  Origin origin;
  EventData data;
  bool operator==(const Event&) const = default;
};

// ---------------------------------------------------------------------------------------------
// State: the fold of a subject's events; every event carries the one after it.

/// When something happens by itself: the end of a transition, or the reaping of an idle server.
struct Deadline {
  Instant due;
  Status becomes = Status::running;
  bool operator==(const Deadline&) const = default;
};

struct Server {
  Blueprint blueprint;
  Status status = Status::pending;
  Instant created_at;
  std::optional<Instant> last_started_at;  // when it last became RUNNING
  std::optional<Deadline> deadline;
  std::optional<TerminationReason> termination_reason;
  Bill bill;
  bool operator==(const Server&) const = default;
};

enum class OutcomeKind : std::uint8_t { succeeded, rejected, purged, dead_lettered };

struct Outcome {
  OutcomeKind kind{};
  std::optional<Rejection> rejection;  // when rejected
  bool operator==(const Outcome&) const = default;
};

struct LastCommand {
  Cause cause;
  Outcome outcome;
  bool operator==(const LastCommand&) const = default;
};

/// Whether an outcome stands for a delivery of its command from that place in the queue. What was
/// never carried out may be replayed: then it is a command like any other, also where the queue was
/// made anew below it (D45).
bool stands_for(const LastCommand& given, StreamSequence sequence);

/// Whether the last command's number is so high that a delivery may come from a queue that was made
/// anew: then only the subject's whole history tells whether it is old (D45).
bool is_after_high(const std::optional<LastCommand>& last, StreamSequence sequence);

/// Whether it is the subject's last command, with an outcome that stands for it.
bool has_outcome(const std::optional<LastCommand>& last, const Cause& command);

/// The newest command of a subject, after this one's outcome. An outcome that came late for an
/// older one does not pass it, or a delivery from the past could look new. One that bears a high
/// number does not stand in the way of a queue that was made anew (D45).
void note_command(std::optional<LastCommand>& last, const Cause& cause, Outcome outcome);

/// The outcomes that change nothing: what else a pool's or the clock's command may end in.
using NoChange = std::variant<CommandRejected, CommandPurged, CommandDeadLettered>;

/// The event that a server last changed with, by its version and time.
struct Change {
  Version version = 0;
  Instant at{};
  bool operator==(const Change&) const = default;
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

/// When something happens by itself next; nothing when nothing will.
inline std::optional<Instant> due_of(const State& state) {
  if (!state.server || !state.server->deadline) {
    return std::nullopt;
  }
  return state.server->deadline->due;
}

// ---------------------------------------------------------------------------------------------
// The two functions.

/// What a decision may look at beside the state.
struct Context {
  const Catalogue& catalogue;
  std::uint64_t seed = 0;       // SIM_SEED: delays are drawn from it
  std::optional<Ipv4> free_ip;  // an address that nobody holds, for a create
};

/// What became of the command. Stale and AlreadyDecided come with no events.
struct Succeeded {};
struct AlreadyDecided {
  Outcome outcome;
};
struct Stale {  // a delivery from the past: newer commands have been decided; only ack it
  StreamSequence newer = 0;  // the place of the newest: a queue that ends below has lost numbers
};
using Verdict = std::variant<Succeeded, Rejection, AlreadyDecided, Stale>;

/// The verdict that a subject's last command alone gives on a delivery: it is that command again,
/// or older. Nothing: it is new.
std::optional<Verdict> verdict_of_the_past(const std::optional<LastCommand>& last,
                                           const CommandId& command, StreamSequence sequence);

struct Decision {
  std::vector<Event> events;  // in order, versions without a gap; for one atomic append
  Verdict verdict;
};

/// Applies what was due by `now`, each at its own time, then the command. A decision that carries
/// the command out or rejects it ends with exactly one event that bears the command as its cause.
/// A command to another region than the server's own is rejected: there is no such server there.
Decision decide(const State& state, const Command& command, Instant now, const Context& context);

/// Only what was due by `now`: the timekeeper's decision. Empty when nothing was.
std::vector<Event> decide_due(const ServerId& server, const Region& region, const State& state,
                              Instant now);

/// An outcome that others than the server give: `purged` or `dead_lettered`. Empty when it is the
/// state's last command and has one already. Newer commands may have been decided meanwhile: the
/// outcome then stands beside theirs, and they stay the last. Whether an older one has an outcome
/// only the history tells: the caller has looked there.
std::vector<Event> decide_outcome(const State& state, const CommandNote& command, EventData outcome,
                                  Instant now);

/// What an event says of the command that is its cause.
Outcome outcome_of(const EventData& data);

/// Whether it is an outcome that changes nothing of the server.
bool is_no_change(const EventData& data);

/// The state after the event. Total: it never refuses what the log holds.
State evolve(State state, const Event& event);

// ---------------------------------------------------------------------------------------------
// Names: the same word in C++, JSON, SQL, URL, metric and runbook.

std::string_view to_string(Status status);             // "RUNNING"
std::string_view to_string(RejectionCode code);        // "invalid_transition"
std::string_view to_string(OutcomeKind kind);          // "SUCCEEDED"
std::string_view to_string(TerminationReason reason);  // "idle_timeout"
std::string_view to_string(Transition transition);     // "create"
std::string_view event_type(const EventData& data);    // "server_stopped"
std::string_view command_type(const Action& action);   // "stop"
std::optional<Status> status_from(std::string_view name);
std::optional<RejectionCode> rejection_code_from(std::string_view name);
std::optional<OutcomeKind> outcome_kind_from(std::string_view name);
std::optional<TerminationReason> termination_reason_from(std::string_view name);

}  // namespace vsim
