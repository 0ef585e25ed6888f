// Goal: a command for the clock or a pool has one outcome, however often it comes and whatever gets
// in between.
// Method: a log in memory with a clock that stands still; commands decided as a worker does.

#include <doctest/doctest.h>

#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"
#include "tests/unit/clock_fixture.h"
#include "workers/fleet_commands.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace std::chrono_literals;
using eventstore::MemoryStore;

namespace {

bool succeeded(const Verdict& verdict) { return std::holds_alternative<Succeeded>(verdict); }
bool was_decided(const Verdict& verdict) { return std::holds_alternative<AlreadyDecided>(verdict); }

}  // namespace

TEST_CASE("the view of the worker that advanced the clock knows it at once") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  const auto before = fleet.worker().view.now();
  CHECK(succeeded(handle_clock(fleet.worker(), clock_command(AdvanceClock{1h}))));
  CHECK(fleet.worker().view.now() == before + 1h);
}

TEST_CASE("a redelivered advance advances once") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  const auto advance = clock_command(AdvanceClock{1h});
  CHECK(succeeded(handle_clock(fleet.worker(), advance)));
  CHECK(was_decided(handle_clock(fleet.worker(), advance)));
  CHECK(fleet.worker().view.now() == at(0) + 1h);
}

TEST_CASE("a replayed advance that others have followed is known from the whole history") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  auto advance = clock_command(AdvanceClock{1h}, true);
  CHECK(succeeded(handle_clock(fleet.worker(), advance)));
  CHECK(succeeded(handle_clock(fleet.worker(), clock_command(AdvanceClock{2h}))));
  auto& replay = std::get<ClockCommand>(advance.command);
  replay.sequence += 100;
  CHECK(was_decided(handle_clock(fleet.worker(), advance)));
  CHECK(fleet.worker().view.now() == at(0) + 3h);
}

TEST_CASE("a stale delivery of a clock command is only acked") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  const auto slept_on = clock_command(AdvanceClock{1h});
  CHECK(succeeded(handle_clock(fleet.worker(), clock_command(AdvanceClock{2h}))));
  CHECK(std::holds_alternative<Stale>(handle_clock(fleet.worker(), slept_on)));
  CHECK(fleet.worker().view.now() == at(0) + 2h);
}

TEST_CASE("deadlines_applied that comes in between holds up no command") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  store.before_next_append([&] {
    const auto clock = clock_of(store);
    const std::string subject(messages::clock_subject);
    const eventstore::Append said{
        subject,
        messages::encode(deadlines_applied(clock, {at(0), std::nullopt}), clock),
        {},
        std::nullopt};
    REQUIRE(store.append(std::span(&said, 1)));
  });
  CHECK(succeeded(handle_clock(fleet.worker(), clock_command(AdvanceClock{1h}))));
  CHECK(store.conflicts() == 1);
  const auto clock = clock_of(store);
  CHECK(clock.time.sim == at(0) + 1h);
  CHECK(clock.version == 3);
}

TEST_CASE("past the last year an advance is rejected, and leaves only that") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  for (int decades = 0; decades < 697; ++decades) {
    REQUIRE(succeeded(handle_clock(fleet.worker(), clock_command(AdvanceClock{advance_max}))));
  }
  const auto time = fleet.worker().view.now();
  const auto verdict = handle_clock(fleet.worker(), clock_command(AdvanceClock{advance_max}));
  CHECK(std::holds_alternative<Rejection>(verdict));
  CHECK(fleet.worker().view.now() == time);
}

TEST_CASE("a pool command for a region that is not there is rejected") {
  MemoryStore store;
  Fleet fleet(store, 5);
  messages::DecodedCommand decoded;
  decoded.command = ExtendPool{{{}, 1, {}, {}}, {"nowhere-1"}, {}};
  workers::FleetCommands commands(fleet.worker().tools);
  CHECK(std::holds_alternative<Rejection>(commands.carry_out(decoded).value()));
}

TEST_CASE("a replayed pool command that others have followed is known from the whole history") {
  MemoryStore store;
  Fleet fleet(store, 5);
  workers::FleetCommands commands(fleet.worker().tools);
  const auto extension = [&](std::uint8_t number, StreamSequence sequence) {
    messages::DecodedCommand decoded;
    const Ipv4 ip{0x0a000000U + number};
    decoded.command = ExtendPool{
        {CommandId{server_number(number).uuid}, sequence, {}, {}}, the_region, {{ip, ip}}};
    decoded.may_be_repeat = true;
    return decoded;
  };
  CHECK(succeeded(commands.carry_out(extension(1, 11)).value()));
  CHECK(succeeded(commands.carry_out(extension(2, 12)).value()));
  const auto end = store.last_sequence().value();
  CHECK(was_decided(commands.carry_out(extension(1, 13)).value()));
  CHECK(store.last_sequence().value() == end);
}

TEST_CASE("the outcome is sent where the command says") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  auto advance = clock_command(AdvanceClock{1h});
  advance.reply_to = "_INBOX.somebody";
  CHECK(succeeded(handle_clock(fleet.worker(), advance)));
  const auto last = store.load(store.last_sequence().value()).value().value();
  CHECK(find_header(last.headers, messages::header::reply_to) == "_INBOX.somebody");
}

TEST_CASE("with answers and requests lost, two workers that both have an advance advance once") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    MemoryStore store({seed, 0.1, 0.2, 0.3});
    Fleet fleet(store, 5, standing_still);
    Fleet::Worker other(store);
    std::vector<messages::DecodedCommand> commands;
    for (int i = 0; i < 5; ++i) {
      commands.push_back(clock_command(AdvanceClock{1h}));
    }
    std::jthread rival([&] {
      for (const auto& command : commands) {
        handle_clock(other, command);
      }
    });
    for (const auto& command : commands) {
      handle_clock(fleet.worker(), command);
    }
    rival.join();
    CHECK(clock_of(store).time.sim == at(0) + 5h);
  }
}
