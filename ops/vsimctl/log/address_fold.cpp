#include "ops/vsimctl/log/address_fold.h"

#include <fmt/format.h>

namespace vsim::vsimctl {

std::optional<AddressFold::Place> AddressFold::place_of(const State& state) {
  if (!state.server || state.server->status == Status::terminated) {
    return std::nullopt;
  }
  return Place{state.region, state.server->blueprint.ip};
}

tl::expected<void, std::string> AddressFold::begin(StreamSequence sequence,
                                                   const AddressClaimed* claim) {
  if (!unclaimed_) {
    return {};
  }
  const auto taken = *std::exchange(unclaimed_, std::nullopt);
  // Older builds wrote the claim behind the event, in one batch.
  if (claim != nullptr && sequence == taken.hold.since + 1 && claim->server == taken.hold.server &&
      Place{claim->region, claim->ip} == taken.place) {
    return {};
  }
  return failed(without_claim(taken));
}

std::string AddressFold::without_claim(const Claim& taken) const {
  const auto& [region, ip] = taken.place;
  auto told =
      fmt::format("message {}: server {} is created with {} of {}, which it has not claimed",
                  taken.hold.since, taken.hold.server.to_string(), ip.to_string(), region.name);
  if (const auto other = open_claims_.find(taken.place); other != open_claims_.end()) {
    told += fmt::format("; message {} claims it for server {}", other->second.since,
                        other->second.server.to_string());
  }
  return told;
}

void AddressFold::claimed(const AddressClaimed& claim, bool has_events, StreamSequence sequence) {
  const Place place{claim.region, claim.ip};
  newest_claim_ = {.place = place, .hold = {claim.server, sequence}};
  if (has_events) {
    open_claims_.erase(place);  // void unless the server has the address, or gets it right now
    return;
  }
  open_claims_[place] = {claim.server, sequence};
  claimed_by_[claim.server].push_back(place);
}

void AddressFold::forget_claims(const ServerId& server) {
  const auto places = claimed_by_.extract(server);
  if (!places) {
    return;
  }
  for (const auto& place : places.mapped()) {
    const auto claim = open_claims_.find(place);
    if (claim != open_claims_.end() && claim->second.server == server) {
      open_claims_.erase(claim);
    }
  }
}

tl::expected<void, std::string> AddressFold::take(const ServerId& server, const Place& place,
                                                  StreamSequence sequence) {
  const auto [hold, is_free] = living_.try_emplace(place, Hold{server, sequence});
  if (!is_free) {
    return failed(fmt::format("server {} gets {} of {}, which server {} has since message {}",
                              server.to_string(), place.second.to_string(), place.first.name,
                              hold->second.server.to_string(), hold->second.since));
  }
  const auto claim = open_claims_.find(place);
  const bool is_claimant = claim != open_claims_.end() && claim->second.server == server;
  const bool has_just_claimed = newest_claim_ && newest_claim_->place == place &&
                                newest_claim_->hold.server == server &&
                                newest_claim_->hold.since + 1 == sequence;
  if (!is_claimant && !has_just_claimed) {
    unclaimed_ = {.place = place, .hold = {server, sequence}};
  }
  return {};
}

tl::expected<void, std::string> AddressFold::changed(const ServerId& server, const State& before,
                                                     const State& after, StreamSequence sequence) {
  const auto had = place_of(before);
  const auto has = place_of(after);
  tl::expected<void, std::string> taken;
  if (had != has) {
    if (had) {
      living_.erase(*had);
    }
    if (has) {
      taken = take(server, *has, sequence);
    }
  }
  forget_claims(server);
  return taken;
}

}  // namespace vsim::vsimctl
