#pragma once

// Who has which address, as the log tells it, and whether that is as it must be: no two living
// servers have one address, and a server that is created with an address is its last claimant. D6

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/address_pool.h"
#include "domain/server.h"
#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {

/// Takes the log's messages in their order. Keeps the addresses of living servers and the open
/// claims: those of servers without an event. One thread. Errors are one line, without the message
/// that they were found at.
class AddressFold {
 public:
  /// Before any other call for the message at `sequence`, of whatever kind that is; `claim` where
  /// it is one. The error: the message before created a server whose claim was still to come, and
  /// it has not.
  tl::expected<void, std::string> begin(StreamSequence sequence, const AddressClaimed* claim);

  /// `has_events`: its server had an event before.
  void claimed(const AddressClaimed& claim, bool has_events, StreamSequence sequence);

  /// After an event of the server, with the states before and after it.
  tl::expected<void, std::string> changed(const ServerId& server, const State& before,
                                          const State& after, StreamSequence sequence);

 private:
  using Place = std::pair<Region, Ipv4>;
  /// Whose an address is, since which message.
  struct Hold {
    ServerId server;
    StreamSequence since = 0;
  };
  struct Claim {
    Place place;
    Hold hold;
  };

  static std::optional<Place> place_of(const State& state);
  void forget_claims(const ServerId& server);
  tl::expected<void, std::string> take(const ServerId& server, const Place& place,
                                       StreamSequence sequence);
  std::string without_claim(const Claim& taken) const;

  std::map<Place, Hold> living_;
  std::map<Place, Hold> open_claims_;
  std::unordered_map<ServerId, std::vector<Place>> claimed_by_;  // what open_claims_ has of each
  std::optional<Claim> newest_claim_;  // whether its server has events or not
  std::optional<Claim> unclaimed_;     // taken by the newest message; its claim must be the next
};

}  // namespace vsim::vsimctl
