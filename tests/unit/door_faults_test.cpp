// Goal: faults of the door are read to the letter, hold as long as they say, and strike the same
// requests on every system.
// Method: bodies at and one past each limit; a fold of decisions; rows of draws written out.

#include "domain/door_faults.h"

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "schema/http/write_requests.h"
#include "schema/messages/faults_codec.h"

namespace vsim {
namespace {

using std::chrono::seconds;

const Instant noon =
    Instant(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) + std::chrono::hours(12);

/// What is wrong with a body whose only rule is this; empty: nothing.
std::string mistake_in(const std::string& rule) {
  const auto set = http::read_faults_request(R"({"rules":[)" + rule + "]}");
  return set ? "" : set.error();
}

/// A rule that is whole but for these members.
std::string with(const std::string& members) {
  return R"({"every":1,"status":503,)" + members + "}";
}

FaultsCommand command(std::uint64_t number, FaultsAction action) {
  Uuid id;
  id.bytes[0] = static_cast<std::uint8_t>(number);
  return {{{id}, number, "hash", {"ops", ""}}, std::move(action)};
}

SetFaults rules_of(const std::string& body) {
  const auto set = http::read_faults_request(body);
  REQUIRE_MESSAGE(set, set.error());
  return *set;
}

/// Which of the first requests a rule strikes, one letter each.
std::string row(const FaultRule& rule, std::uint64_t seed, std::uint64_t number) {
  std::string row;
  for (std::uint64_t n = 1; n <= 24; ++n) {
    row += strikes(rule, seed, number, n) ? 'x' : '.';
  }
  return row;
}

}  // namespace

TEST_CASE("a rule is read at its limits and refused one past each, with its place") {
  struct Row {
    std::string rule;
    std::string mistake;  // that is named; empty: none
  };
  const std::string name64(64, 'n');
  const std::string path(fault_route_characters_max - 5, 'a');
  for (const auto& [rule, mistake] : std::vector<Row>{
           {R"({"every":1,"status":429})", ""},
           {R"({"every":1000000,"status":500})", ""},
           {R"({"every":0,"status":502})", "\"every\" must be 1 to 1000000"},
           {R"({"every":1000001,"status":504})", "\"every\" must be 1 to 1000000"},
           {R"({"every":1.5,"status":503})", "\"every\" must be a whole number"},
           {R"({"probability":1,"cut":true})", ""},
           {R"({"probability":1e-9,"cut":true})", ""},
           {R"({"probability":0,"cut":true})", "\"probability\" must be above 0"},
           {R"({"probability":1.0001,"cut":true})", "\"probability\" must be above 0"},
           {R"({"probability":1,"every":2,"cut":true})",
            "exactly one of \"probability\", \"every\""},
           {R"({"cut":true})", "exactly one of \"probability\", \"every\""},
           {R"({"every":1})", "exactly one of \"status\", \"delay_seconds\", \"cut\""},
           {R"({"every":1,"cut":true,"status":503})", "exactly one of \"status\""},
           {R"({"every":1,"cut":false})", "\"cut\" can only be true"},
           {R"({"every":1,"status":418})", "\"status\" must be 429, 500, 502, 503 or 504"},
           {R"({"every":1,"status":4294967799})", "\"status\" must be 429"},
           {R"({"every":1,"delay_seconds":0.001})", ""},
           {R"({"every":1,"delay_seconds":60})", ""},
           {R"({"every":1,"delay_seconds":0.0004})", "\"delay_seconds\" must be 0.001 to 60"},
           {R"({"every":1,"delay_seconds":60.001})", "\"delay_seconds\" must be 0.001 to 60"},
           {with(R"("for_seconds":1)"), ""},
           {with(R"("for_seconds":315576000)"), ""},
           {with(R"("for_seconds":0)"), "\"for_seconds\" must be 1 to 315576000"},
           {with(R"("for_seconds":315576001)"), "\"for_seconds\" must be 1 to 315576000"},
           {with(R"("until":"2026-03-01T13:00:00Z")"), ""},
           {with(R"("until":"tomorrow")"), "\"until\" must be an RFC 3339 time"},
           {with(R"("until":"2026-03-01T13:00:00Z","for_seconds":1)"), "give either \"until\""},
           {with(R"("when":"after")"), ""},
           {with(R"("when":"later")"), "\"when\" must be before or after"},
           {with(R"("name":")" + name64 + "\""), ""},
           {with(R"("name":")" + name64 + "n\""), "\"name\" must be 1 to 64"},
           {with(R"("name":"a\r\nb")"), "\"name\" must be 1 to 64"},
           {with(R"("key":"ci")"), ""},
           {with(R"("key":"")"), "\"key\" must not be empty"},
           {with(R"("key":")" + name64 + "n\""), "\"key\" must be the name of a key"},
           {with(R"("key":null)"), ""},
           {
               with(R"("route":"GET /)" + path + "\""),
               "",
           },
           {with(R"("route":"GET /)" + path + "a\""), "\"route\" must be a method and a path"},
           {with(R"("route":"/servers")"), "\"route\" must be a method and a path"},
           {with(R"("route":"get /servers")"), "\"route\" must be a method and a path"},
           {with(R"("route":"GET /healthz")"), "\"route\" must not be GET /healthz"},
           {with(R"("route":"PUT /faults")"), "\"route\" must not be PUT /faults"},
           {with(R"("rout":"GET /servers")"), "the nearest name is \"route\""},
           {with(R"("every":2)"), "\"every\" is given twice"},
           {"1", "must be an object"}}) {
    CAPTURE(rule);
    const auto told = mistake_in(rule);
    CHECK_MESSAGE(told.empty() == mistake.empty(), told);
    CHECK_MESSAGE(told.find(mistake) != std::string::npos, told);
    const bool has_place = told.empty() || told.find("rules[0]: ") != std::string::npos ||
                           told.find("given twice") != std::string::npos;
    CHECK_MESSAGE(has_place, told);
  }
}

