// Goal: each interleaving named in ARCHITECTURE.md happens here, and does no harm. Method: two
// workers with views of their own on one log in memory; whatever must happen "at that very moment"
// is run just before an append. A real broker has the same contract
// (event_store_contract_test.cpp).

#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "schema/messages/subjects.h"
#include "tests/unit/fleet_fixture.h"
#include "workers/due_deadlines.h"

using namespace vsim;
using namespace vsim::fixture;
using eventstore::MemoryStore;

namespace {

Command for_server(Command made, const ServerId& server) {
  made.server = server;
  return made;
}

RejectionCode code_of(const Verdict& verdict) {
  REQUIRE(std::holds_alternative<Rejection>(verdict));
  return std::get<Rejection>(verdict).code;
}

// Versions count from 1 without a gap, times never fall, and every state is the fold before it.
void is_sound(const std::vector<messages::ServerLogged>& history) {
  State state;
  std::set<CommandId> outcomes;
  for (const auto& [event, after] : history) {
    CHECK(event.version == state.version + 1);
    CHECK(event.at >= state.at);
    state = evolve(std::move(state), event);
    CHECK(state == after);
    if (event.cause) {
      CHECK(outcomes.insert(event.cause->command).second);
    }
  }
}

}  // namespace

TEST_CASE("a lost ack: the same delivery again is recognised and changes nothing") {
  MemoryStore store;
  Fleet fleet(store, 5);
  const auto create = create_number(1);
  CHECK(std::holds_alternative<Succeeded>(fleet.handle(create)));
  const auto events = store.last_sequence().value();
  CHECK(std::holds_alternative<AlreadyDecided>(fleet.handle(create)));
  CHECK(store.last_sequence().value() == events);
}

TEST_CASE("a stale delivery: a worker that slept carries nothing out that others have passed") {
  MemoryStore store;
  Fleet fleet(store, 5);
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(create_number(1))));
  const auto slept_on = for_server(command(Terminate{}), server_number(1));
  const auto newer = for_server(command(Stop{}), server_number(1));
  // Another worker took the redelivery of the first, then the server's next command came and went.
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(newer)));
  CHECK(std::holds_alternative<Stale>(fleet.handle(slept_on)));
  CHECK(fleet.state(server_number(1)).server->status == Status::stopped);
}

TEST_CASE("a create with one key in two regions makes one server") {
  MemoryStore store;
  Fleet fleet(store, 5);
  auto here = create_number(1);
  auto there = here;
  there.region = {"eu-west-1"};
  there.sequence += 1;
  // The other region's copy gets into the log just before ours is appended.
  Fleet::Worker other(store);
  store.before_next_append([&] {
    const AddressRange range{*Ipv4::parse("192.168.20.1"), *Ipv4::parse("192.168.20.2")};
    const PoolEvent pool{{1, at(0), std::nullopt, {}, PoolExtended{{range}}}, there.region};
    const eventstore::Append append{messages::pool_events(there.region),
                                    messages::encode(pool, evolve(Pool{}, pool)),
                                    {},
                                    std::nullopt};
    REQUIRE(store.append(std::span(&append, 1)));
    other.catch_up();
    CHECK(std::holds_alternative<Succeeded>(handle_group(other, std::span(&there, 1)).front()));
  });
  CHECK(std::holds_alternative<AlreadyDecided>(fleet.handle(here)));
  CHECK(store.conflicts() > 0);
  const auto history = fleet.history(server_number(1));
  REQUIRE(history.size() == 1);
  CHECK(history.front().event.region.name == "eu-west-1");
  // Its claim came after the other region's event: void, as a look into the log tells.
  fleet.worker().catch_up();
  REQUIRE(fleet.worker().view.settle_claims(std::nullopt));
  CHECK(fleet.worker().view.status().pools.at("us-east-1").first == 5);
}

TEST_CASE("a conflict inside a group commit: only the culprit is decided again") {
  MemoryStore store;
  Fleet fleet(store, 50);
  std::vector<Command> creates;
  for (std::uint8_t n = 1; n <= 20; ++n) {
    creates.push_back(create_number(n));
  }
  handle_group(fleet.worker(), creates);

  std::vector<Command> stops;
  for (std::uint8_t n = 1; n <= 20; ++n) {
    stops.push_back(for_server(command(Stop{}), server_number(n)));
  }
  // Someone else's terminate of server 7 comes first.
  const auto intruder = for_server(command(Terminate{}), server_number(7));
  Fleet::Worker other(store);
  stops[6].sequence = intruder.sequence + 1;  // it was queued behind the intruder
  store.before_next_append([&] { handle_group(other, std::span(&intruder, 1)); });

  const auto verdicts = handle_group(fleet.worker(), stops);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    CAPTURE(i);
    if (i == 6) {
      CHECK(code_of(verdicts[i]) == RejectionCode::invalid_transition);
    } else {
      CHECK(std::holds_alternative<Succeeded>(verdicts[i]));
    }
    is_sound(fleet.history(server_number(static_cast<std::uint8_t>(i + 1))));
  }
  CHECK(store.conflicts() == 1);
}

TEST_CASE(
    "two workers that reach for the same last address: one has it, one is rejected for want of an "
    "address") {
  MemoryStore store;
  Fleet fleet(store, 1);
  Fleet::Worker other(store);
  other.catch_up();
  const auto mine = create_number(1);
  const auto theirs = create_number(2);
  store.before_next_append([&] {
    CHECK(std::holds_alternative<Succeeded>(handle_group(other, std::span(&theirs, 1)).front()));
  });
  CHECK(code_of(fleet.handle(mine)) == RejectionCode::no_free_address);
  CHECK(fleet.history(server_number(1)).size() == 1);  // the rejection
}

