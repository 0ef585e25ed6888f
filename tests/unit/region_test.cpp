// Goal (issue 16, 2): an incident of a region does to decisions and to running servers what it
// says, from its event on, up to its end and no further, however late a server is looked at.
// Method: the region and one server by decide and evolve alone; what is decided late is compared
// with what is decided in time.

#include "domain/region.h"

#include <doctest/doctest.h>

#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using std::chrono::seconds;

namespace {

RegionCommand region_command(RegionAction action) {
  const auto head = command(Stop{});
  return {{head.id, head.sequence, "hash", {"api", "r"}}, the_region, std::move(action)};
}

SetIncident outage(OutageEffect effect) { return {.incident = {.outage = effect}}; }

/// A region and a server of it.
class World {
 public:
  Verdict set(SetIncident set, std::int64_t second) { return tell(std::move(set), second); }
  Verdict lift(std::int64_t second) { return tell(LiftIncident{}, second); }
  Verdict tell(RegionAction action, std::int64_t second, Instant applied = {}) {
    const auto asked = region_command(std::move(action));
    const auto decision = decide(region_, asked, at(second), catalogue(), applied);
    for (const auto& event : decision.events) {
      region_ = evolve(std::move(region_), event);
    }
    return decision.verdict;
  }
  bool end(std::int64_t second) {
    const auto event = decide_due(the_region, region_, at(second));
    if (event) {
      region_ = evolve(std::move(region_), *event);
    }
    return event.has_value();
  }

  Verdict ask(Action action, std::int64_t second) {
    const Context all{catalogue(), 7, the_ip, &region_};
    const auto decision = decide(state_, command(std::move(action)), at(second), all);
    take(decision.events);
    return decision.verdict;
  }
  void wait(std::int64_t second) {
    take(decide_due(the_server, the_region, state_, at(second), region_.outages));
  }

  /// What has happened by itself, and when.
  std::string story() const {
    std::string text;
    for (const auto& event : events_) {
      const auto second = std::chrono::duration_cast<seconds>(event.at - at(0)).count();
      text += (text.empty() ? "" : ", ") + std::string(event_type(event.data)) + " " +
              std::to_string(second);
    }
    return text;
  }

  const RegionState& region() const { return region_; }
  const Server& server() const { return *state_.server; }
  const State& state() const { return state_; }

 private:
  void take(const std::vector<Event>& events) {
    state_ = after(std::move(state_), events);
    events_.insert(events_.end(), events.begin(), events.end());
  }

  RegionState region_;
  State state_;
  std::vector<Event> events_;
};

std::string code(const Verdict& verdict) {
  const auto* rejection = std::get_if<Rejection>(&verdict);
  return rejection == nullptr ? "" : std::string(to_string(rejection->code));
}

}  // namespace

TEST_CASE("an outage refuses creates and starts, from its event on and until it is lifted") {
  World world;
  CHECK(code(world.set(outage(OutageEffect::untouched), 10)).empty());
  // By a worker whose clock is behind that of who has set it.
  CHECK(code(world.ask(a_create(), 9)) == "region_unavailable");
  CHECK(code(world.ask(a_create(), 11)) == "region_unavailable");
  CHECK(code(world.lift(20)).empty());
  CHECK(code(world.lift(21)) == "not_found");
  CHECK(code(world.ask(a_create(), 22)).empty());
  world.ask(Stop{}, 30);
  world.wait(40);
  world.set(outage(OutageEffect::untouched), 50);
  CHECK(code(world.ask(Stop{}, 51)) == "invalid_transition");
  CHECK(code(world.ask(Start{}, 51)) == "region_unavailable");
  CHECK(code(world.ask(Terminate{}, 52)).empty());
}

TEST_CASE("an outage stops a server that runs, at its begin, and one that comes to run meanwhile") {
  World early;
  early.ask(a_create(), 0);
  early.wait(5);
  World late = early;
  World booting = early;
  early.set(outage(OutageEffect::stopped), 10);
  early.wait(10);
  CHECK(early.server().status == Status::stopped);
  CHECK(early.server().failure->code == "region_outage");
  early.lift(60);
  CHECK(code(early.ask(Start{}, 70)).empty());
  early.wait(80);
  CHECK(early.server().status == Status::running);

  late.set(outage(OutageEffect::stopped), 10);
  late.lift(60);
  CHECK(code(late.ask(Start{}, 70)).empty());
  late.wait(80);
  CHECK(late.story() == early.story());
  CHECK(late.story() ==
        "server_provisioning 0, server_started 3, server_stopped 10, server_starting 70, "
        "server_started 73");

  booting.ask(Stop{}, 7);
  booting.wait(10);
  booting.ask(Start{}, 19);
  booting.set(outage(OutageEffect::stopped), 20);
  booting.lift(30);
  booting.wait(100);
  CHECK(booting.story().ends_with("server_starting 19, server_started 22, server_stopped 22"));
}

