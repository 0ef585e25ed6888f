// Goal: an address is taken by its last claimant while that server's subject is empty, or while the
// server lives with it, and is free as soon as the claim is void (D6), in whatever order claims and
// events come into the log. Method: a view on a log in memory; claims and events appended by hand,
// as workers leave them that were killed or paused between the two.

#include <functional>
#include <map>
#include <set>
#include <utility>

#include <doctest/doctest.h>

#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "tests/unit/fleet_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using eventstore::Append;
using eventstore::MemoryStore;

namespace {

const Ipv4 first_ip = *Ipv4::parse("192.168.10.1");
const Ipv4 second_ip = *Ipv4::parse("192.168.10.2");

/// A log whose reads of last messages can be disturbed.
class DisturbedStore : public MemoryStore {
 public:
  eventstore::Result<std::vector<eventstore::Message>> load_last(
      std::span<const std::string> filters) override {
    if (fails) {
      return eventstore::fail(eventstore::Error::Kind::unavailable, "no broker");
    }
    auto found = MemoryStore::load_last(filters);
    if (after_load) {
      std::exchange(after_load, nullptr)();
    }
    return found;
  }

  bool fails = false;
  std::function<void()> after_load;  // before the answer arrives
};

/// A pool of some addresses, and what workers leave in the log.
struct Ground {
  DisturbedStore store;
  Fleet fleet;
  std::map<ServerId, State> states;

  explicit Ground(std::uint32_t addresses) : fleet(store, addresses) {}

  static Append claim_of(const ServerId& server, Ipv4 ip) {
    return {messages::address_events(the_region, ip),
            messages::encode(AddressClaimed{the_region, ip, server, at(1)}),
            {},
            std::nullopt};
  }

  Append event_of(const ServerId& server, EventData data) {
    State& state = states[server];
    const Event event{
        {.version = state.version + 1, .at = at(1), .cause = {}, .origin = {}, .data = data},
        server,
        the_region};
    state = evolve(std::move(state), event);
    return {messages::server_events(the_region, server), messages::encode(event, state), {}, {}};
  }

  /// Appends as one batch; gives the sequence of the last.
  StreamSequence append(const std::vector<Append>& batch) { return store.append(batch).value(); }
  StreamSequence claim(const ServerId& server, Ipv4 ip) { return append({claim_of(server, ip)}); }
  StreamSequence event(const ServerId& server, EventData data) {
    return append({event_of(server, std::move(data))});
  }

  std::size_t free() {
    fleet.worker().catch_up();
    return fleet.worker().view.status().pools.at(the_region.name).first;
  }

  /// What a new server would get, if any.
  std::optional<FreeAddress> reserve() {
    fleet.worker().catch_up();
    return fleet.worker().view.reserve(the_region, server_number(99));
  }

  std::optional<FreeAddress> find() {
    fleet.worker().catch_up();
    workers::AddressFinder finder(fleet.worker().tools);
    return finder.find(the_region, server_number(99)).value();
  }
};

ServerProvisioned provisioned(Ipv4 ip) {
  ServerProvisioned event;
  event.blueprint.account = "default";
  event.blueprint.ip = ip;
  return event;
}

const CommandRejected rejected{{RejectionCode::no_free_address, "none"}};
const ServerTerminated terminated{Status::running, TerminationReason::user, {}};

Command create_for(const ServerId& server) {
  auto create = command(a_create());
  create.server = server;
  return create;
}

}  // namespace

TEST_CASE("a claim takes its address while its server has no event, and is not settled") {
  Ground ground(1);
  ground.claim(server_number(1), first_ip);
  CHECK(ground.free() == 0);
  REQUIRE(ground.fleet.worker().view.settle_claims(the_region));
  CHECK(ground.free() == 0);
  CHECK_FALSE(ground.find());
}

TEST_CASE("a claim is good once its server lives with the address, until that is terminated") {
  Ground ground(1);
  const auto claim = ground.claim(server_number(1), first_ip);
  ground.event(server_number(1), provisioned(first_ip));
  CHECK(ground.free() == 0);
  ground.event(server_number(1), terminated);
  CHECK(ground.free() == 1);
  CHECK(ground.reserve()->last_claim == claim);
}

TEST_CASE("a rejection makes its server's claim void; the next claim expects the void one") {
  Ground ground(1);
  const auto claim = ground.claim(server_number(1), first_ip);
  ground.event(server_number(1), rejected);
  const auto address = ground.reserve();
  REQUIRE(address);
  CHECK(address->ip == first_ip);
  CHECK(address->last_claim == claim);
}

