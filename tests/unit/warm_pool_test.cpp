// Goal (issue 16, 3): a pool is set, changed and drained as ordered; its servers are one's alone
// from an acquisition to a release, and nobody else can make one of its numbers.

#include "domain/warm_pool.h"

#include <doctest/doctest.h>

#include "domain/replenishment.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"
#include "schema/messages/warm_pool_codec.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using Stage = WarmCensus::Stage;

namespace {

const WarmPoolId the_pool{"default", "ci"};

WarmPoolCommand pool_command(WarmPoolAction action) {
  const auto other = command(Stop{});  // for its id and place
  return {static_cast<const CommandHead&>(other), the_pool, std::move(action)};
}

WarmPoolTerms terms() {
  return {.region = the_region,
          .instance_type = "t2.micro",
          .profile = {},
          .tags = {},
          .target = 3,
          .replenish_below = 3,
          .warming_max = 3};
}

WarmPool after_all(const std::vector<WarmPoolAction>& actions) {
  WarmPool pool;
  for (const auto& action : actions) {
    for (const auto& event :
         decide(pool, pool_command(action), at(pool.version), catalogue()).events) {
      pool = evolve(std::move(pool), event);
    }
  }
  return pool;
}

std::string code_of(const WarmPool& pool, const WarmPoolAction& action) {
  const auto decision = decide(pool, pool_command(action), at(9), catalogue());
  const auto* rejection = std::get_if<Rejection>(&decision.verdict);
  return rejection == nullptr ? "" : std::string(to_string(rejection->code));
}

State warm_server(OnRelease way = OnRelease::terminate, const std::string& profile = "standard") {
  auto create = a_create();
  create.profile = profile;
  create.warm = WarmPlace{"ci", 7, way};
  return after(State{}, decide(State{}, command(create), at(0), context()).events);
}

State running(State state) {
  return after(state, decide_due(the_server, the_region, state, at(10)));
}

State done(const State& state, const Action& action, Instant now = at(20)) {
  const auto decision = decide(state, command(action), now, context());
  REQUIRE(std::holds_alternative<Succeeded>(decision.verdict));
  return after(state, decision.events);
}

std::string refused(const State& state, const Action& action, Instant now = at(20)) {
  const auto decision = decide(state, command(action), now, context());
  REQUIRE(std::holds_alternative<Rejection>(decision.verdict));
  return std::string(to_string(std::get<Rejection>(decision.verdict).code));
}

eventstore::Message published(const WarmPoolId& pool, std::uint64_t number, const Create& create,
                              const eventstore::Headers& headers) {
  const auto id = messages::command_id_of_warm_create(pool, number);
  return {.subject = messages::server_command(the_region, messages::server_id_of_create(id)),
          .sequence = 1,
          .stored_at = {},
          .headers = headers,
          .payload = messages::encode_action(create)};
}

}  // namespace

TEST_CASE("a pool is set, changed, drained, and set again as a new one") {
  const auto set = after_all({SetWarmPool{terms()}});
  CHECK(set.terms == terms());
  CHECK(set.created_at == at(0));
  auto larger = terms();
  larger.target = 9;
  const auto changed = after_all({SetWarmPool{terms()}, SetWarmPool{larger}});
  CHECK(changed.terms == larger);
  CHECK(changed.created_at == at(0));
  CHECK(changed.last_change.at == at(1));
  const auto drained = after_all({SetWarmPool{terms()}, DrainWarmPool{}});
  CHECK(drained.draining);
  const auto again = after_all({SetWarmPool{terms()}, DrainWarmPool{}, SetWarmPool{terms()}});
  CHECK_FALSE(again.draining);
  CHECK(again.created_at == at(2));
}

TEST_CASE("what cannot be had is refused, also another region than the pool has") {
  auto wrong = terms();
  wrong.region = {"nowhere"};
  CHECK(code_of({}, SetWarmPool{wrong}) == "unknown_region");
  wrong = terms();
  wrong.instance_type = "x9.huge";
  CHECK(code_of({}, SetWarmPool{wrong}) == "unknown_type");
  wrong = terms();
  wrong.profile = "none";
  CHECK(code_of({}, SetWarmPool{wrong}) == "unknown_profile");
  wrong.profile = "seed";  // whose servers are STOPPED after their create
  CHECK(code_of({}, SetWarmPool{wrong}) == "invalid_transition");
  CHECK(code_of({}, DrainWarmPool{}) == "not_found");
  auto elsewhere = after_all({SetWarmPool{terms()}});
  elsewhere.terms->region = {"eu-west-1"};
  CHECK(code_of(elsewhere, SetWarmPool{terms()}) == "invalid_transition");
}

TEST_CASE("a ready server is acquired once, with a name, tags and a lease of its own") {
  const auto pending = warm_server();
  CHECK(stage_of(*pending.server) == Stage::warming);
  CHECK(refused(pending, Acquire{}, at(1)) == "not_ready");
  const auto ready = running(pending);
  CHECK(stage_of(*ready.server) == Stage::ready);
  const auto mine = done(ready, Acquire{"mine", {{"job", "12"}}, std::chrono::seconds(60)});
  CHECK(name_of(*mine.server) == "mine");
  CHECK(tags_of(*mine.server).at("job") == "12");
  CHECK(expires_at(*mine.server) == at(80));
  CHECK_FALSE(stage_of(*mine.server));
  CHECK(refused(mine, Acquire{}) == "not_ready");
  CHECK(refused(mine, Retire{}) == "not_ready");
  CHECK(refused(ready, Release{}) == "not_assigned");
}

