#include "domain/pool.h"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/invariant.h"

namespace vsim {
namespace {

struct Block {
  AddressRange range;
  std::string_view name;
  std::string_view use;
};

constexpr std::uint32_t octet(std::uint32_t first, std::uint32_t second = 0) {
  return first << 24 | second << 16;
}

constexpr std::array<Block, 5> blocks_without_hosts{{
    {{{octet(0)}, {octet(1) - 1}}, "0.0.0.0/8", "this network"},
    {{{octet(127)}, {octet(128) - 1}}, "127.0.0.0/8", "loopback"},
    {{{octet(169, 254)}, {octet(169, 255) - 1}}, "169.254.0.0/16", "link-local"},
    {{{octet(224)}, {octet(240) - 1}}, "224.0.0.0/4", "multicast"},
    {{{octet(240)}, {UINT32_MAX}}, "240.0.0.0/4", "reserved, with the broadcast address"},
}};

PoolEvent next_event(const Pool& pool, const CommandSummary& command, PoolEventData data,
                     Instant now) {
  invariant(command.region.has_value(), "a pool's command names its region");
  return {{.version = pool.version + 1,
           .at = std::max(now, pool.at),
           .cause = command.cause,
           .origin = command.origin,
           .data = std::move(data)},
          *command.region};
}

}  // namespace

std::optional<std::string> unusable(const AddressRange& range) {
  for (const auto& [block, name, use] : blocks_without_hosts) {
    if (range.last < block.first || block.last < range.first) {
      continue;
    }
    return "no server can have an address of " + std::string(name) + " (" + std::string(use) +
           ", RFC 6890); give others, such as 10.0.0.0/24";
  }
  return std::nullopt;
}

std::uint64_t addresses_in(std::vector<AddressRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t count = 0;
  std::uint64_t next = 0;  // the first address that has not been counted
  for (const auto& range : ranges) {
    const std::uint64_t from = std::max<std::uint64_t>(next, range.first.bits);
    const std::uint64_t until = std::uint64_t{range.last.bits} + 1;
    count += from < until ? until - from : 0;
    next = std::max(next, until);
  }
  return count;
}

CommandSummary summary_of(const ExtendPool& command) {
  return {.region = command.region,
          .server = std::nullopt,
          .cause = cause_of(command),
          .origin = command.origin};
}

Decision<PoolEvent> decide(const Pool& pool, const ExtendPool& command, Instant now,
                           const Catalogue& catalogue) {
  if (auto past = verdict_of_the_past(pool.last_command, command)) {
    return {{}, std::move(*past)};
  }
  const auto summary = summary_of(command);
  if (!catalogue.regions.contains(command.region)) {
    const Rejection unknown{
        RejectionCode::unknown_region,
        "there is no region " + command.region.name + "; GET /regions lists them"};
    return {{next_event(pool, summary, CommandRejected{unknown}, now)}, unknown};
  }
  return {{next_event(pool, summary, PoolExtended{command.ranges}, now)}, Succeeded{}};
}

std::optional<PoolEvent> decide_outcome(const Pool& pool, const CommandSummary& command,
                                        NoChange outcome, Instant now) {
  if (has_outcome(pool.last_command, command.cause)) {
    return std::nullopt;
  }
  return next_event(pool, command, data_of<PoolEventData>(std::move(outcome)), now);
}

Pool evolve(Pool pool, const PoolEvent& event) {
  pool.version = event.version;
  pool.at = event.at;
  record_command(pool.last_command, event);
  return pool;
}

}  // namespace vsim