TEST_CASE("a server that lives with another address leaves its first claim void") {
  Ground ground(2);
  const auto first = ground.claim(server_number(1), first_ip);
  ground.claim(server_number(1), second_ip);
  CHECK(ground.free() == 0);
  ground.event(server_number(1), provisioned(second_ip));
  CHECK(ground.free() == 1);
  const auto address = ground.reserve();
  REQUIRE(address);
  CHECK(address->ip == first_ip);
  CHECK(address->last_claim == first);
}

TEST_CASE(
    "a claim behind its server's outcome is found void before a create is rejected for want of an "
    "address") {
  for (const bool lived : {false, true}) {
    CAPTURE(lived);
    Ground ground(1);
    if (lived) {
      ground.event(server_number(1), provisioned(first_ip));
      ground.event(server_number(1), terminated);
    } else {
      ground.event(server_number(1), rejected);
    }
    const auto claim = ground.claim(server_number(1), first_ip);
    CHECK(ground.free() == 0);
    const auto address = ground.find();
    REQUIRE(address);
    CHECK(address->last_claim == claim);
    ground.fleet.worker().view.release(the_region, first_ip);
    REQUIRE(std::holds_alternative<Succeeded>(ground.fleet.handle(create_for(server_number(2)))));
    CHECK(ground.fleet.state(server_number(2)).server->blueprint.ip == first_ip);
  }
}

TEST_CASE("a claim behind its server's outcome is good where the server lives with the address") {
  // As when a command was delivered twice, and both took the same address for its server.
  Ground ground(1);
  ground.claim(server_number(1), first_ip);
  ground.event(server_number(1), provisioned(first_ip));
  ground.claim(server_number(1), first_ip);
  CHECK_FALSE(ground.find());
}

TEST_CASE("a void claim's server frees nothing later once another server has the address") {
  Ground ground(1);
  ground.claim(server_number(1), first_ip);
  ground.event(server_number(1), rejected);
  ground.claim(server_number(2), first_ip);
  ground.event(server_number(1), CommandPurged{});
  CHECK(ground.free() == 0);
  ground.event(server_number(2), provisioned(first_ip));
  ground.event(server_number(1), provisioned(second_ip));
  ground.event(server_number(1), terminated);
  CHECK_FALSE(ground.find());
}

TEST_CASE("event and claim side by side take the address, in either order") {
  for (const bool claim_first : {false, true}) {
    CAPTURE(claim_first);
    Ground ground(1);
    ground.event(server_number(1), CommandPurged{});  // a create that is sent again
    std::vector batch = {ground.event_of(server_number(1), provisioned(first_ip)),
                         Ground::claim_of(server_number(1), first_ip)};
    if (claim_first) {
      std::swap(batch[0], batch[1]);
    }
    ground.append(batch);
    CHECK(ground.free() == 0);
    CHECK_FALSE(ground.find());
    ground.event(server_number(1), terminated);
    CHECK(ground.free() == 1);
  }
}

TEST_CASE("another server's event before a claim makes it no good") {
  Ground ground(1);
  ground.event(server_number(1), rejected);
  ground.event(server_number(2), provisioned(second_ip));
  ground.claim(server_number(1), first_ip);
  CHECK(ground.free() == 0);
  CHECK(ground.find());
}

TEST_CASE("a create that is delivered again takes the address that it has claimed") {
  Ground ground(1);
  ground.claim(server_number(1), first_ip);
  ground.fleet.worker().catch_up();
  const auto verdict = ground.fleet.handle(create_for(server_number(2)));
  CHECK(std::get<Rejection>(verdict).code == RejectionCode::no_free_address);
  REQUIRE(std::holds_alternative<Succeeded>(ground.fleet.handle(create_for(server_number(1)))));
  CHECK(ground.fleet.state(server_number(1)).server->blueprint.ip == first_ip);
  CHECK(ground.free() == 0);
}

TEST_CASE("a claimed address is given to its claimant once at a time, and not by an older claim") {
  Ground ground(1);
  ground.claim(server_number(1), first_ip);
  auto& view = ground.fleet.worker().view;
  ground.fleet.worker().catch_up();
  REQUIRE(view.reserve(the_region, server_number(1)));
  CHECK_FALSE(view.reserve(the_region, server_number(1)));
  view.release(the_region, first_ip);
  CHECK(ground.free() == 0);
  view.address_claimed(the_region, first_ip, 1'000, 1'000);  // it is still to be followed
  CHECK_FALSE(view.reserve(the_region, server_number(1)));
}