TEST_CASE("what is released ends, or is as it was at its birth and ready once more") {
  const auto acquire = Acquire{"mine", {{"job", "12"}}, std::chrono::seconds(600)};
  const auto ended = done(done(running(warm_server()), acquire), Release{});
  CHECK(ended.server->status == Status::terminated);
  CHECK(ended.server->termination_reason == TerminationReason::released);
  const auto reset = done(done(running(warm_server(OnRelease::reset)), acquire), Release{});
  CHECK(reset.server->status == Status::rebooting);
  CHECK(stage_of(*reset.server) == Stage::resetting);
  CHECK(name_of(*reset.server) == a_create().name);
  CHECK_FALSE(expires_at(*reset.server));
  const auto again = after(reset, decide_due(the_server, the_region, reset, at(500)));
  CHECK(stage_of(*again.server) == Stage::ready);
  CHECK(done(again, Acquire{}, at(500)).server->assignment.has_value());
  const auto stopping = done(done(running(warm_server(OnRelease::reset)), acquire), Stop{});
  CHECK(done(stopping, Release{}).server->status == Status::terminated);  // it cannot be rebooted
}

TEST_CASE("nobody's server is retired from wherever it is") {
  CHECK(done(warm_server(), Retire{}, at(1)).server->termination_reason ==
        TerminationReason::retired);
  const auto stopped = done(running(warm_server()), Stop{});
  CHECK(stage_of(*stopped.server) == Stage::failed);
  CHECK(done(stopped, Retire{}).server->status == Status::terminated);
}

TEST_CASE("a number is tried once, also where a purge left nothing but its outcome") {
  const auto with_number = [] {
    auto create = a_create();
    create.warm = WarmPlace{"ci", 7, OnRelease::terminate};
    return create;
  };
  const auto first = command(with_number());
  const auto purged = decide_outcome(State{}, summary_of(first), CommandPurged{}, at(0));
  auto later = first;
  later.sequence += 100;
  const auto decision = decide(after(State{}, purged), later, at(1), context());
  CHECK(std::holds_alternative<Rejection>(decision.verdict));
  CHECK_FALSE(after(after(State{}, purged), decision.events).server);
}

TEST_CASE("a create takes a pool's number under the id of pool and number alone") {
  auto create = a_create();
  create.warm = WarmPlace{"ci", 7, OnRelease::terminate};
  const auto id = messages::command_id_of_warm_create(the_pool, 7).to_string();
  const eventstore::Header with_id{std::string(messages::header::command_id), id};
  CHECK(messages::decode_command(published(the_pool, 7, create, {with_id})));
  CHECK_FALSE(messages::decode_command(published(the_pool, 7, create, {})));
  CHECK_FALSE(messages::decode_command(published(the_pool, 8, create, {with_id})));
  const eventstore::Header account{std::string(messages::header::account), "team-a"};
  CHECK_FALSE(messages::decode_command(published(the_pool, 7, create, {with_id, account})));
}

TEST_CASE("a pool's account is its subject's, and a header may only say the same") {
  const auto decoded = [](const std::string& subject, const eventstore::Headers& headers) {
    return messages::decode_command({.subject = subject,
                                     .sequence = 1,
                                     .stored_at = {},
                                     .headers = headers,
                                     .payload = R"({"type":"drain_warm_pool"})"});
  };
  const eventstore::Header account{std::string(messages::header::account), "team-a"};
  const auto of_team = decoded("vsim.cmd._warm.team-a:ci", {});
  REQUIRE(of_team);
  CHECK(std::get<WarmPoolCommand>(of_team->command).pool == WarmPoolId{"team-a", "ci"});
  CHECK(decoded("vsim.cmd._warm.team-a:ci", {account}));
  CHECK_FALSE(decoded("vsim.cmd._warm.ci", {account}));
  CHECK_FALSE(decoded("vsim.cmd._warm.default:ci", {}));
  CHECK_FALSE(decoded("vsim.cmd._warm.-ci", {}));
  for (const WarmPoolId& pool : {WarmPoolId{"default", "ci"}, WarmPoolId{"team-a", "ci"}}) {
    CHECK(messages::parse_warm_pool_region(messages::warm_pool_region(pool)) == pool);
    CHECK(messages::parse_warm_pool_events_subject(messages::warm_pool_events(pool)) == pool);
  }
}

TEST_CASE("terms are read with what is left out, and out of range they say what to change") {
  const auto read = [](const char* json) { return messages::read_warm_pool_terms(json); };
  const auto few = read(R"({"region":"us-east-1","type":"t2.micro","target":20})");
  REQUIRE(few);
  CHECK(few->replenish_below == 20);
  CHECK(few->warming_max == 20);
  CHECK(few->on_release == OnRelease::terminate);
  CHECK(read(R"({"region":"us-east-1","type":"t2.micro"})").error().starts_with("\"target\""));
  CHECK_FALSE(read(R"({"region":"us-east-1","type":"t2.micro","target":-1})"));
  CHECK_FALSE(read(R"({"region":"us-east-1","type":"t2.micro","target":10001})"));
  CHECK_FALSE(read(R"({"region":"us-east-1","type":"t2.micro","target":1,"replenish_below":2})"));
  CHECK_FALSE(read(R"({"region":"us-east-1","type":"t2.micro","target":1,"warming_max":0})"));
  CHECK_FALSE(read(R"({"region":"us-east-1","type":"t2.micro","target":1,"on_release":"keep"})"));
  CHECK_FALSE(read(R"({"region":"us-east-1","type":"t2.micro","target":1,"targets":1})"));
  CHECK_FALSE(read(R"({"region":"US","type":"t2.micro","target":1})"));
}
