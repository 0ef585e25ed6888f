// Goal: a create goes into the log as a chain, first the claim of its address and then the server;
// whatever comes between the two, or instead of the second, no two servers share an address, each
// command has one outcome, and no address stays taken (D72). Method: workers with views of their
// own on one log in memory, which runs what must happen "at that very moment" before any message of
// a chain. A real broker has the same contract (event_store_contract_test.cpp).

#include <doctest/doctest.h>

#include "schema/messages/subjects.h"
#include "tests/unit/fleet_fixture.h"
#include "workers/outcome_proposal.h"

using namespace vsim;
using namespace vsim::fixture;
using eventstore::Append;
using eventstore::Expectation;
using eventstore::MemoryStore;

namespace {

Command create_of(std::uint8_t n) {
  auto create = a_create();
  create.profile = "instant";
  auto made = command(create);
  made.server = server_number(n);
  return made;
}

bool succeeded(const Verdict& verdict) { return std::holds_alternative<Succeeded>(verdict); }

OutcomeKind earlier_outcome(const Verdict& verdict) {
  REQUIRE(std::holds_alternative<AlreadyDecided>(verdict));
  return std::get<AlreadyDecided>(verdict).outcome.kind;
}

Verdict carry_out(Fleet::Worker& worker, const Command& command, bool may_be_repeat = false) {
  return handle_group(worker, std::span(&command, 1), may_be_repeat).front();
}

// What the janitor does when the command has left the queue.
void purge(Fleet::Worker& worker, const Command& command) {
  CommandSummary summary;
  summary.cause = cause_of(command);
  summary.region = command.region;
  summary.server = command.server;
  workers::OutcomeProposal verdict(worker.tools, summary, CommandPurged{}, {});
  workers::Proposal* only = &verdict;
  REQUIRE(workers::commit(worker.tools, std::span(&only, 1)));
}

// Runs before the second append from now on: that of the server, where a chain is the next.
void before_second_append(MemoryStore& store, std::function<void()> interleaved) {
  store.before_next_append(
      [&store, interleaved = std::move(interleaved)] { store.before_next_append(interleaved); });
}

std::size_t claims_in(MemoryStore& store) {
  return store.load_history("vsim.evt.ip.>").value().size();
}

std::size_t free_addresses(Fleet::Worker& worker) {
  worker.catch_up();
  return worker.view.status().pools.at(the_region.name).first;
}

}  // namespace

TEST_CASE("a create is a chain: the claim, then the server") {
  MemoryStore store;
  Fleet fleet(store, 2);
  const auto before = store.last_sequence().value();
  const auto appends = store.appends();
  REQUIRE(succeeded(fleet.handle(create_of(1))));
  CHECK(store.appends() == appends + 2);
  const auto claim = store.load(before + 1).value();
  REQUIRE(claim);
  const auto ip = fleet.state(server_number(1)).server->blueprint.ip;
  CHECK(claim->subject == messages::address_events(the_region, ip));
  CHECK(free_addresses(fleet.worker()) == 1);
}

TEST_CASE("a worker dies between claim and server: the next delivery makes the server") {
  MemoryStore store;
  Fleet fleet(store, 2);
  const auto create = create_of(1);
  const AddressClaimed claim{the_region, *Ipv4::parse("192.168.10.1"), create.server, at(0)};
  const auto subject = messages::address_events(the_region, claim.ip);
  const Append stored{subject, messages::encode(claim), {}, Expectation{subject, 0}};
  REQUIRE(store.append(std::span(&stored, 1)));
  CHECK(free_addresses(fleet.worker()) == 1);  // the command is still in the queue
  REQUIRE(succeeded(fleet.handle(create, true)));
  CHECK(fleet.state(create.server).server->blueprint.ip == claim.ip);  // claimed again
  CHECK(claims_in(store) == 2);
  CHECK(free_addresses(fleet.worker()) == 1);
  REQUIRE(succeeded(fleet.handle(create_of(2))));
  CHECK(free_addresses(fleet.worker()) == 0);
}

TEST_CASE("the claim is stored and the server refused: the address goes to the next") {
  enum class Next { same_worker, other_worker, started_afterwards };
  for (const bool purged_before_claim : {false, true}) {
    for (const auto next : {Next::same_worker, Next::other_worker, Next::started_afterwards}) {
      CAPTURE(purged_before_claim);
      CAPTURE(static_cast<int>(next));
      MemoryStore store;
      Fleet fleet(store, 1);
      Fleet::Worker janitor(store);
      const auto create = create_of(1);
      const auto interleaved = [&] { purge(janitor, create); };
      if (purged_before_claim) {
        store.before_next_append(interleaved);  // the claim is void at once
      } else {
        before_second_append(store, interleaved);
      }
      CHECK(earlier_outcome(fleet.handle(create)) == OutcomeKind::purged);
      CHECK(claims_in(store) == 1);
      CHECK_FALSE(fleet.state(create.server).server);
      if (next == Next::same_worker) {
        CHECK(succeeded(fleet.handle(create_of(2))));
      } else if (next == Next::other_worker) {
        CHECK(succeeded(carry_out(janitor, create_of(2))));
      } else {
        Fleet::Worker late(store);
        CHECK(succeeded(carry_out(late, create_of(2))));
      }
      CHECK(claims_in(store) == 2);
      CHECK(fleet.state(server_number(2)).server->status == Status::running);
    }
  }
}

