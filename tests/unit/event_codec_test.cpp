// Goal: what is written to the log is read back as it was, and a person can read it. Method: every
// kind of event goes through its codec and back; one golden line pins the form.

#include "schema/messages/event_codec.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;

namespace {

eventstore::Message stored(const Event& event, const State& state) {
  return {messages::server_events(event.region, event.server),
          1,
          {},
          {},
          messages::encode(event, state)};
}

void comes_back(const State& before, const Event& event) {
  const auto after = evolve(before, event);
  const auto logged = messages::decode_event(stored(event, after));
  REQUIRE_MESSAGE(logged, logged.error());
  const auto& read = std::get<messages::ServerLogged>(*logged);
  CHECK(read.event == event);
  CHECK(read.state == after);
}

// The events of one decision, each with the state that it changes.
void all_come_back(State state, const std::vector<Event>& events) {
  REQUIRE_FALSE(events.empty());
  for (const auto& event : events) {
    comes_back(state, event);
    state = evolve(std::move(state), event);
  }
}

}  // namespace

TEST_CASE("an outcome that came after a newer command's names its own command") {
  const auto purged = command(Terminate{});
  auto state = server_in("RUNNING");
  state = after(std::move(state), decide(state, command(Stop{}), at(100), context()).events);
  for (const auto& outcome : {NoChange(CommandPurged{}), NoChange(CommandDeadLettered{"why"})}) {
    const auto events = decide_outcome(state, summary_of(purged), outcome, at(101));
    REQUIRE(events.size() == 1);
    CHECK(evolve(state, events.front()).last_command == state.last_command);
    all_come_back(state, events);
  }
}

TEST_CASE("every event of a server's life is read back as it was written") {
  std::vector<std::string_view> seen;
  const auto check = [&seen](const State& state, const std::vector<Event>& events) {
    for (const auto& event : events) {
      seen.push_back(event_type(event.data));
    }
    all_come_back(state, events);
  };
  for (const auto* name : {"(none)", "PENDING", "RUNNING", "STOPPED"}) {
    for (const Action& action : {Action(a_create()), Action(Start{}), Action(Stop{}),
                                 Action(Reboot{}), Action(Terminate{}), Action(Terminate{"stuck"}),
                                 Action(ExtendLease{std::chrono::hours(1)})}) {
      const auto state = server_in(name);
      check(state, decide(state, command(action), at(100), context()).events);
    }
  }
  for (const auto* name : {"PENDING", "STOPPING", "REBOOTING", "TERMINATING", "STOPPED"}) {
    check(server_in(name), decide_due(the_server, the_region, server_in(name), at(9999)));
  }
  auto unlucky = a_create();
  unlucky.tags = {{"vsim:create", "fail"}};
  const auto failing = after({}, decide({}, command(unlucky), at(0), context()).events);
  check(failing, decide_due(the_server, the_region, failing, at(9999)));
  unlucky.tags = {{"vsim:impaired_after", "5"}, {"vsim:interruption_after", "2000"}};
  const auto hunted = after({}, decide({}, command(unlucky), at(0), context()).events);
  check(hunted, decide_due(the_server, the_region, hunted, at(9999)));
  auto instant = a_create();
  instant.profile = "instant";
  check({}, decide({}, command(instant), at(0), context()).events);
  instant.lease = std::chrono::hours(1);
  check({}, decide({}, command(instant), at(0), context()).events);
  auto leased = a_create();
  leased.lease = std::chrono::hours(1);
  const auto begun = decide({}, command(leased), at(0), context()).events;
  check({}, begun);
  check(after({}, begun), decide_due(the_server, the_region, after({}, begun), at(9999)));
  auto warm = a_create();
  warm.profile = "instant";
  warm.warm = WarmPlace{"ci", 7, OnRelease::reset};
  const auto ready = decide({}, command(warm), at(0), context()).events;
  const auto taken =
      decide(after({}, ready), command(Acquire{"mine", {{"job", "12"}}, std::chrono::hours(1)}),
             at(1), context())
          .events;
  const auto mine = after(after({}, ready), taken);
  check({}, ready);
  check(after({}, ready), taken);
  check(mine, decide(mine, command(Release{}), at(2), context()).events);
  check(after({}, ready), decide(after({}, ready), command(Retire{}), at(2), context()).events);
  const auto running = server_in("RUNNING");
  check(running, decide_outcome(running, summary_of(command(Stop{})), CommandPurged{}, at(100)));
  check(running,
        decide_outcome(running, summary_of(command(Stop{})), CommandDeadLettered{"why"}, at(100)));

  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  CHECK(seen.size() == std::variant_size_v<EventData>);
}