TEST_CASE("rules are 1 to 32, and each that is wrong is told") {
  const auto many = [](std::size_t count) {
    std::string rules;
    for (std::size_t i = 0; i < count; ++i) {
      rules += (i > 0 ? "," : "") + std::string(R"({"every":1,"status":503})");
    }
    return R"({"rules":[)" + rules + "]}";
  };
  CHECK(rules_of(many(fault_rules_max)).rules.size() == 32);
  CHECK(http::read_faults_request(many(fault_rules_max + 1)).error().find("at most 32") !=
        std::string::npos);
  CHECK_FALSE(http::read_faults_request(many(0)));
  CHECK_FALSE(http::read_faults_request("{}"));
  CHECK(rules_of(R"({"rules":[{"every":1,"cut":true}],"seed":9007199254740991})").seed ==
        fault_seed_max);
  CHECK_FALSE(
      http::read_faults_request(R"({"rules":[{"every":1,"cut":true}],"seed":9007199254740992})"));
  const auto both =
      http::read_faults_request(
          R"({"rules":[{"every":0,"cut":true},{"every":1,"cut":true},{"every":1,"status":1}]})")
          .error();
  CHECK(both.find("rules[0]: \"every\"") != std::string::npos);
  CHECK(both.find("; rules[2]: \"status\"") != std::string::npos);
}

TEST_CASE("rules hold from the decision on as long as they say, until others are set or none") {
  const auto set = rules_of(
      R"({"rules":[{"every":1,"status":503,"for_seconds":60},{"every":2,"cut":true}],"seed":5})");
  const auto first = decide(DoorFaults{}, command(1, set), noon, 7);
  REQUIRE(first.events.size() == 1);
  auto faults = evolve(DoorFaults{}, first.events.front());
  REQUIRE(faults.rules.size() == 2);
  CHECK(faults.rules[0].in_force_at(noon + seconds(60) - Duration(1)));
  CHECK_FALSE(faults.rules[0].in_force_at(noon + seconds(60)));
  CHECK(faults.rules[1].in_force_at(noon + std::chrono::years(100)));
  CHECK(faults.seed == 5);
  CHECK(faults.changed == 1);
  CHECK(faults.changed_by == "ops");

  // The same delivery again, and an older one, change nothing.
  CHECK(decide(faults, command(1, set), noon, 7).events.empty());

  // An outcome that changes nothing leaves the rules, and the requests go on counting.
  auto later = set;
  later.seed.reset();
  later.rules[1].rule.until = noon;
  const auto refused = decide(faults, command(2, later), noon, 7);
  REQUIRE(refused.events.size() == 1);
  const auto* rejected = std::get_if<CommandRejected>(&refused.events.front().data);
  REQUIRE(rejected != nullptr);
  CHECK(rejected->rejection.detail.find("rules[1]: \"until\" has passed") == 0);
  const auto before = faults;
  faults = evolve(faults, refused.events.front());
  CHECK(faults.rules == before.rules);
  CHECK(faults.changed == 1);
  CHECK(faults.version == 2);

  later.rules[1].rule.until = noon + Duration(1);
  faults = evolve(faults, decide(faults, command(3, later), noon, 7).events.front());
  CHECK(faults.seed == 7);  // the clock's
  CHECK(faults.changed == 3);
  faults = evolve(faults, decide(faults, command(4, LiftFaults{}), noon, 7).events.front());
  CHECK(faults.rules.empty());
  // Lifting what is lifted is no mistake.
  CHECK(decide(faults, command(5, LiftFaults{}), noon, 7).events.size() == 1);
}

TEST_CASE("what a rule strikes follows from seed, rule and number of the request alone") {
  const FaultRule every{
      .name = {}, .route = {}, .key = {}, .share = EveryNth{3}, .effect = {}, .until = {}};
  CHECK(row(every, 1, 1) == "..x..x..x..x..x..x..x..x");
  FaultRule third = every;
  third.share = ByProbability{1.0 / 3};
  // Never to be changed: users have these rows in their tests.
  CHECK(row(third, 42, 1) == "......xx...x.x..........");
  CHECK(row(third, 42, 2) == ".xxx.x.x..xx....x...x.xx");
  CHECK(row(third, 43, 1) == "...x..x.x.x.x.x..x..xxx.");
  FaultRule always = every;
  always.share = ByProbability{1};
  CHECK(row(always, 42, 1) == std::string(24, 'x'));
  int struck = 0;
  for (std::uint64_t n = 1; n <= 3000; ++n) {
    struck += strikes(third, 42, 1, n) ? 1 : 0;
  }
  CHECK(struck > 900);
  CHECK(struck < 1100);
}

TEST_CASE("what shows how the API is, and lifts faults, never has any") {
  for (const char* route : {"GET /healthz", "GET /readyz", "GET /metrics", "GET /faults",
                            "PUT /faults", "DELETE /faults"}) {
    CHECK_MESSAGE(is_spared(route), route);
  }
  for (const char* route : {"GET /servers", "POST /clock", "GET /openapi.json", "GET", ""}) {
    CHECK_MESSAGE(!is_spared(route), route);
  }
}

}  // namespace vsim
