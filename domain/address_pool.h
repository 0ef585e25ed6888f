#pragma once

// The addresses of the regions, as far as one worker has followed the log. A view: what it calls
// free may be taken by now (the append's expectation finds out), and what it calls taken may be
// free a moment later. It never decides, it only proposes.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "domain/catalogue.h"
#include "domain/command.h"
#include "domain/ids.h"
#include "domain/instant.h"

namespace vsim {

/// An address was given to a server: on the address's own subject.
struct AddressClaimed {
  Region region;
  Ipv4 ip;
  ServerId server;
  Instant at;
  /// The create; nothing where an older build claimed. By it a create whose command is lost gets
  /// its outcome. D88
  std::optional<Cause> cause = {};
  Origin origin = {};  // of the create
  bool operator==(const AddressClaimed&) const = default;
};

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

  /// The log says: claimed at `sequence`. An older claim than the known one changes nothing.
  void claimed(Ipv4 ip, StreamSequence sequence);

  /// The log says: its holder is terminated, at `sequence`; or its claim at `sequence` is void.
  /// Ignored when a later claim is known. D6
  void freed(Ipv4 ip, StreamSequence sequence);

  /// Proposes a free address and sets it aside until release(); `chance` spreads rivals apart.
  std::optional<FreeAddress> reserve(std::uint64_t chance);

  /// Sets a taken address aside for the claimant itself, until release(); nothing where another
  /// claim than that at `claim` is the last known, or it is set aside already. D6
  std::optional<FreeAddress> reserve_claimed(Ipv4 ip, StreamSequence claim);

  /// Ends a reservation: the address is what the log says of it.
  void release(Ipv4 ip);

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
