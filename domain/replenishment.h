#pragma once

// Which servers a warm pool needs next: a pure function of what the log says of it. The servers of
// a pool are numbered from 1, and a server's id is made of pool and number, so whoever computes
// this, from whatever place in the log, asks for the same servers: two at once, a crash or a
// redelivery never make one too many. Each asks for numbers up to target + gone, where gone counts
// those numbers that are taken, over, or never came to be; gone never falls along the log, so of
// all that was ever asked for, no more than the target are left. One that is reset on its release
// comes back beside them, and what is too much then is retired. D95

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "domain/server.h"
#include "domain/warm_pool.h"

namespace vsim {

/// How far the numbers go ahead of the oldest one that is open.
inline constexpr std::uint64_t open_numbers_max = 1'000;

/// What the log says of a pool's servers that nobody has: those that are assigned or terminated do
/// not count.
struct WarmCensus {
  enum class Stage : std::uint8_t {
    warming,    // on its way to RUNNING
    ready,      // it can be acquired
    resetting,  // given back, and on its way to be ready again
    impaired,   // not now, but it will recover by itself
    failed      // it will not come by itself: its boot failed or hangs, it was stopped, it will be
                // interrupted
  };

  std::uint64_t highest = 0;     // number that the log knows of
  std::set<std::uint64_t> open;  // below it, of which it knows nothing: still in the queue
  std::map<std::uint64_t, Stage> servers;  // that live

  /// The log has something of that number: a server, or that there will be none. Only the last
  /// open_numbers_max below it can be open, since nobody goes further ahead.
  void seen(std::uint64_t number);
};

/// What of a pool's server its stage depends on.
struct WarmCondition {
  Status status = Status::pending;
  bool is_assigned = false;
  bool is_impaired = false;
  bool is_interrupted = false;  // its end is announced
  bool has_end = false;         // the transition that it is in, if in any, will end by itself
};

/// The stage of a pool's server; nothing where it does not count: it is somebody's, or has ended,
/// or is about to.
std::optional<WarmCensus::Stage> stage_of(const WarmCondition& condition);
std::optional<WarmCensus::Stage> stage_of(const Server& server);

/// Whether a server of a pool begins to be with that event.
bool is_birth(const EventData& data);
/// Whether one that nobody has yet came to run by that event, or did not.
bool is_provision(const EventData& data, const Server& after);
bool is_failed_provision(const EventData& data, const Server& after);
/// Whether the pool has lost one that nobody has by that event, in other ways than by order: a next
/// one may go the same way. `before` is its stage before the event.
bool is_loss(std::optional<WarmCensus::Stage> before, const EventData& data, const Server& after);

struct Replenishment {
  std::vector<std::uint64_t> create;  // ascending; open ones among them may have been asked for
  std::vector<std::uint64_t> retire;  // to be terminated, unless somebody gets them first
  bool operator==(const Replenishment&) const = default;
};

/// Whether a pool has to be filled up to its target: from when it is ordered, and from when fewer
/// than `replenish_below` are left, until so many live. How many are made at most does not depend
/// on it.
bool is_filling(const WarmPool& pool, const WarmCensus& census, bool was_filling);

/// What is missing, where it is to be filled, and what is too much. What has failed is retired and
/// replaced; what is too much goes: what is impaired first, then what boots, then the newest of the
/// others. A pool that drains asks for none that is open.
Replenishment replenish(const WarmPool& pool, const WarmCensus& census, bool filling = true);

}  // namespace vsim
