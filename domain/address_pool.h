#pragma once

// The addresses of the regions, as far as one worker has followed the log. A view: what it calls
// free may be taken by now (the append's expectation finds out), and what it calls taken may be
// free a moment later. It never decides, it only proposes.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/catalogue.h"
#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/server.h"

namespace vsim {

/// An address was given to a server: on the address's own subject.
struct AddressClaimed {
  Region region;
  Ipv4 ip;
  ServerId server;
  Instant at;
  bool operator==(const AddressClaimed&) const = default;
};

/// A region's pool grew. Ranges that overlap the pool add what is new.
struct PoolExtended {
  std::vector<AddressRange> ranges;
  bool operator==(const PoolExtended&) const = default;
};
using PoolEventData =
    std::variant<PoolExtended, CommandRejected, CommandPurged, CommandDeadLettered>;

/// On the pool's subject.
struct PoolEvent {
  Region region;
  Version version = 0;  // counts the pool's events from 1
  Instant at;
  std::optional<Cause> cause;  // none: the seed data
  Origin origin;
  PoolEventData data;
  bool operator==(const PoolEvent&) const = default;
};

/// What a decision needs of a pool: which addresses it holds does not matter, since an extension by
/// addresses that it has already succeeds.
struct Pool {
  Version version = 0;
  Instant at{};  // of the last event
  std::optional<LastCommand> last_command;
  bool operator==(const Pool&) const = default;
};

/// The command that asks for it.
struct ExtendPool {
  CommandId id;
  StreamSequence sequence = 0;
  std::string request_hash;
  Origin origin;
  Region region;
  std::vector<AddressRange> ranges;
};

/// Why no server can have the addresses of the range, as a sentence: some of them lie in a block
/// that is not for hosts (RFC 6890, RFC 5771). Nothing when servers can. What the log holds from
/// before this rule is not held against it.
std::optional<std::string> unusable(const AddressRange& range);

/// Addresses that one command may add.
inline constexpr std::uint64_t pool_extension_addresses_max = 1 << 20;

/// What became of a pool command: the event to append, or nothing when it is no news.
struct PoolDecision {
  std::optional<PoolEvent> event;
  Verdict verdict;
};

PoolDecision decide(const Pool& pool, const ExtendPool& command, Instant now,
                    const Catalogue& catalogue);

/// An outcome that others than the pool give, under the rules of a server's.
std::optional<PoolEvent> decide_outcome(const Pool& pool, const CommandNote& command,
                                        NoChange outcome, Instant now);

/// The pool after the event.
Pool evolve(Pool pool, const PoolEvent& event);

CommandNote note_of(const ExtendPool& command);
Outcome outcome_of(const PoolEventData& data);
std::string_view event_type(const PoolEventData& data);  // "pool_extended"

/// A free address and the expectation under which it may be claimed.
struct FreeAddress {
  Ipv4 ip;
  StreamSequence last_claim = 0;  // of the address's subject; 0: never claimed
};

/// One region's addresses. Not thread-safe.
class AddressPool {
 public:
  /// Adds what is new of the range; known addresses keep their state.
  void extend(const AddressRange& range);

  /// The log says: claimed at `sequence`. Older news than what is known changes nothing.
  void claimed(Ipv4 ip, StreamSequence sequence);

  /// The log says: its holder is terminated, at `sequence`. Ignored when a later claim is known.
  void released(Ipv4 ip, StreamSequence sequence);

  /// Proposes a free address and sets it aside until settle(); `chance` spreads rivals apart.
  std::optional<FreeAddress> reserve(std::uint64_t chance);

  /// Ends a reservation: the address is what the log says of it.
  void settle(Ipv4 ip);

  std::size_t size() const { return entries_.size(); }
  std::size_t free_count() const { return free_.size(); }
  std::size_t taken_count() const { return taken_count_; }

 private:
  struct Entry {
    StreamSequence last_claim = 0;
    bool taken = false;
    bool reserved = false;
    std::uint32_t free_index = 0;  // its place in free_, while it is there
  };
  void list(Ipv4 ip, Entry& entry);
  void unlist(Entry& entry);

  std::map<Ipv4, Entry> entries_;
  std::vector<Ipv4> free_;  // in no order: neither taken nor reserved
  std::size_t taken_count_ = 0;
};

}  // namespace vsim