TEST_CASE("claims that an error of the log leaves open are settled once it answers again") {
  Ground ground(1);
  ground.event(server_number(1), rejected);
  ground.claim(server_number(1), first_ip);
  ground.fleet.worker().catch_up();
  ground.store.fails = true;
  CHECK_FALSE(ground.fleet.worker().view.settle_claims(the_region));
  workers::AddressFinder finder(ground.fleet.worker().tools);
  CHECK_FALSE(finder.find(the_region, server_number(2)));
  ground.store.fails = false;
  CHECK(finder.find(the_region, server_number(2)).value());
}

TEST_CASE("a claim that comes while its server is looked up is not judged by what was before") {
  Ground ground(2);
  ground.event(server_number(1), CommandPurged{});
  ground.claim(server_number(1), first_ip);
  ground.fleet.worker().catch_up();
  std::vector batch = {Ground::claim_of(server_number(1), second_ip),
                       ground.event_of(server_number(1), provisioned(second_ip))};
  ground.store.after_load = [&] {
    ground.append({batch[0]});
    ground.fleet.worker().catch_up();
  };
  REQUIRE(ground.fleet.worker().view.settle_claims(the_region));
  CHECK(ground.free() == 1);
  CHECK(ground.reserve()->ip == first_ip);
  ground.append({batch[1]});
  ground.fleet.worker().view.release(the_region, first_ip);
  CHECK(ground.free() == 1);
}

TEST_CASE("claims of one region are settled without those of another") {
  Ground ground(1);
  ground.event(server_number(1), rejected);
  ground.claim(server_number(1), first_ip);
  ground.fleet.worker().catch_up();
  REQUIRE(ground.fleet.worker().view.settle_claims(Region{"eu-west-1"}));
  CHECK(ground.free() == 0);
  REQUIRE(ground.fleet.worker().view.settle_claims(std::nullopt));
  CHECK(ground.free() == 1);
}

TEST_CASE("the view looks up by itself what stays open, so that its figures become true") {
  MemoryStore store;
  Fleet fleet(store, 1);
  eventstore::BrokerClock wall(measured_once);
  learn_from_this_machine(wall);
  workers::FleetView view(
      store, wall, [] { return read_model::FleetSnapshot{}; }, std::chrono::milliseconds(1));
  const std::jthread thread([&](std::stop_token stop) { view.run(stop); });
  const Event event{{.version = 1, .at = at(1), .cause = {}, .origin = {}, .data = rejected},
                    server_number(1),
                    the_region};
  const std::vector<Append> late = {{messages::server_events(the_region, server_number(1)),
                                     messages::encode(event, evolve({}, event)),
                                     {},
                                     {}},
                                    Ground::claim_of(server_number(1), first_ip)};
  REQUIRE(store.append(late));
  REQUIRE(view.catch_up());
  CHECK(harness::eventually(
      [&] { return view.status().pools.at(the_region.name).first == std::size_t{1}; }));
}

TEST_CASE("a view that starts from a read model has the claims that were open there") {
  Ground ground(3);
  const auto open = ground.claim(server_number(1), first_ip);
  const auto other = ground.claim(server_number(2), second_ip);
  const auto last = ground.store.load(other).value().value();
  read_model::FleetSnapshot snapshot;
  snapshot.events = {other, messages::sha256_hex(last.payload), 0};
  const auto address = [&](Ipv4 ip, StreamSequence claim, std::optional<ServerId> claimant) {
    snapshot.addresses.push_back({.region = the_region,
                                  .ip = ip,
                                  .last_claim = claim,
                                  .taken = claim > 0,
                                  .open_claimant = claimant});
  };
  address(first_ip, open, server_number(1));
  address(second_ip, other, server_number(2));
  address(*Ipv4::parse("192.168.10.3"), 0, std::nullopt);
  eventstore::BrokerClock wall(measured_once);
  learn_from_this_machine(wall);
  workers::FleetView view(ground.store, wall, [&] { return snapshot; });
  const std::jthread thread([&](std::stop_token stop) { view.run(stop); });
  const auto free = [&] {
    REQUIRE(view.catch_up());
    return view.status().pools.at(the_region.name).first;
  };
  CHECK(free() == 1);
  ground.event(server_number(1), provisioned(first_ip));
  ground.event(server_number(2), rejected);
  CHECK(free() == 2);
  ground.event(server_number(1), terminated);
  CHECK(free() == 3);
}