TEST_CASE("delays, courses and risks of every kind survive in the terms") {
  auto events = decide({}, command(a_create()), at(0), context()).events;
  auto& terms = std::get<ServerProvisioning>(events.front().data).blueprint.terms;
  terms.courses[0].usual = UniformDelay{Duration(1), Duration(20)};
  terms.courses[1].usual = LognormalDelay{Duration(22'000), 0.35, Duration(120'000)};
  terms.courses[2].usual = ExponentialDelay{Duration(500), Duration(9000)};
  const auto failed = Course{
      .delay = FixedDelay{}, .weight = 3, .ending = Ending::failed, .code = "c", .detail = "d"};
  terms.courses[4].usual = {};
  terms.courses[4].several = {Course{}, failed, {.delay = {}, .ending = Ending::stuck}};
  terms.risks = {
      {.hazard = Hazard::host_failure, .after = FixedDelay{Duration(1)}, .becomes = Status::failed},
      {.hazard = Hazard::impairment,
       .after = FixedDelay{Duration(2)},
       .lasting = UniformDelay{Duration(3), Duration(4)}}};
  all_come_back({}, events);
}

TEST_CASE("an event is a line that a person can read") {
  const auto state = server_in("RUNNING");
  const auto decision = decide(state, command(Stop{}), at(100), context());
  const auto text = messages::encode(decision.events[0], after(state, decision.events));
  CHECK(text.starts_with(R"({"type":"server_stopping",)"
                         R"("server_id":"11111111-2222-4333-8444-555555555555",)"
                         R"("region":"us-east-1","version":3,"at":"2026-03-01T00:01:40.000Z",)"));
  CHECK(text.find(R"("data":{"from":"RUNNING","due":"2026-03-01T00:01:43.000Z"})") !=
        std::string::npos);
}

TEST_CASE("an outcome names the last change; one of older builds counts as a change itself") {
  const auto running = server_in("RUNNING");
  const auto refused = decide(running, command(Start{}), at(100), context()).events;
  const auto state = after(running, refused);
  auto message = stored(refused.front(), state);
  const std::string named = R"("last_change":{"version":)" + std::to_string(running.version) +
                            R"(,"at":")" + messages::format_instant(running.at) + R"("},)";
  const auto place = message.payload.find(named);
  REQUIRE(place != std::string::npos);
  const auto read = [&] {
    const auto logged = messages::decode_event(message);
    return logged ? std::optional(std::get<messages::ServerLogged>(*logged).state) : std::nullopt;
  };
  CHECK(read() == state);
  message.payload.erase(place, named.size());
  REQUIRE(read());
  CHECK(read()->last_change == Change{state.version, state.at});
  message.payload.insert(place, R"("last_change":{"version":99,"at":"2026-03-01T00:00:00.000Z"},)");
  CHECK_FALSE(read());
  // What changes the server says nothing more than it did.
  const auto stop = decide(running, command(Stop{}), at(100), context()).events;
  CHECK(messages::encode(stop.front(), after(running, stop)).find("last_change") ==
        std::string::npos);
}

TEST_CASE("an unknown type is reported as such, and a broken event says what is wrong") {
  const auto subject = messages::server_events(the_region, the_server);
  const auto read = [&](std::string payload) {
    return messages::decode_event({subject, 1, {}, {}, std::move(payload)});
  };
  const auto unknown = read(R"({"type":"server_painted","data":{}})");
  REQUIRE(unknown);
  CHECK(std::get<messages::UnknownEvent>(*unknown).type == "server_painted");
  CHECK_FALSE(read("{"));
  CHECK_FALSE(read("[]"));
  const auto broken = read(R"({"type":"server_started","version":1})");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().find("state") != std::string::npos);
}

