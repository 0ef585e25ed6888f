// Goal: a command that left the queue without an outcome gets exactly one, `command_purged`,
// however the verdict and the worker meet. Method: a log and a queue in memory; pending operations
// as the read model would list them; what must happen "at that very moment" runs just before an
// append. A create of which only the claim of an address is left counts as pending (D88).

#include <doctest/doctest.h>

#include "schema/messages/action_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/projection_batch.h"
#include "tests/harness/eventually.h"
#include "tests/unit/clock_fixture.h"
#include "tests/unit/fleet_fixture.h"
#include "workers/janitor/purge_verdicts.h"

using namespace vsim;
using namespace vsim::fixture;
using eventstore::MemoryStore;
using read_model::OperationRow;
using namespace std::chrono_literals;

namespace {

constexpr Instant looked_at{};
constexpr Instant a_second_later = looked_at + std::chrono::seconds(1);

// A log, a queue, and the operations that are said to be pending.
struct Setting {
  explicit Setting(std::uint32_t addresses = 5) : fleet(log, addresses), other(log, 1ms) {}

  // Both looks of the janitor, a second apart.
  void give_verdicts() {
    REQUIRE(verdicts.look(looked_at));
    REQUIRE(verdicts.look(a_second_later));
    REQUIRE(verdicts.give(a_second_later));
  }
  void pend(const Command& command) {
    pending.push_back(read_model::pending_operation_row(command));
  }
  std::optional<LastCommand> last(std::uint8_t server) {
    return fleet.state(server_number(server)).last_command;
  }
  std::string outcomes(std::uint8_t server) {
    std::string text;
    State state;
    for (const auto& [event, after] : fleet.history(server_number(server))) {
      state = evolve(std::move(state), event);
      CHECK(state == after);
      text += std::string(event_type(event.data)) + " ";
    }
    return text;
  }

  MemoryStore log;
  MemoryStore queue;
  Fleet fleet;
  Fleet::Worker other;
  std::vector<OperationRow> pending;
  workers::PurgeVerdicts verdicts{
      other.tools, queue, [this](StreamSequence, std::size_t) { return std::optional(pending); },
      other.metrics};
};

}  // namespace

TEST_CASE("a command that is gone for a second is purged; until then it is left alone") {
  Setting its;
  REQUIRE(std::holds_alternative<Succeeded>(its.fleet.handle(create_number(1))));
  its.pend(for_number(1, Stop{}));
  const auto since = its.verdicts.look(looked_at);
  REQUIRE(since);
  CHECK(**since == looked_at);
  REQUIRE(its.verdicts.give(looked_at));
  CHECK(its.outcomes(1) == "server_provisioned ");
  its.give_verdicts();
  CHECK(its.outcomes(1) == "server_provisioned command_purged ");
  CHECK(its.last(1)->outcome.kind == OutcomeKind::purged);
  CHECK(its.last(1)->cause.type == "stop");
}

TEST_CASE("a command that waits in the queue is not purged, nor a second copy of it") {
  Setting its;
  auto waiting = for_number(1, Stop{});
  const eventstore::Append queued{messages::server_command(the_region, waiting.server),
                                  messages::encode_action(waiting.action),
                                  {{"Vsim-Command-Id", waiting.id.to_string()}},
                                  std::nullopt};
  waiting.sequence = its.queue.append(std::span(&queued, 1)).value();
  its.pend(waiting);
  its.give_verdicts();
  CHECK(its.outcomes(1).empty());
  its.pending.front().command_sequence += 7;  // its first copy vanished, this one was sent again
  its.give_verdicts();
  CHECK(its.outcomes(1).empty());
}

TEST_CASE("a verdict that meets an outcome is dropped, the last one or one further back") {
  Setting its;
  const auto create = create_number(1);
  const auto stop = for_number(1, Stop{});
  for (const auto& done : {create, stop}) {
    REQUIRE(std::holds_alternative<Succeeded>(its.fleet.handle(done)));
    its.pend(done);  // the read model lags
  }
  its.give_verdicts();
  CHECK(its.outcomes(1) == "server_provisioned server_stopped ");
}

