#include "tests/unit/server_fixture.h"

#include <stdexcept>

namespace vsim::fixture {
namespace {

LifecycleProfile profile(std::string name, std::int64_t delay_seconds, Status create_ends_in) {
  LifecycleProfile made;
  made.name = std::move(name);
  made.courses.fill({FixedDelay{std::chrono::seconds(delay_seconds)}});
  made.create_ends_in = create_ends_in;
  made.idle_timeout = std::chrono::minutes(30);
  made.billing.billable[static_cast<std::size_t>(Status::running)] = true;
  made.billing.billable[static_cast<std::size_t>(Status::rebooting)] = true;
  return made;
}

// What has been done to a server that is in this state, and how far time has gone on behind it.
State walk(std::vector<std::pair<Action, std::int64_t>> steps, std::int64_t until) {
  State state;
  for (auto& [action, second] : steps) {
    const auto decision = decide(state, command(std::move(action)), at(second), context());
    state = after(std::move(state), decision.events);
  }
  return after(state, decide_due(the_server, the_region, state, at(until)));
}

}  // namespace

const Catalogue& catalogue() {
  static const Catalogue shared = [] {
    Catalogue made;
    made.regions[the_region] = {{*Ipv4::parse("192.168.10.1"), *Ipv4::parse("192.168.10.100")}};
    made.regions[{"eu-west-1"}] = {{*Ipv4::parse("192.168.20.1"), *Ipv4::parse("192.168.20.9")}};
    made.instance_types["t2.micro"] = HourlyRate{100};
    made.profiles["standard"] = profile("standard", 3, Status::running);
    made.profiles["instant"] = profile("instant", 0, Status::running);
    made.profiles["seed"] = profile("seed", 3, Status::stopped);
    return made;
  }();
  return shared;
}

Create a_create() { return {"web-1", "t2.micro", {}, {{"team", "red"}}, std::nullopt}; }

Command command(Action action) {
  static std::uint8_t counter = 0;
  static StreamSequence sequence = 0;
  Command made;
  made.id = {*Uuid::parse("aaaaaaaa-bbbb-4ccc-8ddd-000000000000")};
  made.id.uuid.bytes[15] = ++counter;
  made.id.uuid.bytes[14] = static_cast<std::uint8_t>(++sequence >> 8);
  made.sequence = sequence;
  made.request_hash = "hash-" + std::to_string(sequence);
  made.origin = {"api", "request-1"};
  made.region = the_region;
  made.server = the_server;
  made.action = std::move(action);
  return made;
}

State after(State state, const std::vector<Event>& events) {
  for (const auto& event : events) {
    state = evolve(std::move(state), event);
  }
  return state;
}

State server_in(const std::string& state) {
  if (state == "(none)") {
    return {};
  }
  // A transition takes 3 s; those that shall still be under way at second 100 begin at 98.
  if (state == "PENDING") {
    return walk({{a_create(), 98}}, 98);
  }
  if (state == "RUNNING") {
    return walk({{a_create(), 0}}, 50);
  }
  if (state == "STOPPING") {
    return walk({{a_create(), 0}, {Stop{}, 98}}, 98);
  }
  if (state == "STOPPED") {
    return walk({{a_create(), 0}, {Stop{}, 50}}, 60);
  }
  if (state == "REBOOTING") {
    return walk({{a_create(), 0}, {Reboot{}, 98}}, 98);
  }
  if (state == "TERMINATING") {
    return walk({{a_create(), 0}, {Terminate{}, 98}}, 98);
  }
  if (state == "TERMINATED") {
    return walk({{a_create(), 0}, {Terminate{}, 50}}, 60);
  }
  if (state == "FAILED") {
    auto unlucky = a_create();
    unlucky.tags = {{"vsim:create", "fail"}};
    return walk({{unlucky, 0}}, 60);
  }
  throw std::invalid_argument("no such state: " + state);
}

}  // namespace vsim::fixture
