#pragma once

// The pool aggregate: the addresses of a region, as far as commands change them. Pure, like
// server.h, and in the same order. Which of the addresses are free is in address_pool.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/catalogue.h"
#include "domain/command.h"
#include "domain/fact.h"

namespace vsim {

// ---------------------------------------------------------------------------------------------
// Command.

/// Adds addresses to the region's pool.
struct ExtendPool : CommandHead {
  Region region;
  std::vector<AddressRange> ranges;
};

/// Addresses that one command may add.
inline constexpr std::uint64_t pool_extension_addresses_max = 1 << 20;

/// Why no server can have the addresses of the range, as a sentence: some of them lie in a block
/// that is not for hosts (RFC 6890, RFC 5771). Nothing when servers can. What the log holds from
/// before this rule is not held against it.
std::optional<std::string> unusable(const AddressRange& range);

/// How many addresses are in the ranges together; those that are in several count once.
std::uint64_t addresses_in(std::vector<AddressRange> ranges);

// ---------------------------------------------------------------------------------------------
// Events, on the pool's subject. Those of the seed data have no cause.

/// A region's pool grew. Ranges that overlap the pool add what is new.
struct PoolExtended {
  std::vector<AddressRange> ranges;
  bool operator==(const PoolExtended&) const = default;
};
using PoolEventData = EventDataOf<PoolExtended>;

struct PoolEvent : Fact<PoolEventData> {
  Region region;
  bool operator==(const PoolEvent&) const = default;
};

// ---------------------------------------------------------------------------------------------
// State.

/// What a decision needs of a pool: which addresses it holds does not matter, since an extension by
/// addresses that it has already succeeds.
struct Pool {
  Version version = 0;
  Instant at{};  // of the last event
  std::optional<LastCommand> last_command;
  bool operator==(const Pool&) const = default;
};

// ---------------------------------------------------------------------------------------------
// The functions.

Decision<PoolEvent> decide(const Pool& pool, const ExtendPool& command, Instant now,
                           const Catalogue& catalogue);

/// An outcome that others than the pool give, under the rules of a server's.
std::optional<PoolEvent> decide_outcome(const Pool& pool, const CommandSummary& command,
                                        NoChange outcome, Instant now);

/// The pool after the event.
Pool evolve(Pool pool, const PoolEvent& event);

std::string_view event_type(const PoolEventData& data);    // "pool_extended"
std::string_view command_type(const ExtendPool& command);  // "extend_pool"
CommandSummary summary_of(const ExtendPool& command);

}  // namespace vsim
