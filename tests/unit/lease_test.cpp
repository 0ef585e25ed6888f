// Goal (issue 16, 4): a lease ends a server in whatever state that allows it, at its end and not a
// millisecond apart; an extension in time moves the end, one that comes too late is refused, and
// none goes beyond LEASE_MAX. Method: tables of states and limits; commands at the end and beside
// it, with nobody who keeps time.

#include "domain/lease.h"

#include <doctest/doctest.h>

#include "schema/messages/event_codec.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using std::chrono::seconds;

namespace {

constexpr std::int64_t day = 86'400;
const Duration one_ms{1};

Decision<Event> asked(const State& state, Action action, Instant now) {
  return decide(state, command(std::move(action)), now, context());
}

State with(const State& state, Action action, Instant now) {
  const auto decision = asked(state, std::move(action), now);
  REQUIRE(std::holds_alternative<Succeeded>(decision.verdict));
  return after(state, decision.events);
}

State at_time(const State& state, Instant now) {
  return after(state, decide_due(the_server, the_region, state, now));
}

State leased(std::int64_t length, const std::string& profile = "standard") {
  auto create = a_create();
  create.profile = profile;
  create.lease = seconds(length);
  return with({}, create, at(0));
}

std::string refusal(const State& state, Action action, Instant now) {
  const auto decision = asked(state, std::move(action), now);
  const auto* rejection = std::get_if<Rejection>(&decision.verdict);
  return rejection == nullptr ? "" : std::string(to_string(rejection->code));
}

}  // namespace

TEST_CASE("a lease ends a server in every state that a termination may end, then and not before") {
  for (const auto* name : {"PENDING", "RUNNING", "STOPPING", "STOPPED", "REBOOTING", "FAILED"}) {
    CAPTURE(name);
    const auto state = with(server_in(name), ExtendLease{seconds(1)}, at(99));
    CHECK(expires_at(*state.server) == at(100));
    CHECK(to_string(state.server->status) == name);
    CHECK(at_time(state, at(100) - one_ms).server == state.server);
    const auto events = decide_due(the_server, the_region, state, at(day));
    REQUIRE(events.size() == 1);
    CHECK(events[0].at == at(100));
    CHECK(std::get<ServerTerminated>(events[0].data) ==
          ServerTerminated{state.server->status, TerminationReason::lease_expired});
    const auto ended = after(state, events);
    CHECK(ended.server->termination_reason == TerminationReason::lease_expired);
    CHECK_FALSE(expires_at(*ended.server));
    CHECK_FALSE(due_of(ended));
    CHECK(ended.server->bill == bill_after(state.server->bill,
                                           state.server->blueprint.terms.billing,
                                           Status::terminated, at(100)));
  }
}

TEST_CASE("a server that is ending has no lease any more") {
  auto state = leased(60);
  state = with(state, Terminate{}, at(59));
  CHECK(state.server->status == Status::terminating);
  CHECK_FALSE(expires_at(*state.server));
  CHECK(refusal(state, ExtendLease{seconds(1)}, at(60)) == "invalid_transition");
  state = at_time(state, at(day));
  CHECK(state.server->termination_reason == TerminationReason::user);
  CHECK(state.at == at(62));
}

TEST_CASE("a lease goes on through all that befalls its server") {
  auto state = leased(1000);
  const std::pair<Action, std::int64_t> steps[] = {
      {Reboot{}, 10}, {Stop{}, 20}, {Start{}, 30}, {Stop{}, 40}, {Start{}, 50}};
  for (const auto& [action, second] : steps) {
    state = with(state, action, at(second));
    CHECK(expires_at(*state.server) == at(1000));
  }
  state = at_time(state, at(day));
  CHECK(state.at == at(1000));
  CHECK(state.server->termination_reason == TerminationReason::lease_expired);
}

TEST_CASE("of a lease and an idle timeout the one that ends first counts, at a tie the latter") {
  const auto reason_of = [](std::int64_t lease) {
    auto create = a_create();
    create.idle_timeout = seconds(100);
    create.lease = seconds(lease);
    const auto stopped = with(with({}, create, at(0)), Stop{}, at(10));  // STOPPED from 13 on
    const auto ended = at_time(stopped, at(day));
    CHECK(ended.at == at(std::min<std::int64_t>(lease, 113)));
    return *ended.server->termination_reason;
  };
  CHECK(reason_of(112) == TerminationReason::lease_expired);
  CHECK(reason_of(113) == TerminationReason::idle_timeout);
  CHECK(reason_of(114) == TerminationReason::idle_timeout);
}

TEST_CASE("what is stuck ends with its lease") {
  auto create = a_create();
  create.tags = {{"vsim:stop", "stuck"}};
  create.lease = seconds(60);
  auto state = with(with({}, create, at(0)), Stop{}, at(10));
  CHECK(state.server->status == Status::stopping);
  CHECK(due_of(state) == at(60));
  CHECK(foreseeable_deadline(*state.server) == nullptr);
  state = at_time(state, at(day));
  CHECK(state.at == at(60));
  CHECK(state.server->status == Status::terminated);
}