TEST_CASE("a purged command gets its verdict although a newer one was handled before") {
  Setting its;
  REQUIRE(std::holds_alternative<Succeeded>(its.fleet.handle(create_number(1))));
  auto purged = for_number(1, Terminate{});
  const auto newer = for_number(1, Stop{});
  REQUIRE(std::holds_alternative<Succeeded>(its.fleet.handle(newer)));
  its.pend(purged);
  its.give_verdicts();
  CHECK(its.outcomes(1) == "server_provisioned server_stopped command_purged ");
  const auto verdict = its.fleet.history(server_number(1)).back();
  CHECK(verdict.event.cause->command == purged.id);
  CHECK(verdict.event.cause->sequence == purged.sequence);
  CHECK(its.last(1)->cause.command == newer.id);  // so a delivery from the past still looks old
  CHECK(std::holds_alternative<Stale>(its.fleet.handle(purged)));
  CHECK(std::holds_alternative<AlreadyDecided>(its.fleet.handle(newer)));

  purged.sequence = newer.sequence + 100;  // a replay
  CHECK(std::holds_alternative<Succeeded>(its.fleet.handle(purged, true)));
  CHECK(std::holds_alternative<AlreadyDecided>(its.fleet.handle(purged, true)));
  CHECK(its.fleet.state(server_number(1)).server->status == Status::terminated);
}

TEST_CASE("a worker that holds a purged command meets the verdict and drops it") {
  Setting its;
  REQUIRE(std::holds_alternative<Succeeded>(its.fleet.handle(create_number(1))));
  const auto stop = for_number(1, Stop{});
  its.pend(stop);
  its.log.before_next_append([&] { its.give_verdicts(); });  // decided, and not appended yet
  const auto verdict = its.fleet.handle(stop);
  CHECK(std::get<AlreadyDecided>(verdict).outcome.kind == OutcomeKind::purged);
  CHECK(its.outcomes(1) == "server_provisioned command_purged ");
}

TEST_CASE("a create that is purged between decision and append leaks no address") {
  Setting its(1);
  const auto create = create_number(1);
  its.pend(create);
  its.log.before_next_append([&] { its.give_verdicts(); });
  const auto verdict = its.fleet.handle(create);
  CHECK(std::get<AlreadyDecided>(verdict).outcome.kind == OutcomeKind::purged);
  CHECK_FALSE(its.fleet.state(server_number(1)).server);
  // The claim came after the verdict: void, as a look into the log tells.
  its.fleet.worker().catch_up();
  REQUIRE(its.fleet.worker().view.settle_claims(std::nullopt));
  CHECK(its.fleet.worker().view.status().pools.at("us-east-1").first == 1);

  auto replay = create;
  replay.sequence += 100;
  CHECK(std::holds_alternative<Succeeded>(its.fleet.handle(replay, true)));
  CHECK(its.outcomes(1) == "command_purged server_provisioned ");
}

TEST_CASE("a worker that appends just before the verdict wins") {
  Setting its;
  const auto create = create_number(1);
  its.pend(create);
  REQUIRE(its.verdicts.look(looked_at));
  its.log.before_next_append(
      [&] { REQUIRE(std::holds_alternative<Succeeded>(its.fleet.handle(create))); });
  REQUIRE(its.verdicts.give(a_second_later));
  CHECK(its.outcomes(1) == "server_provisioned ");
  CHECK(its.log.conflicts() == 1);
}

namespace {

// Until it is old enough.
void wait_for_claim(Fleet::Worker& worker) {
  REQUIRE(harness::eventually([&] { return !worker.view.lasting_claims().empty(); }));
}

// What is left of a create whose event and command are lost: its claim, old enough.
void leave_claim(Setting& its, const Command& create, bool is_named) {
  const Ipv4 ip = *Ipv4::parse("192.168.10.1");
  AddressClaimed claim{the_region, ip, create.server, at(1)};
  if (is_named) {
    claim.cause = cause_of(create);
    claim.origin = create.origin;
  }
  const eventstore::Append append{
      messages::address_events(the_region, ip), messages::encode(claim), {}, std::nullopt};
  REQUIRE(its.log.append(std::span(&append, 1)));
  wait_for_claim(its.other);
}

std::size_t free_addresses(Fleet::Worker& worker) {
  worker.catch_up();
  return worker.view.status().pools.at("us-east-1").first;
}

}  // namespace