TEST_CASE("a worker that is paused between claim and server finds its claim void and passed on") {
  MemoryStore store;
  Fleet fleet(store, 1);
  Fleet::Worker other(store);
  const auto create = create_of(1);
  const auto next = create_of(2);
  before_second_append(store, [&] {
    purge(other, create);
    other.catch_up();
    CHECK(succeeded(carry_out(other, next)));
  });
  CHECK(earlier_outcome(fleet.handle(create)) == OutcomeKind::purged);
  CHECK_FALSE(fleet.state(create.server).server);
  CHECK(fleet.state(next.server).server->status == Status::running);
  CHECK(free_addresses(fleet.worker()) == 0);
  CHECK(free_addresses(other) == 0);
}

TEST_CASE("a worker that is paused before its claim claims for a server that has ended") {
  MemoryStore store;
  Fleet fleet(store, 2);
  Fleet::Worker other(store);
  const auto create = create_of(1);
  auto terminate = command(Terminate{});
  terminate.server = create.server;
  store.before_next_append([&] {
    CHECK(succeeded(carry_out(other, create, true)));
    CHECK(succeeded(carry_out(other, terminate)));
  });
  // Its claim is refused, or stored beside that of the other.
  CHECK(std::holds_alternative<Stale>(fleet.handle(create)));
  CHECK(fleet.history(create.server).size() == 2);
  for (std::uint8_t n = 2; n <= 3; ++n) {
    CHECK(succeeded(fleet.handle(create_of(n))));
  }
  CHECK(fleet.state(server_number(2)).server->blueprint.ip !=
        fleet.state(server_number(3)).server->blueprint.ip);
}

TEST_CASE(
    "a chain and an atomic batch race for one address: one has it, one is told there is none") {
  MemoryStore store;
  Fleet fleet(store, 1);
  Fleet::Worker other(store);
  const auto fresh = create_of(1);
  auto replay = create_of(2);
  purge(other, replay);  // so that the server's subject is not empty, and its create no chain
  replay.sequence += 100;
  SUBCASE("the batch comes before the claim") {
    store.before_next_append([&] { CHECK(succeeded(carry_out(other, replay, true))); });
    CHECK(std::holds_alternative<Rejection>(fleet.handle(fresh)));
    CHECK(fleet.state(replay.server).server);
  }
  SUBCASE("the batch comes between claim and server") {
    before_second_append(
        store, [&] { CHECK(std::holds_alternative<Rejection>(carry_out(other, replay, true))); });
    CHECK(succeeded(fleet.handle(fresh)));
    CHECK_FALSE(fleet.state(replay.server).server);
  }
  CHECK(free_addresses(fleet.worker()) == 0);
}

TEST_CASE("a create for a server that has events goes as one batch") {
  MemoryStore store;
  Fleet fleet(store, 1);
  auto create = create_of(1);
  purge(fleet.worker(), create);
  create.sequence += 100;
  const auto appends = store.appends();
  // Whatever comes in between would find half of it, were it a chain.
  REQUIRE(succeeded(fleet.handle(create, true)));
  CHECK(store.appends() == appends + 1);
  CHECK(claims_in(store) == 1);
  // The claim stands before the server's event: a log that ends between them has a void claim, and
  // not a server without one.
  const auto end = store.last_sequence().value();
  const auto subject = messages::server_events(the_region, create.server);
  CHECK(store.load(end - 1).value()->subject.starts_with(messages::address_prefix));
  CHECK(store.load(end).value()->subject == subject);
  auto stop = command(Stop{});
  stop.server = create.server;
  stop.sequence = create.sequence + 1;
  const auto conflicts = store.conflicts();
  CHECK(succeeded(fleet.handle(stop)));
  CHECK(store.conflicts() == conflicts);
}

TEST_CASE("of several chains at once one that is refused holds up no other") {
  MemoryStore store;
  Fleet fleet(store, 10);
  Fleet::Worker other(store);
  std::vector<Command> creates;
  for (std::uint8_t n = 1; n <= 5; ++n) {
    creates.push_back(create_of(n));
  }
  store.before_next_append([&] { purge(other, creates[2]); });
  const auto verdicts = handle_group(fleet.worker(), creates);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    CAPTURE(i);
    if (i == 2) {
      CHECK(earlier_outcome(verdicts[i]) == OutcomeKind::purged);
    } else {
      CHECK(succeeded(verdicts[i]));
      CHECK(fleet.history(creates[i].server).size() == 1);
    }
  }
  CHECK(store.conflicts() == 1);
}

TEST_CASE(
    "what a worker knows of a server may be old: a conflict tells, and the right one stands") {
  MemoryStore store;
  Fleet fleet(store, 5);
  const auto create = create_of(1);
  REQUIRE(succeeded(fleet.handle(create)));
  Fleet::Worker lagging(store);
  lagging.catch_up();
  lagging.thread.request_stop();
  lagging.thread.join();
  auto stop = command(Stop{});
  auto start = command(Start{});
  auto again = command(Stop{});
  for (auto* its : {&stop, &start, &again}) {
    its->server = create.server;
  }
  REQUIRE(succeeded(fleet.handle(stop)));
  REQUIRE(lagging.view.recent_head(create.server)->state.server->status == Status::running);
  const auto conflicts = store.conflicts();
  CHECK(succeeded(carry_out(lagging, start)));
  CHECK(store.conflicts() == conflicts + 1);
  CHECK(fleet.state(create.server).server->status == Status::running);
  CHECK(succeeded(carry_out(lagging, again)));  // on what it has written itself
  CHECK(store.conflicts() == conflicts + 1);
  CHECK(fleet.history(create.server).size() == 4);
}