TEST_CASE("fields that this build does not know are ignored") {
  const auto state = server_in("RUNNING");
  const auto decision = decide(state, command(Stop{}), at(100), context());
  auto message = stored(decision.events[0], after(state, decision.events));
  message.payload.insert(1, R"("of_tomorrow":{"a":[1,2]},)");
  CHECK(messages::decode_event(message));
}

TEST_CASE("an event under another server's subject is an error") {
  const auto state = server_in("RUNNING");
  const auto decision = decide(state, command(Stop{}), at(100), context());
  auto message = stored(decision.events[0], after(state, decision.events));
  message.subject.back() = '6';
  CHECK_FALSE(messages::decode_event(message));
}

TEST_CASE("times are RFC 3339 in UTC, to the millisecond") {
  CHECK(messages::format_instant(at(0) + Duration(7)) == "2026-03-01T00:00:00.007Z");
  CHECK(messages::parse_instant("2026-03-01T00:00:00.007Z") == at(0) + Duration(7));
  CHECK(messages::parse_instant("2026-03-01T00:00:00Z") == at(0));
  CHECK(messages::parse_instant("2026-03-01T00:00:00.0079Z") == at(0) + Duration(7));
  for (const auto* wrong :
       {"", "2026-03-01", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:00",
        "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00+01"}) {
    CAPTURE(wrong);
    CHECK_FALSE(messages::parse_instant(wrong));
  }
}

TEST_CASE("a pool's event of the first builds, without a state, is still read") {
  const auto logged = messages::decode_event(
      {messages::pool_events(the_region),
       3,
       {},
       {},
       R"({"type":"pool_extended","region":"us-east-1","version":2,)"
       R"("at":"2026-03-01T00:00:00.000Z",)"
       R"("command_id":"11111111-2222-4333-8444-555555555555","command_sequence":12,)"
       R"("request_hash":"hash","actor":"api","correlation_id":"r",)"
       R"("data":{"ranges":[{"first":"10.0.0.1","last":"10.0.0.9"}]}})"});
  REQUIRE_MESSAGE(logged, logged.error());
  const auto& [event, pool] = std::get<messages::PoolLogged>(*logged);
  CHECK(std::get<PoolExtended>(event.data).ranges.size() == 1);
  CHECK(pool.last_command->cause == Cause{the_server.uuid, 12, "hash", "extend_pool"});
  CHECK(pool.last_command->outcome.kind == OutcomeKind::succeeded);
}

TEST_CASE("pool and clock events are read back as they were written") {
  const AddressRange range{*Ipv4::parse("10.0.0.1"), *Ipv4::parse("10.0.0.9")};
  PoolEvent pool{{2,
                  at(5),
                  Cause{command(Stop{}).id, 12, "hash", "extend_pool"},
                  {"api", "r"},
                  PoolExtended{{range}}},
                 the_region};
  const Rejection unknown{RejectionCode::unknown_region, "there is no such region"};
  for (const auto& data :
       {PoolEventData(PoolExtended{{range}}), PoolEventData(CommandRejected{unknown}),
        PoolEventData(CommandPurged{}), PoolEventData(CommandDeadLettered{"why"})}) {
    pool.data = data;
    const auto after = evolve(Pool{1, at(0), std::nullopt}, pool);
    const auto logged = messages::decode_event(
        {messages::pool_events(the_region), 3, {}, {}, messages::encode(pool, after)});
    REQUIRE_MESSAGE(logged, logged.error());
    CHECK(std::get<messages::PoolLogged>(*logged).event == pool);
    CHECK(std::get<messages::PoolLogged>(*logged).state == after);
  }

  const eventstore::Timestamp stored_at(std::chrono::nanoseconds(1234));
  const auto clock = messages::decode_event(
      {std::string(messages::clock_subject),
       1,
       stored_at,
       {},
       messages::encode(ClockEvent{1, at(0), std::nullopt, {"seed", {}}, ClockStarted{2.5, 42}},
                        SimClock{})});
  REQUIRE(clock);
  CHECK(std::get<messages::ClockLogged>(*clock).state.time ==
        SimulatedTime{at(0), stored_at, 2.5, 42});
}