TEST_CASE("a create of which only the claim is left is purged, and its address is free again") {
  for (const bool is_named : {true, false}) {
    CAPTURE(is_named);
    Setting its(1);
    auto create = create_number(1);
    leave_claim(its, create, is_named);
    CHECK(free_addresses(its.other) == 0);
    REQUIRE(its.verdicts.look(looked_at));
    REQUIRE(its.verdicts.give(looked_at));
    CHECK(its.outcomes(1).empty());
    its.give_verdicts();
    CHECK(its.outcomes(1) == "command_purged ");
    const auto named = messages::command_id_of_unnamed_create(create.server);
    CHECK(its.last(1)->cause.command == (is_named ? create.id : named));
    CHECK(its.last(1)->cause.type == "create");
    CHECK(free_addresses(its.other) == 1);
    its.give_verdicts();
    CHECK(its.outcomes(1) == "command_purged ");

    create.sequence += 100;  // it is sent again
    CHECK(std::holds_alternative<Succeeded>(its.fleet.handle(create, true)));
  }
}

TEST_CASE("a create that has claimed and waits in the queue is not purged") {
  for (const bool is_named : {true, false}) {
    CAPTURE(is_named);
    Setting its(1);
    auto waiting = create_number(1);
    const eventstore::Append queued{messages::server_command(the_region, waiting.server),
                                    messages::encode_action(waiting.action),
                                    {{"Vsim-Command-Id", waiting.id.to_string()}},
                                    std::nullopt};
    waiting.sequence = its.queue.append(std::span(&queued, 1)).value();
    leave_claim(its, waiting, is_named);
    its.give_verdicts();
    CHECK(its.outcomes(1).empty());
  }
}

TEST_CASE("a worker that wakes up between a create's claim and its event does not revive it") {
  Setting its(1);
  const auto create = create_number(1);
  its.log.before_next_append([&] {
    its.log.before_next_append([&] {  // behind the claim
      wait_for_claim(its.other);
      its.give_verdicts();
    });
  });
  const auto verdict = its.fleet.handle(create);
  CHECK(std::get<AlreadyDecided>(verdict).outcome.kind == OutcomeKind::purged);
  CHECK(its.outcomes(1) == "command_purged ");
  const auto next = its.fleet.handle(create_number(2));
  CHECK(std::holds_alternative<Succeeded>(next));  // the address is nobody's
}

TEST_CASE("a purged command for a pool or the clock ends as purged, and may be replayed") {
  Setting its;
  const auto other = command(Stop{});  // for its id and place
  ExtendPool extend{other.id, other.sequence, "hash", {"api", "r"}, the_region, {}};
  extend.ranges = {{*Ipv4::parse("10.0.0.1"), *Ipv4::parse("10.0.0.9")}};
  auto advance = clock_command(AdvanceClock{std::chrono::hours(1)});
  auto& clock = std::get<ClockCommand>(advance.command);
  its.pending = {read_model::pending_operation_row(extend),
                 read_model::pending_operation_row(clock)};
  its.give_verdicts();
  its.give_verdicts();  // the read model lags

  workers::FleetCommands commands(its.fleet.worker().tools);
  messages::DecodedCommand pool{extend, {}, false};
  const auto is_purged = [](const eventstore::Result<Verdict>& verdict) {
    return std::get<AlreadyDecided>(*verdict).outcome.kind == OutcomeKind::purged;
  };
  CHECK(is_purged(commands.carry_out(pool)));  // a worker that held it drops it
  CHECK(is_purged(commands.carry_out(advance)));
  CHECK(its.log.load_history(messages::pool_events(the_region))->size() == 2);
  CHECK(its.log.load_history(std::string(messages::clock_subject))->size() == 2);

  std::get<ExtendPool>(pool.command).sequence += 100;
  clock.sequence += 100;
  CHECK(std::holds_alternative<Succeeded>(*commands.carry_out(pool)));
  CHECK(std::holds_alternative<Succeeded>(*commands.carry_out(advance)));
}

TEST_CASE("a rejected command for a pool or the clock leaves its outcome") {
  Setting its;
  workers::FleetCommands commands(its.fleet.worker().tools);
  const auto other = command(Stop{});
  const ExtendPool nowhere{other.id, other.sequence, "hash", {}, {"mars"}, {}};
  const auto rejected = commands.carry_out({nowhere, {}, false});
  CHECK(std::get<Rejection>(*rejected).code == RejectionCode::unknown_region);
  const auto again = commands.carry_out({nowhere, {}, false});
  CHECK(std::get<AlreadyDecided>(*again).outcome.kind == OutcomeKind::rejected);
  const auto stored = its.log.load_history(messages::pool_events({"mars"}));
  REQUIRE(stored->size() == 1);
  const auto logged = messages::decode_event(stored->front());
  REQUIRE_MESSAGE(logged, logged.error());
  CHECK(messages::outcome_in(*logged)->cause.command == other.id);
}
