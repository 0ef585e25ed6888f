// Goal (issue 16, 1): transitions that fail, end in TERMINATED or never, and what befalls a running
// server, come as they were drawn, each at its own time, and end what they must. Method: a profile
// for each misfortune; the server's events are decided late, all at once.

#include <set>

#include <doctest/doctest.h>

#include "domain/tag_overrides.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using std::chrono::seconds;

namespace {

/// The fixture's catalogue, whose profile `standard` is changed.
template <typename Change>
Catalogue changed(Change&& change) {
  Catalogue made = catalogue();
  change(made.profiles["standard"]);
  return made;
}

Course failing(Ending ending) {
  return {.delay = FixedDelay{seconds(3)},
          .ending = ending,
          .code = "boot_failed",
          .detail = "no kernel was found"};
}

Catalogue with_course(Transition transition, Course course) {
  return changed([&](LifecycleProfile& profile) {
    profile.courses[static_cast<std::size_t>(transition)].several = {std::move(course)};
  });
}

Catalogue with_risks(std::vector<Risk> risks) {
  return changed([&](LifecycleProfile& profile) { profile.risks = std::move(risks); });
}

class Life {
 public:
  explicit Life(Catalogue catalogue) : catalogue_(std::move(catalogue)) {}

  Verdict ask(Action action, std::int64_t second) {
    auto decision = decide(state_, command(std::move(action)), at(second), {catalogue_, 7, the_ip});
    take(decision.events);
    return decision.verdict;
  }
  void wait(std::int64_t until) { take(decide_due(the_server, the_region, state_, at(until))); }

  const State& state() const { return state_; }
  const Server& server() const { return *state_.server; }
  const Event& event(std::size_t from_last) const {
    return events_[events_.size() - 1 - from_last];
  }
  template <typename Data>
  const Data& data(std::size_t from_last = 0) const {
    return std::get<Data>(event(from_last).data);
  }
  std::size_t size() const { return events_.size(); }

 private:
  void take(const std::vector<Event>& events) {
    state_ = after(std::move(state_), events);
    events_.insert(events_.end(), events.begin(), events.end());
  }

  Catalogue catalogue_;
  State state_;
  std::vector<Event> events_;
};

bool carried_out(const Verdict& verdict) { return std::holds_alternative<Succeeded>(verdict); }

}  // namespace

