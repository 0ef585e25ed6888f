#pragma once

// The addresses of all regions as far as the log has been followed, and the claims that are open.
// An address is taken by its last claimant while that server's subject is empty, or while the
// server lives with it. Else the claim is void, and stays so: nothing in the log releases it. D6

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/address_pool.h"
#include "domain/pool.h"
#include "domain/server.h"
#include "eventstore/event_store.h"
#include "schema/messages/logged_event.h"
#include "schema/read_model/fleet_snapshot.h"

namespace vsim::workers {

/// Proposes, as AddressPool does, and decides nothing. Grows with the pools and the open claims.
/// Not thread-safe.
class AddressBook {
 public:
  /// An address as a read model has it, before any event is applied.
  void restore(const read_model::FleetAddress& address);

  /// The log's events, in their order. A claim stays open until its claimant's next event, or until
  /// settle(); it is not open at all where the claimant's event stands right before it.
  void apply(const PoolEvent& event);
  void apply(const AddressClaimed& claim, StreamSequence sequence);
  void apply(const messages::ServerLogged& logged, StreamSequence sequence);

  /// News of a claim that the log will tell of.
  void hear_of_claim(const Region& region, Ipv4 ip, StreamSequence sequence) {
    pools_[region].claimed(ip, sequence);
  }

  /// The claimants of open claims up to a sequence; of all regions where none is named.
  std::vector<ServerId> claimants(const std::optional<Region>& region,
                                  StreamSequence through) const;

  /// The places in the log of the claims up to a sequence that are open.
  std::vector<StreamSequence> open_claims(StreamSequence through) const;

  /// Closes the server's open claims up to a sequence, by its state after an event of any place in
  /// the log that was read after the message at `through`.
  void settle(const ServerId& server, const State& state, StreamSequence through);

  /// An address for that server: its own, by an open claim, or else a free one. Set aside until
  /// release().
  std::optional<FreeAddress> reserve(const Region& region, const ServerId& server,
                                     std::uint64_t chance);
  void release(const Region& region, Ipv4 ip);

  const std::map<Region, AddressPool>& pools() const { return pools_; }

  /// Regions of which some address is taken.
  std::vector<Region> regions_in_use() const;

 private:
  struct OpenClaim {
    Region region;
    Ipv4 ip;
    StreamSequence sequence = 0;
  };
  /// The newest event of any server, where that server lives after it.
  struct Holder {
    StreamSequence sequence = 0;
    ServerId server;
    Region region;
    Ipv4 ip;
  };

  void open(const ServerId& server, OpenClaim claim);

  std::map<Region, AddressPool> pools_;
  std::unordered_map<ServerId, std::vector<OpenClaim>> open_;
  std::optional<Holder> newest_holder_;
};

/// The states of those servers whose subjects are not empty, after their last events. What this
/// build cannot read is left out. Reads the log.
eventstore::Result<std::vector<std::pair<ServerId, State>>> load_outcomes(
    eventstore::EventStore& store, std::span<const ServerId> servers);

}  // namespace vsim::workers