TEST_CASE("an address whose holder is gone but for the timekeeper's word is found") {
  MemoryStore store;
  Fleet fleet(store, 1, 100'000);  // a transition of 3 s is over in 30 µs
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(create_number(1, "standard"))));
  const auto terminate = for_server(command(Terminate{}), server_number(1));
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(terminate)));
  // Nobody keeps the time here; once it has come, the create applies what is due by itself.
  const auto due = fleet.state(server_number(1)).server->deadline->due;
  while (fleet.worker().view.now() < due) {
    std::this_thread::yield();
  }
  CHECK(std::holds_alternative<Succeeded>(fleet.handle(create_number(2, "standard"))));
  CHECK(fleet.state(server_number(1)).server->status == Status::terminated);
  const auto first = fleet.history(server_number(1)).front().state.server->blueprint.ip;
  CHECK(fleet.state(server_number(2)).server->blueprint.ip == first);
  is_sound(fleet.history(server_number(1)));
}

TEST_CASE("a timekeeper that comes late, or twice, changes nothing in the history") {
  MemoryStore store;
  Fleet fleet(store, 5, 100'000);
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(create_number(1, "standard"))));
  Fleet::Worker other(store);
  fleet.worker().catch_up();
  other.catch_up();
  const auto due = fleet.state(server_number(1)).server->deadline->due;
  const auto apply = [&](Fleet::Worker& worker) {
    return workers::apply_due(store, worker.view, worker.costs, due, std::nullopt,
                              [](const Event&) {});
  };
  // The second timekeeper acts in the very moment before the first one's append.
  store.before_next_append([&] { CHECK(apply(other).value() == 1); });
  CHECK(apply(fleet.worker()).value() <= 1);  // its view may have seen the other's by now
  const auto history = fleet.history(server_number(1));
  REQUIRE(history.size() == 2);
  CHECK(event_type(history[1].event.data) == "server_started");
  CHECK(history[1].event.at == history[0].state.server->deadline->due);
  is_sound(history);
}

TEST_CASE("a replay of what has succeeded long ago is answered from the history") {
  MemoryStore store;
  Fleet fleet(store, 5);
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(create_number(1))));
  auto stop = for_server(command(Stop{}), server_number(1));
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(stop)));
  const auto start = for_server(command(Start{}), server_number(1));
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(start)));
  stop.sequence = start.sequence + 100;
  const auto again = fleet.handle(stop, true);
  CHECK(std::get<AlreadyDecided>(again).outcome.kind == OutcomeKind::succeeded);
  CHECK(fleet.state(server_number(1)).server->status == Status::running);
}

TEST_CASE("a worker whose view lags decides no command before a change of the clock it follows") {
  MemoryStore store;
  Fleet fleet(store, 5);
  REQUIRE(std::holds_alternative<Succeeded>(fleet.handle(create_number(1))));
  Fleet::Worker lagging(store);
  lagging.catch_up();
  lagging.thread.request_stop();
  lagging.thread.join();

  const std::string subject(messages::clock_subject);
  const auto last = store.load_last(std::span(&subject, 1)).value().front();
  const auto clock = messages::read_clock(last).value();
  const ClockEvent advance{
      2, at(0), std::nullopt, {"test", ""}, ClockAdvanced{Duration(3'600'000)}};
  const eventstore::Append append{subject,
                                  messages::encode(advance, clock),
                                  {},
                                  eventstore::Expectation{subject, last.sequence}};
  REQUIRE(store.append(std::span(&append, 1)));

  const std::vector commands = {for_server(command(Stop{}), server_number(1)), create_number(2)};
  handle_group(lagging, commands);
  for (const auto n : {std::uint8_t{1}, std::uint8_t{2}}) {
    CHECK(fleet.history(server_number(n)).back().event.at >= at(3600));
  }
}

TEST_CASE("no command is decided at a time before its place in the queue (issue 12, 2)") {
  MemoryStore store;
  Fleet fleet(store, 5, 60);
  auto& worker = fleet.worker();
  const auto stored_at = worker.view.wall() + std::chrono::seconds(30);  // a clock that lags
  const auto then = simulated_at(worker.view.clock(), stored_at);
  workers::CommandProposal create(worker.tools, worker.addresses, create_number(1), {});
  workers::Proposal* group[] = {&create};
  REQUIRE(workers::commit(worker.tools, group, stored_at));
  CHECK(fleet.history(server_number(1)).front().event.at >= then);
  CHECK(worker.view.now() >= then);
}

TEST_CASE("with answers and requests lost at every step, each command takes effect once") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    MemoryStore store({seed, 0.1, 0.1, 0.2});
    Fleet fleet(store, 12);
    Fleet::Worker other(store);
    std::vector<Command> creates;
    for (std::uint8_t n = 1; n <= 15; ++n) {
      creates.push_back(create_number(n));
    }
    std::map<bool, int> counted;
    // Both handle every command, as if each had been delivered twice at once.
    std::jthread rival([&] { handle_group(other, creates); });
    handle_group(fleet.worker(), creates);
    rival.join();
    std::set<Ipv4> addresses;
    for (std::uint8_t n = 1; n <= 15; ++n) {
      const auto history = fleet.history(server_number(n));
      REQUIRE(history.size() == 1);
      is_sound(history);
      const auto& server = history.front().state.server;
      ++counted[server.has_value()];
      if (server) {
        CHECK(addresses.insert(server->blueprint.ip).second);
      }
    }
    CHECK(counted[true] == 12);
    CHECK(counted[false] == 3);
  }
}
