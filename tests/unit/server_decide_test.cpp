// Goal: what may happen to a server, whole. Method: the first test is the table of the lifecycle,
// every state against every command; the others are one claim each about time, repeats and replays.

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "domain/queue_numbers.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;

namespace {

// A row a state, a column a command. "STOPPING" is the state that the command leads to, "-" an
// invalid transition, a code another rejection. A server that does not exist has a row too.
const std::vector<std::string> columns = {
    "create",           "start",        "stop",    "reboot",  "terminate",
    "forced terminate", "extend lease", "acquire", "release", "retire"};
// ate         create    start       stop        reboot      terminate     forced       extend
constexpr auto lifecycle = R"(
(none)        PENDING   not_found   not_found   not_found   not_found     not_found    not_found
PENDING       -         -           -           -           TERMINATING   TERMINATED   PENDING
RUNNING       -         -           STOPPING    REBOOTING   TERMINATING   TERMINATED   RUNNING
STOPPING      -         -           -           -           TERMINATING   TERMINATED   STOPPING
STOPPED       -         PENDING     -           -           TERMINATING   TERMINATED   STOPPED
REBOOTING     -         -           -           -           TERMINATING   TERMINATED   REBOOTING
TERMINATING   -         -           -           -           -             TERMINATED   -
TERMINATED    -         -           -           -           -             -            -
FAILED        -         PENDING     -           -           TERMINATING   TERMINATED   FAILED
)";
// What only servers of warm pools do; see warm_pool_test.cpp.
// ate         acquire     release        retire
constexpr auto of_no_pool = R"(
(none)        not_found   not_found      not_found
PENDING       not_ready   not_assigned   not_ready
RUNNING       not_ready   not_assigned   not_ready
STOPPING      not_ready   not_assigned   not_ready
STOPPED       not_ready   not_assigned   not_ready
REBOOTING     not_ready   not_assigned   not_ready
TERMINATING   not_ready   -              -
TERMINATED    not_ready   -              -
FAILED        not_ready   not_assigned   not_ready
)";

struct Row {
  std::string state;
  std::vector<std::string> after;
};