TEST_CASE("a boot that fails ends in FAILED with its reason, keeps the address and bills nothing") {
  Life life(with_course(Transition::create, failing(Ending::failed)));
  CHECK(carried_out(life.ask(a_create(), 0)));
  CHECK(life.server().status == Status::pending);
  life.wait(86'400);
  CHECK(life.event(0).at == at(3));
  CHECK(life.data<ServerFailed>() ==
        ServerFailed{Status::pending, {"boot_failed", "no kernel was found"}});
  CHECK(life.server().status == Status::failed);
  CHECK(life.server().failure->code == "boot_failed");
  CHECK(life.server().blueprint.ip == the_ip);
  CHECK_FALSE(life.server().deadline);
  CHECK(billed_total(life.server().bill, life.server().blueprint.terms.billing, at(99'999)) ==
        seconds(0));
}

TEST_CASE("from FAILED start tries again and terminate ends it; the others are refused") {
  Life life(with_course(Transition::create, failing(Ending::failed)));
  life.ask(a_create(), 0);
  life.wait(3);
  CHECK_FALSE(carried_out(life.ask(Stop{}, 4)));
  CHECK_FALSE(carried_out(life.ask(Reboot{}, 4)));
  Life started = life;
  CHECK(carried_out(started.ask(Start{}, 5)));
  CHECK_FALSE(started.server().failure);
  started.wait(8);
  CHECK(started.server().status == Status::running);
  Life ended = life;
  CHECK(carried_out(ended.ask(Terminate{}, 5)));
  ended.wait(8);
  CHECK(ended.server().termination_reason == TerminationReason::user);
  CHECK(carried_out(life.ask(Terminate{"enough"}, 5)));
  CHECK(life.server().status == Status::terminated);
}

TEST_CASE("a reboot that fails ends the bill where it began to be FAILED") {
  Life life(with_course(Transition::reboot, failing(Ending::failed)));
  life.ask(a_create(), 0);
  life.ask(Reboot{}, 10);
  life.wait(100);
  CHECK(life.server().status == Status::failed);
  // RUNNING from 3 to 10, REBOOTING to 13.
  CHECK(life.server().bill == Bill{seconds(10), std::nullopt});
}

TEST_CASE("a launch that fails is TERMINATED by itself, with its reason") {
  Life life(with_course(Transition::create, failing(Ending::terminated)));
  life.ask(a_create(), 0);
  life.wait(3);
  CHECK(life.server().status == Status::terminated);
  CHECK(life.server().termination_reason == TerminationReason::launch_failure);
  CHECK(life.data<ServerTerminated>().failure->code == "boot_failed");
}

TEST_CASE("what is stuck stays so until an operator forces it") {
  for (const auto transition : {Transition::create, Transition::start, Transition::stop,
                                Transition::reboot, Transition::terminate}) {
    Life life(with_course(transition, {.delay = {}, .ending = Ending::stuck}));
    life.ask(a_create(), 0);
    if (transition == Transition::start) {
      life.ask(Stop{}, 10);
      life.ask(Start{}, 20);
    } else if (transition == Transition::stop) {
      life.ask(Stop{}, 10);
    } else if (transition == Transition::reboot) {
      life.ask(Reboot{}, 10);
    } else if (transition == Transition::terminate) {
      life.ask(Terminate{}, 10);
    }
    const auto status = life.server().status;
    const auto events = life.size();
    life.wait(1'000'000'000);
    CHECK(life.size() == events);
    CHECK(life.server().status == status);
    CHECK_FALSE(due_of(life.state()));
    CHECK(carried_out(life.ask(Terminate{"stuck"}, 1'000'000'000)));
    CHECK(life.server().status == Status::terminated);
  }
}

TEST_CASE("a failure without a delay comes in the next decision, at the time of the create") {
  Life life(
      with_course(Transition::create,
                  {.delay = FixedDelay{}, .ending = Ending::failed, .code = "c", .detail = "d"}));
  life.ask(a_create(), 5);
  CHECK(life.size() == 1);
  life.wait(5);
  CHECK(life.event(0).at == at(5));
  CHECK(life.server().status == Status::failed);
}

TEST_CASE("a command of a process whose clock is behind still comes after what is due") {
  Life life(
      with_course(Transition::create,
                  {.delay = FixedDelay{}, .ending = Ending::failed, .code = "c", .detail = "d"}));
  life.ask(a_create(), 5);
  CHECK_FALSE(carried_out(life.ask(Stop{}, 4)));
  CHECK(std::holds_alternative<ServerFailed>(life.event(1).data));
  CHECK(life.event(0).at == at(5));
}

TEST_CASE("a host's failure stops or fails the server at its time and ends the bill there") {
  const auto become = [](Status becomes) {
    return with_risks(
        {{.hazard = Hazard::host_failure, .after = FixedDelay{seconds(100)}, .becomes = becomes}});
  };
  Life stopped(become(Status::stopped));
  stopped.ask(a_create(), 0);
  stopped.wait(103);
  CHECK(stopped.event(0).at == at(103));
  CHECK(stopped.server().status == Status::stopped);
  CHECK(stopped.server().failure->code == "host_failure");
  CHECK(stopped.server().bill == Bill{seconds(100), std::nullopt});
  CHECK(stopped.server().deadline->turn == Turn::idle_timeout);
  Life failed(become(Status::failed));
  failed.ask(a_create(), 0);
  failed.wait(1'000'000);
  CHECK(failed.event(0).at == at(103));
  CHECK(failed.server().status == Status::failed);
  CHECK_FALSE(failed.server().deadline);
}

TEST_CASE("a server is impaired for a while, and RUNNING all the time") {
  Life life(with_risks({{.hazard = Hazard::impairment,
                         .after = FixedDelay{seconds(50)},
                         .lasting = FixedDelay{seconds(20)}}}));
  life.ask(a_create(), 0);
  life.wait(53);
  CHECK(life.data<ServerImpaired>().until == at(73));
  CHECK(life.server().health == Health::impaired);
  CHECK(life.server().status == Status::running);
  life.wait(100);
  CHECK(std::holds_alternative<ServerRecovered>(life.event(0).data));
  CHECK(life.event(0).at == at(73));
  CHECK(life.server().health == Health::ok);
  CHECK(life.server().bill.open_since == at(3));
  CHECK_FALSE(life.server().deadline);
}

TEST_CASE("an interruption is announced two minutes before") {
  Life life(with_risks({{.hazard = Hazard::interruption, .after = FixedDelay{seconds(60)}}}));
  life.ask(a_create(), 0);
  life.wait(182);
  CHECK(life.data<ServerInterruptionNoticed>().interruption_at == at(183));
  CHECK(life.event(0).at == at(63));
  CHECK(life.server().interruption_at == at(183));
  CHECK(life.server().status == Status::running);
  life.wait(183);
  CHECK(life.server().status == Status::terminated);
  CHECK(life.server().termination_reason == TerminationReason::interruption);
}

TEST_CASE("the earliest deadline counts, the others come in their order") {
  const std::vector<Risk> all = {
      {.hazard = Hazard::host_failure, .after = FixedDelay{seconds(1000)}},
      {.hazard = Hazard::impairment,
       .after = FixedDelay{seconds(10)},
       .lasting = FixedDelay{seconds(500)}},
      {.hazard = Hazard::interruption, .after = FixedDelay{seconds(700)}}};
  Life life(with_risks(all));
  life.ask(a_create(), 0);
  CHECK(life.server().deadline->turn == Turn::transition);
  CHECK(life.server().later.size() == 5);
  life.wait(1'000'000);
  std::vector<std::string> types;
  for (auto i = life.size(); i > 0; --i) {
    types.emplace_back(event_type(life.event(i - 1).data));
  }
  CHECK(types == std::vector<std::string>{"server_provisioning", "server_started",
                                          "server_impaired", "server_recovered",
                                          "server_interruption_noticed", "server_terminated"});
}

TEST_CASE("a reboot goes on with what is to come; a stop ends it, and the next start draws anew") {
  Life life(with_risks({{.hazard = Hazard::impairment,
                         .after = FixedDelay{seconds(10)},
                         .lasting = FixedDelay{seconds(1000)}},
                        {.hazard = Hazard::interruption, .after = FixedDelay{seconds(30)}}}));
  life.ask(a_create(), 0);
  life.ask(Reboot{}, 12);  // impaired at 13, running again at 15
  life.wait(20);
  CHECK(life.server().status == Status::running);
  CHECK(life.server().health == Health::impaired);
  life.wait(40);
  CHECK(life.server().interruption_at == at(153));
  life.ask(Stop{}, 50);
  CHECK(life.server().health == Health::ok);
  CHECK_FALSE(life.server().interruption_at);
  CHECK(life.server().later.empty());
  life.wait(60);
  CHECK(life.server().status == Status::stopped);
  life.ask(Start{}, 100);
  life.wait(120);
  CHECK(life.event(0).at == at(113));  // impaired 10 s after 103
}

TEST_CASE("weights are shares: none never, all always, and each about as often as it says") {
  const auto drawn = [](const Courses& courses) {
    int failed = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      failed += Draw(seed, the_server, 1).course(courses).ending == Ending::failed;
    }
    return failed;
  };
  const auto weighted = [](std::uint32_t usual, std::uint32_t fails) {
    Course failing_course = failing(Ending::failed);
    failing_course.weight = fails;
    return Courses{.usual = {}, .several = {{.delay = {}, .weight = usual}, failing_course}};
  };
  CHECK(drawn(weighted(1, 0)) == 0);
  CHECK(drawn(weighted(0, 1)) == 1000);
  CHECK(drawn(weighted(3, 1)) > 200);
  CHECK(drawn(weighted(3, 1)) < 300);
  CHECK(drawn(weighted(course_weight_max, course_weight_max)) > 400);
}

TEST_CASE("an exponential delay has its mean, and is cut at its longest") {
  const Delay delay = ExponentialDelay{Duration(10'000), Duration(50'000)};
  std::int64_t sum = 0;
  std::int64_t longest = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto drawn = Draw(seed, the_server, 1).delay(delay).count();
    CHECK(drawn >= 0);
    sum += drawn;
    longest = std::max(longest, drawn);
  }
  CHECK(longest <= 50'000);
  CHECK(sum / 2000 > 9'000);
  CHECK(sum / 2000 < 11'000);
}

TEST_CASE("the delay, the course and each hazard are drawn apart") {
  const Delay delay = UniformDelay{Duration(0), Duration(1'000'000'000)};
  const Draw draw(5, the_server, 1);
  std::set<std::int64_t> seen{draw.delay(delay).count()};
  for (std::size_t i = 0; i < hazard_count; ++i) {
    const Risk risk{.hazard = static_cast<Hazard>(i), .after = delay, .lasting = delay};
    seen.insert(draw.after(risk).count());
    seen.insert(draw.lasting(risk).count());
  }
  CHECK(seen.size() == 1 + 2 * hazard_count);
}

TEST_CASE("a tag makes one server behave otherwise than its profile") {
  const auto made = [](const std::string& key, const std::string& value) {
    REQUIRE_FALSE(complaint_about_tag(key, value));
    Life life(catalogue());
    auto create = a_create();
    create.tags = {{key, value}};
    life.ask(create, 0);
    return life;
  };
  Life failed = made("vsim:create", "fail");
  failed.wait(1000);
  CHECK(failed.server().status == Status::failed);
  CHECK(failed.server().failure->code == "asked_for");
  Life ended = made("vsim:create", "terminate");
  ended.wait(1000);
  CHECK(ended.server().termination_reason == TerminationReason::launch_failure);
  Life slow = made("vsim:stop", "delay:600");
  slow.ask(Stop{}, 10);
  CHECK(due_of(slow.state()) == at(610));
  Life stuck = made("vsim:stop", "stuck");
  stuck.ask(Stop{}, 10);
  CHECK_FALSE(due_of(stuck.state()));
  Life lost = made("vsim:host_failure_after", "3600");
  lost.wait(4000);
  CHECK(lost.event(0).at == at(3603));
  CHECK(lost.server().status == Status::stopped);
  Life impaired = made("vsim:impaired_after", "60");
  impaired.wait(64);
  CHECK(impaired.data<ServerImpaired>().until == at(663));
  Life taken = made("vsim:interruption_after", "0");
  taken.wait(3);
  CHECK(taken.server().interruption_at == at(123));
}

TEST_CASE("a tag of a profile with hazards replaces the one hazard that it names") {
  Terms terms;
  terms.risks = {
      {.hazard = Hazard::host_failure, .after = FixedDelay{seconds(9)}, .becomes = Status::failed},
      {.hazard = Hazard::interruption, .after = FixedDelay{seconds(8)}}};
  apply_tags({{"vsim:host_failure_after", "5"}, {"vsim:impaired_after", "6"}}, terms);
  REQUIRE(terms.risks.size() == 3);
  apply_tags({{"vsim:impaired_for", "7"}}, terms);
  CHECK(terms.risks[1].lasting == Delay(FixedDelay{seconds(7)}));
  CHECK(terms.risks[0].after == Delay(FixedDelay{seconds(5)}));
  CHECK(terms.risks[0].becomes == Status::stopped);
  CHECK(terms.risks[1].hazard == Hazard::impairment);
  CHECK(terms.risks[2].after == Delay(FixedDelay{seconds(8)}));
}

TEST_CASE("tags that begin with vsim: are of the list or refused with it") {
  const auto complaint = [](const std::string& key, const std::string& value) {
    return complaint_about_tag(key, value).value_or("");
  };
  CHECK(complaint("team", "vsim:create").empty());
  CHECK(complaint("vsim", "x").empty());
  CHECK(complaint("vsim:creat", "fail") ==
        "there is no tag vsim:creat; of those that begin with vsim: there are vsim:create, "
        "vsim:start, vsim:stop, vsim:reboot, vsim:terminate, vsim:host_failure_after, "
        "vsim:impaired_after, vsim:interruption_after, vsim:impaired_for");
  CHECK_FALSE(complaint("vsim:", "fail").empty());
  CHECK(complaint("vsim:stop", "fail") == "tag vsim:stop must be stuck or delay:SECONDS");
  CHECK(complaint("vsim:reboot", "terminate") ==
        "tag vsim:reboot must be fail or stuck or delay:SECONDS");
  for (const char* wrong : {"delay:", "delay:-1", "delay:1.5", "delay: 1", "delay:1s", "Stuck", "",
                            "delay:315360001", "delay:99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK_FALSE(complaint("vsim:stop", wrong).empty());
  }
  CHECK(complaint("vsim:stop", "delay:0").empty());
  CHECK(complaint("vsim:stop", "delay:315360000").empty());
  CHECK(complaint("vsim:impaired_for", "60").empty());
  CHECK(complaint("vsim:host_failure_after", "soon") ==
        "tag vsim:host_failure_after must be a whole number of seconds, 0 to 315360000");
}
