#pragma once

// The aggregate of the door's faults: rules by which the API answers callers badly on purpose, so
// that their retries can be tested. One for the whole fleet, on a subject of its own. Pure, like
// server.h, and in the same order. D93

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/command.h"
#include "domain/fact.h"

namespace vsim {

// ---------------------------------------------------------------------------------------------
// Rules.

/// The request is answered with this status and nothing else.
struct AnswerStatus {
  int status = 503;
  bool operator==(const AnswerStatus&) const = default;
};
/// The answer comes so much later, by the wall's time: a caller waits in real time.
struct DelayAnswer {
  Duration by{};
  bool operator==(const DelayAnswer&) const = default;
};
/// The connection is closed without an answer.
struct CutConnection {
  bool operator==(const CutConnection&) const = default;
};
using FaultEffect = std::variant<AnswerStatus, DelayAnswer, CutConnection>;

/// Which of the requests that a rule matches it strikes.
struct ByProbability {
  double share = 1;  // above 0, 1 at most
  bool operator==(const ByProbability&) const = default;
};
struct EveryNth {
  std::uint64_t n = 1;
  bool operator==(const EveryNth&) const = default;
};
using FaultShare = std::variant<ByProbability, EveryNth>;

/// Whether the request is carried out: after it only the answer is lost, replaced or late.
enum class FaultMoment : std::uint8_t { before, after };

struct FaultRule {
  std::string name;   // shown with what it does; empty: its number is
  std::string route;  // "POST /servers"; empty: all
  std::string key;    // the name of the callers' key; empty: all, and callers without one
  FaultShare share;
  FaultEffect effect;
  FaultMoment moment = FaultMoment::before;
  std::optional<Instant> until;  // in simulated time; none: until it is lifted
  bool operator==(const FaultRule&) const = default;

  bool in_force_at(Instant now) const { return !until || now < *until; }
};

inline constexpr std::size_t fault_rules_max = 32;
inline constexpr std::size_t fault_name_characters_max = 64;
inline constexpr std::size_t fault_route_characters_max = 128;
inline constexpr std::size_t fault_key_characters_max = 64;
inline constexpr std::uint64_t fault_every_max = 1'000'000;
inline constexpr Duration fault_delay_max = std::chrono::seconds(60);
inline constexpr std::chrono::seconds fault_lasts_max{315'576'000};  // 10 Julian years
/// Numbers in JSON are exact up to it.
inline constexpr std::uint64_t fault_seed_max = (std::uint64_t{1} << 53) - 1;

/// Whether a route never has faults: those by which it is seen how the API is, and by which they
/// are lifted.
bool is_spared(std::string_view route);

/// What is wrong with a rule, as a sentence that begins with the member's name; nothing when
/// nothing is.
std::optional<std::string> out_of_range(const FaultRule& rule);

/// Whether the rule strikes the `n`th request, counted from 1, that it matches; `number` is its
/// place among the rules, from 1. The same on every system and for every process. D93
bool strikes(const FaultRule& rule, std::uint64_t seed, std::uint64_t number, std::uint64_t n);

/// Its name, or its number where it has none.
std::string label_of(const FaultRule& rule, std::uint64_t number);

// ---------------------------------------------------------------------------------------------
// Commands.

/// A rule, and how long it is to hold from the decision on.
struct AskedFault {
  FaultRule rule;
  std::optional<std::chrono::seconds> lasts;  // none where the rule has `until`, or no end
  bool operator==(const AskedFault&) const = default;
};
/// From now on these rules hold, and no others.
struct SetFaults {
  std::vector<AskedFault> rules;
  std::optional<std::uint64_t> seed;  // none: the clock's
  bool operator==(const SetFaults&) const = default;
};
struct LiftFaults {
  bool operator==(const LiftFaults&) const = default;
};
using FaultsAction = std::variant<SetFaults, LiftFaults>;

struct FaultsCommand : CommandHead {
  FaultsAction action;
};

// ---------------------------------------------------------------------------------------------
// Events.

struct FaultsSet {
  std::vector<FaultRule> rules;
  std::uint64_t seed = 0;
  bool operator==(const FaultsSet&) const = default;
};
struct FaultsLifted {
  bool operator==(const FaultsLifted&) const = default;
};
using FaultsEventData = EventDataOf<FaultsSet, FaultsLifted>;
using FaultsEvent = Fact<FaultsEventData>;

// ---------------------------------------------------------------------------------------------
// State.

struct DoorFaults {
  Version version = 0;
  Instant at{};  // of the last event
  std::vector<FaultRule> rules;
  std::uint64_t seed = 0;
  Version changed = 0;     // of the last event that set or lifted: requests count from it
  Instant changed_at{};    // when that was
  std::string changed_by;  // and by whom; empty before the first
  std::optional<LastCommand> last_command;
  bool operator==(const DoorFaults&) const = default;
};

// ---------------------------------------------------------------------------------------------
// The functions.

/// `clock_seed` is what is drawn from where the command names no seed. Rules that would end before
/// they begin are refused.
Decision<FaultsEvent> decide(const DoorFaults& faults, const FaultsCommand& command, Instant now,
                             std::uint64_t clock_seed);

/// An outcome that others than the faults give, under the rules of a server's.
std::optional<FaultsEvent> decide_outcome(const DoorFaults& faults, const CommandSummary& command,
                                          NoChange outcome, Instant now);

DoorFaults evolve(DoorFaults faults, const FaultsEvent& event);

std::string_view event_type(const FaultsEventData& data);   // "faults_set"
std::string_view command_type(const FaultsAction& action);  // "set_faults"
std::string_view command_type(const FaultsCommand& command);
CommandSummary summary_of(const FaultsCommand& command);
bool is_faults_command(std::string_view type);

}  // namespace vsim