std::vector<Row> rows_of(const std::string& table) {
  std::vector<Row> rows;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    Row row;
    for (cells >> row.state; cells >> line;) {
      row.after.push_back(line == "-" ? "invalid_transition" : line);
    }
    if (!row.state.empty()) {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string outcome_in(const State& state, const Action& action) {
  const auto decision = decide(state, command(action), at(100), context());
  if (const auto* rejection = std::get_if<Rejection>(&decision.verdict)) {
    CHECK(after(state, decision.events).server == state.server);
    return std::string(to_string(rejection->code));
  }
  REQUIRE(std::holds_alternative<Succeeded>(decision.verdict));
  return std::string(to_string(after(state, decision.events).server->status));
}

}  // namespace

TEST_CASE("every state answers every command as the lifecycle says") {
  const std::vector<Action> actions = {a_create(),
                                       Start{},
                                       Stop{},
                                       Reboot{},
                                       Terminate{},
                                       Terminate{"stuck"},
                                       ExtendLease{std::chrono::seconds(60)},
                                       Acquire{},
                                       Release{},
                                       Retire{}};
  REQUIRE(actions.size() == columns.size());
  auto rows = rows_of(lifecycle);
  const auto more = rows_of(of_no_pool);
  REQUIRE(more.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(more[i].state == rows[i].state);
    rows[i].after.insert(rows[i].after.end(), more[i].after.begin(), more[i].after.end());
  }
  for (const auto& row : rows) {
    REQUIRE_MESSAGE(row.after.size() == columns.size(), "a cell of the table is missing");
    for (std::size_t i = 0; i < actions.size(); ++i) {
      CAPTURE(row.state);
      CAPTURE(columns[i]);
      CHECK(outcome_in(server_in(row.state), actions[i]) == row.after[i]);
    }
  }
  CHECK(rows.size() == status_count + 1);
  std::set<std::size_t> kinds;
  for (const auto& action : actions) {
    kinds.insert(action.index());
  }
  CHECK(kinds.size() == std::variant_size_v<Action>);
}

TEST_CASE("a forced termination says why, settles the bill and leaves no deadline") {
  for (const auto* name :
       {"PENDING", "RUNNING", "STOPPING", "STOPPED", "REBOOTING", "TERMINATING"}) {
    CAPTURE(name);
    const auto before = server_in(name);
    const auto decision = decide(before, command(Terminate{"stuck"}), at(100), context());
    REQUIRE(decision.events.size() == 1);
    const auto& terminated = std::get<ServerTerminated>(decision.events.front().data);
    CHECK(terminated ==
          ServerTerminated{before.server->status, TerminationReason::forced, "stuck"});
    const auto dead = after(before, decision.events);
    CHECK(dead.server->termination_reason == TerminationReason::forced);
    CHECK_FALSE(dead.server->deadline);
    CHECK_FALSE(dead.server->bill.open_since);
    CHECK(dead.server->bill == bill_after(before.server->bill,
                                          before.server->blueprint.terms.billing,
                                          Status::terminated, at(100)));
  }
}

TEST_CASE("what a forced termination finds overdue has happened at its own time") {
  const auto late = [](const std::string& name) {
    const auto stuck = server_in(name);
    return decide(stuck, command(Terminate{"stuck"}), at(500), context());
  };
  const auto pending = late("PENDING");
  REQUIRE(pending.events.size() == 2);
  CHECK(std::holds_alternative<ServerStarted>(pending.events[0].data));
  CHECK(std::get<ServerTerminated>(pending.events[1].data).from == Status::running);
  const auto terminating = late("TERMINATING");
  REQUIRE(terminating.events.size() == 2);
  CHECK(std::get<ServerTerminated>(terminating.events[0].data).reason == TerminationReason::user);
  CHECK(std::get<Rejection>(terminating.verdict).code == RejectionCode::invalid_transition);
}

TEST_CASE("a create fixes price, delays, idle timeout and address for life") {
  const auto decision = decide(State{}, command(a_create()), at(0), context());
  REQUIRE(decision.events.size() == 1);
  const auto& event = decision.events.front();
  CHECK(event.version == 1);
  CHECK(event.at == at(0));
  REQUIRE(event.cause);
  const auto& born = std::get<ServerProvisioning>(event.data);
  CHECK(born.end.due == at(3));
  CHECK(born.blueprint.ip == the_ip);
  CHECK(born.blueprint.terms.hourly_rate == HourlyRate{100});
  CHECK(born.blueprint.terms.idle_timeout == std::chrono::minutes(30));
}

TEST_CASE("a create is rejected for what is unknown, and only then for want of an address") {
  const auto code = [](const Create& create, const Region& region, std::optional<Ipv4> free) {
    auto wanted = command(create);
    wanted.region = region;
    const auto decision = decide(State{}, wanted, at(0), context(free));
    CHECK(decision.events.size() == 1);
    return std::get<Rejection>(decision.verdict).code;
  };
  auto create = a_create();
  CHECK(code(create, {"nowhere"}, the_ip) == RejectionCode::unknown_region);
  create.instance_type = "x9.huge";
  CHECK(code(create, the_region, std::nullopt) == RejectionCode::unknown_type);
  create = a_create();
  create.profile = "none";
  CHECK(code(create, the_region, std::nullopt) == RejectionCode::unknown_profile);
  CHECK(code(a_create(), the_region, std::nullopt) == RejectionCode::no_free_address);
}

TEST_CASE("a profile without delays goes straight to the end state in one event") {
  auto create = a_create();
  create.profile = "instant";
  const auto born = decide(State{}, command(create), at(0), context());
  REQUIRE(born.events.size() == 1);
  CHECK(std::holds_alternative<ServerProvisioned>(born.events.front().data));
  auto state = after(State{}, born.events);
  CHECK(state.server->status == Status::running);
  CHECK(state.server->last_started_at == at(0));

  const std::vector<std::pair<Action, Status>> steps = {{Reboot{}, Status::running},
                                                        {Stop{}, Status::stopped},
                                                        {Start{}, Status::running},
                                                        {Terminate{}, Status::terminated}};
  for (const auto& [action, status] : steps) {
    const auto step = decide(state, command(action), at(10), context());
    CHECK(step.events.size() == 1);
    state = after(std::move(state), step.events);
    CHECK(state.server->status == status);
  }
}

TEST_CASE("a create of profile seed ends in STOPPED") {
  auto create = a_create();
  create.profile = "seed";
  const auto state = after(State{}, decide(State{}, command(create), at(0), context()).events);
  CHECK(state.server->status == Status::pending);
  const auto due = decide_due(the_server, the_region, state, at(3));
  REQUIRE(due.size() == 1);
  CHECK(after(state, due).server->status == Status::stopped);
}

TEST_CASE("what was due is applied first, and bears its deadline as its time") {
  // Due 3 s after it began; the command comes a minute later, and no timekeeper has been there.
  const auto pending = server_in("PENDING");
  const auto decision = decide(pending, command(Stop{}), at(160), context());
  REQUIRE(decision.events.size() == 2);
  CHECK(std::holds_alternative<ServerStarted>(decision.events[0].data));
  CHECK(decision.events[0].at == pending.server->deadline->due);
  CHECK_FALSE(decision.events[0].cause);
  CHECK(decision.events[0].origin.actor == "timekeeper");
  CHECK(std::holds_alternative<ServerStopping>(decision.events[1].data));
  CHECK(decision.events[1].at == at(160));
  CHECK(decision.events[1].version == decision.events[0].version + 1);
}

TEST_CASE("a late decision passes through several deadlines in their order") {
  // STOPPING ends at some second, the idle timeout 30 minutes after that; a day later both are
  // past.
  const auto stopping = server_in("STOPPING");
  const auto events = decide_due(the_server, the_region, stopping, at(86'400));
  REQUIRE(events.size() == 2);
  CHECK(events[0].at == stopping.server->deadline->due);
  CHECK(events[1].at == events[0].at + std::chrono::minutes(30));
  CHECK(std::get<ServerTerminated>(events[1].data).reason == TerminationReason::idle_timeout);
}

TEST_CASE("a start is refused one millisecond after the idle timeout and taken one before") {
  const auto stopped = server_in("STOPPED");
  const auto due = stopped.server->deadline->due;
  const auto verdict_at = [&](Instant now) {
    return decide(stopped, command(Start{}), now, context()).verdict;
  };
  CHECK(std::holds_alternative<Succeeded>(verdict_at(due - Duration(1))));
  CHECK(std::holds_alternative<Rejection>(verdict_at(due)));
  CHECK(std::holds_alternative<Rejection>(verdict_at(due + Duration(1))));
}

TEST_CASE("an idle timeout of 0 never reaps, and the server's own stands above all others") {
  auto create = a_create();
  create.idle_timeout = Duration(0);
  auto never = decide(State{}, command(create), at(0), context());
  CHECK(std::get<ServerProvisioning>(never.events.front().data).blueprint.terms.idle_timeout ==
        Duration(0));
  Catalogue by_setting = catalogue();
  by_setting.idle_timeout = std::chrono::minutes(5);
  const Context with_setting{by_setting, 7, the_ip};
  const auto set = decide(State{}, command(a_create()), at(0), with_setting);
  CHECK(std::get<ServerProvisioning>(set.events.front().data).blueprint.terms.idle_timeout ==
        std::chrono::minutes(5));
  never = decide(State{}, command(create), at(0), with_setting);
  CHECK(std::get<ServerProvisioning>(never.events.front().data).blueprint.terms.idle_timeout ==
        Duration(0));
}

TEST_CASE("the same command again gives the same answer and no event") {
  auto state = server_in("RUNNING");
  const auto stop = command(Stop{});
  state = after(std::move(state), decide(state, stop, at(100), context()).events);
  const auto again = decide(state, stop, at(200), context());
  CHECK(again.events.empty());
  CHECK(std::get<AlreadyDecided>(again.verdict).outcome.kind == OutcomeKind::succeeded);
  // Also when time has gone on in between: events of time keep the last command.
  state = after(std::move(state), decide_due(the_server, the_region, state, at(300)));
  CHECK(std::holds_alternative<AlreadyDecided>(decide(state, stop, at(300), context()).verdict));
}

TEST_CASE("a rejection is final for its command") {
  auto state = server_in("STOPPED");
  const auto stop = command(Stop{});
  state = after(std::move(state), decide(state, stop, at(100), context()).events);
  const auto again = decide(state, stop, at(101), context());
  CHECK(again.events.empty());
  const auto& outcome = std::get<AlreadyDecided>(again.verdict).outcome;
  CHECK(outcome.rejection->code == RejectionCode::invalid_transition);
}

TEST_CASE("a delivery from the past is never carried out") {
  auto state = server_in("RUNNING");
  const auto old = command(Terminate{});
  const auto newer = command(Stop{});
  REQUIRE(newer.sequence > old.sequence);
  state = after(std::move(state), decide(state, newer, at(100), context()).events);
  const auto stale = decide(state, old, at(101), context());
  CHECK(stale.events.empty());
  CHECK(std::holds_alternative<Stale>(stale.verdict));
}

TEST_CASE("a stale verdict names the number that it is older than") {
  auto state = server_in("RUNNING");
  const auto old = command(Terminate{});
  const auto newer = command(Stop{});
  state = after(std::move(state), decide(state, newer, at(100), context()).events);
  CHECK(std::get<Stale>(decide(state, old, at(101), context()).verdict).newer == newer.sequence);
}

TEST_CASE("a high number stands in no lower one's way, and is one among its like (D45)") {
  // One below the limit orders, the limit does not, up to the last 64-bit number.
  for (const auto& [high, orders] :
       {std::pair{queue_numbers_high - 1, true}, std::pair{queue_numbers_high, false},
        std::pair{~StreamSequence{0}, false}}) {
    CAPTURE(high);
    auto state = server_in("RUNNING");
    auto first = command(Stop{});
    first.sequence = high;
    const auto purged = decide_outcome(state, summary_of(first), CommandPurged{}, at(50));
    state = after(std::move(state), purged);
    CHECK(state.last_command->cause.sequence == high);
    auto like = command(Stop{});
    like.sequence = high - (high == queue_numbers_high ? 0 : 1);
    CHECK(std::holds_alternative<Stale>(decide(state, like, at(60), context()).verdict));

    // The queue is made anew: its numbers are below, and it is the same command that is put back.
    auto lower = first;
    lower.sequence = queue_numbers_high - 2;
    CHECK(is_after_high(state.last_command, lower.sequence) != orders);
    const auto decision = decide(state, lower, at(70), context());
    CHECK(std::holds_alternative<Succeeded>(decision.verdict) != orders);
    state = after(std::move(state), decision.events);
    if (orders) {
      continue;
    }
    CHECK(state.last_command->cause.sequence == lower.sequence);
    CHECK(std::holds_alternative<AlreadyDecided>(decide(state, lower, at(80), context()).verdict));
  }
}

TEST_CASE("what was purged may be replayed, and then is carried out once") {
  auto state = server_in("RUNNING");
  auto stop = command(Stop{});
  const auto purged = decide_outcome(state, summary_of(stop), CommandPurged{}, at(50));
  REQUIRE(purged.size() == 1);
  state = after(std::move(state), purged);
  CHECK(state.server->status == Status::running);
  CHECK(std::holds_alternative<AlreadyDecided>(decide(state, stop, at(51), context()).verdict));
  stop.sequence += 100;  // the replay has a later place in the queue
  const auto replayed = decide(state, stop, at(52), context());
  CHECK(std::holds_alternative<Succeeded>(replayed.verdict));
  state = after(std::move(state), replayed.events);
  stop.sequence += 100;
  CHECK(std::holds_alternative<AlreadyDecided>(decide(state, stop, at(53), context()).verdict));
}

TEST_CASE("a purge verdict on a command that has its outcome is dropped") {
  auto state = server_in("RUNNING");
  const auto stop = command(Stop{});
  state = after(std::move(state), decide(state, stop, at(100), context()).events);
  CHECK(decide_outcome(state, summary_of(stop), CommandPurged{}, at(101)).empty());
}

TEST_CASE("a command to the wrong region is rejected with the server's region") {
  const auto state = server_in("RUNNING");
  auto stop = command(Stop{});
  stop.region = {"eu-west-1"};
  const auto decision = decide(state, stop, at(100), context());
  REQUIRE(decision.events.size() == 1);
  CHECK(decision.events.front().region == the_region);
  const auto& rejection = std::get<Rejection>(decision.verdict);
  CHECK(rejection.code == RejectionCode::not_found);
  CHECK(rejection.detail.find("us-east-1") != std::string::npos);
}

TEST_CASE(
    "a command for certain versions is carried out at one of them and rejected at any other") {
  const auto state = server_in("RUNNING");
  auto stop = command(Stop{});
  stop.only_at = {state.version + 1, state.version};
  CHECK(std::holds_alternative<Succeeded>(decide(state, stop, at(100), context()).verdict));
  for (const std::vector<Version>& others : {std::vector<Version>{state.version + 1}, {}}) {
    auto late = command(Stop{});
    late.only_at = others;
    const auto decision = decide(state, late, at(100), context());
    const auto* rejection = std::get_if<Rejection>(&decision.verdict);
    REQUIRE(rejection != nullptr);
    CHECK(rejection->code == RejectionCode::precondition_failed);
    CHECK(after(state, decision.events).server == state.server);
  }
}

TEST_CASE(
    "outcomes that change nothing keep the last change, and with it who may act (issue 12, 7)") {
  const auto running = server_in("RUNNING");
  CHECK(running.last_change == Change{running.version, running.at});
  auto state = running;
  const auto keep = [&](const std::vector<Event>& events) {
    REQUIRE(events.size() == 1);
    state = after(state, events);
    CHECK(state.version == events.back().version);
    CHECK(state.last_change == running.last_change);
  };
  auto start = command(Start{});  // not of a running server
  keep(decide(state, start, at(90), context()).events);
  auto late = command(Stop{});
  late.id = {Uuid{{9}}};
  late.sequence = start.sequence + 1;
  late.only_at = {running.version - 1, state.version + 1};
  keep(decide(state, late, at(91), context()).events);
  auto gone = summary_of(late);
  gone.cause.command = {Uuid{{8}}};
  gone.cause.sequence += 1;
  keep(decide_outcome(state, gone, CommandPurged{}, at(92)));
  gone.cause.command = {Uuid{{7}}};
  gone.cause.sequence += 1;
  keep(decide_outcome(state, gone, CommandDeadLettered{"why"}, at(93)));

  auto stop = late;
  stop.id = {Uuid{{6}}};
  stop.sequence += 10;
  stop.only_at = {running.version};
  const auto stopped = decide(state, stop, at(100), context());
  REQUIRE(std::holds_alternative<Succeeded>(stopped.verdict));
  state = after(state, stopped.events);
  CHECK(state.last_change == Change{running.version + 5, at(100)});
}

TEST_CASE("tags of builds that counted refusals hold until the server changes (issue 12, 7)") {
  const auto running = server_in("RUNNING");
  auto state = running;
  for (int refusals = 0; refusals < 2; ++refusals) {
    state = after(state, decide(state, command(Start{}), at(90), context()).events);
  }
  REQUIRE(state.version == running.version + 2);
  const auto is_carried_out = [](const State& now, Version tag) {
    auto stop = command(Stop{});
    stop.only_at = {tag};
    return std::holds_alternative<Succeeded>(decide(now, stop, at(95), context()).verdict);
  };
  CHECK_FALSE(is_carried_out(state, running.version - 1));
  CHECK(is_carried_out(state, running.version));      // of this build: of the last change
  CHECK(is_carried_out(state, running.version + 1));  // of an older one, at the first refusal
  CHECK(is_carried_out(state, state.version));        // and at the second
  CHECK_FALSE(is_carried_out(state, state.version + 1));
  const auto rebooted = after(state, decide(state, command(Reboot{}), at(95), context()).events);
  CHECK_FALSE(is_carried_out(rebooted, state.version));
}

TEST_CASE("a subject without a server has no change but its last event") {
  const auto nothing = after(State{}, decide(State{}, command(Stop{}), at(5), context()).events);
  CHECK_FALSE(nothing.server);
  CHECK(nothing.last_change == Change{nothing.version, nothing.at});
}

TEST_CASE("what was due moves a server on before its version is looked at") {
  const auto stopping = server_in("STOPPING");
  auto start = command(Start{});
  start.only_at = {stopping.version};
  const auto decision = decide(stopping, start, at(200), context());
  REQUIRE(std::holds_alternative<Rejection>(decision.verdict));
  CHECK(std::get<Rejection>(decision.verdict).code == RejectionCode::precondition_failed);
}

TEST_CASE("a command for a server that is not there is not found, whatever version it wants") {
  auto stop = command(Stop{});
  stop.only_at = {1};
  const auto decision = decide(State{}, stop, at(100), context());
  REQUIRE(std::holds_alternative<Rejection>(decision.verdict));
  CHECK(std::get<Rejection>(decision.verdict).code == RejectionCode::not_found);
}

TEST_CASE("event times never decrease, even if the clock does") {
  const auto state = server_in("RUNNING");
  const auto decision = decide(state, command(Stop{}), state.at - std::chrono::hours(1), context());
  CHECK(decision.events.back().at == state.at);
}

TEST_CASE("a reboot does not change when the server was last started") {
  auto state = server_in("RUNNING");
  const auto started = state.server->last_started_at;
  state = after(std::move(state), decide(state, command(Reboot{}), at(500), context()).events);
  state = after(std::move(state), decide_due(the_server, the_region, state, at(600)));
  CHECK(state.server->status == Status::running);
  CHECK(state.server->last_started_at == started);
}
