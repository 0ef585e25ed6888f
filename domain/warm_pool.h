#pragma once

// The warm pool aggregate: servers kept ready so that one can be had at once. This is the order for
// them; which servers there are is in replenishment.h, and that one is somebody's now in server.h.
// Pure, like server.h, and in the same order.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/catalogue.h"
#include "domain/command.h"
#include "domain/fact.h"
#include "domain/warm_place.h"

namespace vsim {

// ---------------------------------------------------------------------------------------------
// Commands.

/// What a pool is to hold.
struct WarmPoolTerms {
  Region region;
  std::string instance_type;
  std::optional<std::string> profile;  // none: the catalogue's default
  std::map<std::string, std::string> tags;
  std::uint32_t target = 0;           // servers that are ready or on their way
  std::uint32_t replenish_below = 0;  // nothing is ordered while there are so many
  std::uint32_t warming_max = 0;      // on their way at once
  OnRelease on_release = OnRelease::terminate;
  bool operator==(const WarmPoolTerms&) const = default;
};

inline constexpr std::uint32_t warm_pool_target_max = 10'000;

/// Makes the pool, or changes it: what it holds already stays as it is.
struct SetWarmPool {
  WarmPoolTerms terms;
  bool operator==(const SetWarmPool&) const = default;
};
/// Terminates what nobody has, and orders no more. The pool is gone when none is left.
struct DrainWarmPool {
  bool operator==(const DrainWarmPool&) const = default;
};
using WarmPoolAction = std::variant<SetWarmPool, DrainWarmPool>;

struct WarmPoolCommand : CommandHead {
  WarmPoolId pool;
  WarmPoolAction action;
};

// ---------------------------------------------------------------------------------------------
// Events, on the pool's subject.

struct WarmPoolSet {
  WarmPoolTerms terms;
  bool operator==(const WarmPoolSet&) const = default;
};
struct WarmPoolDraining {
  bool operator==(const WarmPoolDraining&) const = default;
};
using WarmPoolEventData = EventDataOf<WarmPoolSet, WarmPoolDraining>;

struct WarmPoolEvent : Fact<WarmPoolEventData> {
  WarmPoolId pool;
  bool operator==(const WarmPoolEvent&) const = default;
};

// ---------------------------------------------------------------------------------------------
// State.

struct WarmPool {
  Version version = 0;
  Instant at{};                        // of the last event
  Instant created_at{};                // when it was first set, or set again after a drain
  Change last_change;                  // outcomes that change nothing keep it
  std::optional<WarmPoolTerms> terms;  // none: it was never set
  bool draining = false;
  std::optional<LastCommand> last_command;
  bool operator==(const WarmPool&) const = default;
};

// ---------------------------------------------------------------------------------------------
// The functions.

/// Rejected are an unknown region, type or profile, a profile whose servers do not run after their
/// create, another region than the pool has, and the drain of a pool that is not there.
Decision<WarmPoolEvent> decide(const WarmPool& pool, const WarmPoolCommand& command, Instant now,
                               const Catalogue& catalogue);

/// An outcome that others than the pool give, under the rules of a server's.
std::optional<WarmPoolEvent> decide_outcome(const WarmPool& pool, const CommandSummary& command,
                                            NoChange outcome, Instant now);

/// The pool after the event.
WarmPool evolve(WarmPool pool, const WarmPoolEvent& event);

/// A pool that holds fewer is filled up: what it has at the least by order.
std::uint32_t least_held(const WarmPoolTerms& terms);

/// Why the terms cannot be kept, as a sentence that says what to change; nothing when they can.
std::optional<std::string> out_of_range(const WarmPoolTerms& terms);

std::string_view event_type(const WarmPoolEventData& data);   // "warm_pool_set"
std::string_view command_type(const WarmPoolAction& action);  // "set_warm_pool"
std::string_view command_type(const WarmPoolCommand& command);
CommandSummary summary_of(const WarmPoolCommand& command);

}  // namespace vsim