TEST_CASE("an outage that ends by itself is over at its time, though no event has said so") {
  World world;
  world.ask(a_create(), 0);
  world.wait(5);
  auto short_one = outage(OutageEffect::stopped);
  short_one.lasting = seconds(20);
  CHECK(code(world.set(short_one, 10)).empty());
  CHECK(world.region().incident->incident.until == at(30));
  CHECK(code(world.ask(Start{}, 29)) == "region_unavailable");
  CHECK(code(world.ask(Start{}, 30)).empty());
  CHECK_FALSE(world.end(29));
  CHECK(world.end(31));
  CHECK(world.region().at == at(30));
  CHECK_FALSE(world.end(40));
  CHECK(code(world.lift(41)) == "not_found");
  world.wait(60);
  CHECK(world.server().status == Status::running);
}

TEST_CASE("an outage impairs servers that run until it ends, beside a hazard of their own") {
  World world;
  auto create = a_create();
  create.tags = {{"vsim:impaired_after", "20"}, {"vsim:impaired_for", "100"}};
  world.ask(create, 0);
  world.wait(5);
  world.set(outage(OutageEffect::impaired), 10);
  world.wait(12);
  CHECK(world.server().health == Health::impaired);
  CHECK(world.server().impaired_by == 1);
  world.ask(Reboot{}, 15);
  world.lift(40);
  world.wait(41);
  CHECK(world.server().health == Health::impaired);  // by the hazard
  CHECK_FALSE(world.server().impaired_by);
  world.wait(200);
  CHECK(world.server().health == Health::ok);
  CHECK(world.story() ==
        "server_provisioning 0, server_started 3, server_impaired 10, server_rebooting 15, "
        "server_rebooted 18, server_impaired 23, server_recovered 40, server_recovered 123");
}

TEST_CASE("an incident that is set over another ends it") {
  World world;
  world.ask(a_create(), 0);
  world.wait(5);
  world.set(outage(OutageEffect::impaired), 10);
  world.set(outage(OutageEffect::stopped), 20);
  world.lift(30);
  world.wait(50);
  CHECK(world.story() ==
        "server_provisioning 0, server_started 3, server_impaired 10, server_recovered 20, "
        "server_stopped 20");
  CHECK(world.region().outages.size() == 2);
}

TEST_CASE("a type without capacity is refused, others are not") {
  World world;
  CHECK(code(world.set({.incident = {.types_out = {"t9.huge"}}}, 1)) == "unknown_type");
  CHECK(code(world.set({.incident = {.types_out = {"t2.micro"}}}, 2)).empty());
  CHECK(code(world.ask(a_create(), 3)) == "insufficient_capacity");
  auto other = a_create();
  other.instance_type = "t2.small";
  CHECK(code(world.ask(other, 3)) != "insufficient_capacity");
}

TEST_CASE("delays take so much longer, and so many boots fail by the incident's own words") {
  World world;
  world.set({.incident = {.delay_factor = 2.5, .failure_rate = 1, .reason = "a fire"}}, 1);
  world.ask(a_create(), 2);
  world.wait(100);
  CHECK(world.server().status == Status::failed);
  CHECK(world.server().failure == Failure{"region_incident", "a fire"});
  CHECK(world.story() == "server_provisioning 2, server_failed 9");
  CHECK(world.state().at == at(2) + Duration(7500));
  world.lift(200);
  world.ask(Start{}, 201);
  world.wait(300);
  CHECK(world.server().status == Status::running);
}

TEST_CASE("what is set wrongly is refused with what to change") {
  const auto wrong = [](SetIncident set) { return out_of_range(RegionAction(std::move(set))); };
  CHECK(wrong({}));
  CHECK(wrong({.incident = {.delay_factor = 0}}));
  CHECK(wrong({.incident = {.delay_factor = 1000.5}}));
  CHECK_FALSE(wrong({.incident = {.delay_factor = 1000}}));
  CHECK(wrong({.incident = {.failure_rate = 1.01}}));
  CHECK(wrong({.incident = {.failure_rate = -0.1}}));
  auto both = outage(OutageEffect::stopped);
  both.incident.until = at(5);
  CHECK_FALSE(wrong(both));
  both.lasting = seconds(1);
  CHECK(wrong(both));
  World world;
  auto past = outage(OutageEffect::stopped);
  past.incident.until = at(5);
  CHECK(code(world.set(past, 4)).empty());
  CHECK(code(world.set(past, 5)) == "invalid_transition");
}

TEST_CASE("as many outages are kept as a region may have; more have to wait until all is applied") {
  World world;
  for (std::size_t i = 0; i < outages_max; ++i) {
    CHECK(code(world.set(outage(OutageEffect::stopped), static_cast<std::int64_t>(i))).empty());
  }
  CHECK(code(world.set(outage(OutageEffect::stopped), 100)) == "invalid_transition");
  CHECK(code(world.set(outage(OutageEffect::untouched), 101)).empty());
  CHECK(code(world.tell(outage(OutageEffect::stopped), 102, at(2))).empty());
  CHECK(world.region().outages.size() == outages_max);
  CHECK(world.region().outages.front().from == at(1));
}