TEST_CASE("an extension counts from the end, a first one from now") {
  auto state = with(server_in("RUNNING"), ExtendLease{seconds(60)}, at(100));
  CHECK(expires_at(*state.server) == at(160));
  const auto longer = asked(state, ExtendLease{seconds(600)}, at(120));
  REQUIRE(longer.events.size() == 1);
  CHECK(std::get<LeaseExtended>(longer.events[0].data) == LeaseExtended{at(760)});
  const auto extended = after(state, longer.events);
  CHECK(extended.last_change.version == extended.version);
  CHECK(extended.server->status == Status::running);
  CHECK(extended.server->bill == state.server->bill);
  CHECK(at_time(extended, at(759)).server == extended.server);
  CHECK(at_time(extended, at(760)).server->status == Status::terminated);
}

TEST_CASE("an extension counts a millisecond before the end, and not from the end on") {
  const auto state = leased(60);
  CHECK(refusal(state, ExtendLease{seconds(10)}, at(60) - one_ms).empty());
  for (const auto now : {at(60), at(60) + one_ms, at(day)}) {
    const auto late = asked(state, ExtendLease{seconds(10)}, now);
    CHECK(std::get<Rejection>(late.verdict).code == RejectionCode::invalid_transition);
    REQUIRE(late.events.size() == 3);  // RUNNING, the end, the refusal
    CHECK(late.events[1].at == at(60));
    CHECK(std::get<ServerTerminated>(late.events[1].data).reason ==
          TerminationReason::lease_expired);
  }
}

TEST_CASE("the same extension again extends once") {
  const auto state = leased(60);
  const auto extension = command(ExtendLease{seconds(10)});
  const auto once = after(state, decide(state, extension, at(20), context()).events);
  const auto again = decide(once, extension, at(30), context());
  CHECK(again.events.empty());
  CHECK(std::get<AlreadyDecided>(again.verdict).outcome.kind == OutcomeKind::succeeded);
  CHECK(expires_at(*once.server) == at(70));
}

TEST_CASE("no lease ends later than LEASE_MAX from now") {
  auto create = a_create();
  for (const auto& [length, expected] :
       {std::pair{day, ""}, std::pair{day + 1, "lease_too_long"}}) {
    create.lease = seconds(length);
    CHECK(refusal({}, create, at(0)) == expected);
    CHECK(refusal(server_in("RUNNING"), ExtendLease{seconds(length)}, at(100)) == expected);
  }
  // 1000 s are over, so as many may be added.
  CHECK(refusal(leased(day), ExtendLease{seconds(1000)}, at(1000)).empty());
  CHECK(refusal(leased(day), ExtendLease{seconds(1001)}, at(1000)) == "lease_too_long");
  Catalogue shorter = catalogue();
  shorter.lease_max = seconds(10);
  create.lease = seconds(11);
  const auto decision = decide({}, command(create), at(0), {shorter, 7, the_ip});
  CHECK(std::get<Rejection>(decision.verdict).code == RejectionCode::lease_too_long);
}

TEST_CASE("a create that asks for too long a lease needs no address to be refused") {
  auto create = a_create();
  create.lease = seconds(day + 1);
  CHECK_FALSE(needs_address({}, command(create), at(0), context(std::nullopt)));
  create.lease = seconds(day);
  CHECK(needs_address({}, command(create), at(0), context(std::nullopt)));
}

TEST_CASE("a lease that would be too long is told what would be allowed") {
  const auto said = [](std::optional<Instant> present, std::int64_t length) {
    const auto ending = lease_ending(present, seconds(length), at(0), std::chrono::hours(24));
    return std::get<Rejection>(ending).detail;
  };
  CHECK(said(std::nullopt, day + 1) ==
        "a lease may end 86400 s from now at most (LEASE_MAX): ask for that or less");
  CHECK(said(at(3000) + one_ms, day) ==
        "a lease may end 86400 s from now at most (LEASE_MAX), and this one ends in 3000 s: "
        "extend it by 83399 s or less");
  CHECK(said(at(day), 1) ==
        "a lease may end 86400 s from now at most (LEASE_MAX), and this one ends in 86400 s: "
        "wait before it is extended");
  // LEASE_MAX was longer when it was given.
  CHECK(said(at(2 * day), 1).ends_with("wait before it is extended"));
}

TEST_CASE("a server without a lease keeps the bytes that it had") {
  const auto state = server_in("RUNNING");
  const auto stop = asked(state, Stop{}, at(100));
  const auto bytes = messages::encode(stop.events[0], after(state, stop.events));
  CHECK(bytes.find("expires_at") == std::string::npos);
  CHECK(bytes.find("lease") == std::string::npos);
}
