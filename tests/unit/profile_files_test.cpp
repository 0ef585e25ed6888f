// Goal (issue 16, 1.1 and 1.5): a profile is read as it was meant, or every mistake in it is told
// with its line. Method: a good profile over several lines, in which parts are changed.

#include "schema/messages/profile_files.h"

#include <doctest/doctest.h>

#include "schema/messages/json_lines.h"

using namespace vsim;
using messages::ProfileMistakes;
using messages::read_profile;

namespace {

const std::string good = R"({
  "delays": {
    "create": [
      {"weight": 98, "uniform_ms": [1, 2]},
      {"weight": 2, "mean_ms": 5, "longest_ms": 9, "ends": "FAILED", "code": "c_1", "detail": "d"}
    ],
    "start": {"fixed_ms": 0},
    "stop": [{"weight": 1, "fixed_ms": 7}, {"weight": 0, "ends": "stuck"}],
    "reboot": {"median_ms": 3, "sigma": 0.5, "longest_ms": 9},
    "terminate": {"fixed_ms": 0}
  },
  "hazards": {
    "host_failure": {"after": {"mean_ms": 5, "longest_ms": 9}, "ends": "FAILED"},
    "impairment": {"after": {"fixed_ms": 1}, "lasting": {"fixed_ms": 2}}
  },
  "create_ends_in": "RUNNING",
  "idle_timeout_seconds": 60,
  "billing": {"billable": ["RUNNING"], "granularity_seconds": 1, "minimum_seconds": 0}
})";

std::string with(const std::string& what, const std::string& instead, std::string text = good) {
  const auto at = text.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, what);
  return text.replace(at, what.size(), instead);
}

/// "LINE: what is wrong", one line each; empty: nothing is.
std::string mistakes_in(const std::string& text) {
  const auto profile = read_profile(text, "some");
  std::string all;
  for (const auto& mistake : profile ? ProfileMistakes{} : profile.error()) {
    all += std::to_string(mistake.line) + ": " + mistake.text() + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("a profile with courses and hazards is read whole") {
  const auto profile = read_profile(good, "some");
  REQUIRE(profile);
  const auto& create = profile->courses[static_cast<std::size_t>(Transition::create)].several;
  REQUIRE(create.size() == 2);
  CHECK(create[0] == Course{.delay = UniformDelay{Duration(1), Duration(2)}, .weight = 98});
  CHECK(create[1] == Course{.delay = ExponentialDelay{Duration(5), Duration(9)},
                            .weight = 2,
                            .ending = Ending::failed,
                            .code = "c_1",
                            .detail = "d"});
  const auto& stop = profile->courses[static_cast<std::size_t>(Transition::stop)].several;
  CHECK(stop[1].ending == Ending::stuck);
  REQUIRE(profile->risks.size() == 2);
  CHECK(profile->risks[0].becomes == Status::failed);
  CHECK(profile->risks[1].lasting == Delay(FixedDelay{Duration(2)}));
}

TEST_CASE("each mistake is told with its line and member") {
  const auto check = [](const std::string& what, const std::string& instead,
                        const std::string& told) {
    CAPTURE(what);
    CAPTURE(instead);
    CHECK(mistakes_in(with(what, instead)) == told);
  };
  check("\"weight\": 98", "\"weight\": -1",
        "4: delays.create[0]: \"weight\" must be a whole number, 0 or more\n");
  check("\"weight\": 98", "\"weight\": 1000001",
        "4: delays.create[0]: \"weight\" must be 1000000 at most\n");
  check("\"weight\": 98", "\"weight\": 1000000", "");
  check("\"ends\": \"FAILED\", \"code\": \"c_1\", \"detail\": \"d\"", "\"ends\": \"FAILED\"",
        "5: delays.create[1]: \"code\" must be a word of 1 to 64 of a-z, 0-9, _, . and -\n");
  check("\"detail\": \"d\"", "\"detail\": \"\"",
        "5: delays.create[1]: \"detail\" must have 1 to 256 characters, it has 0\n");
  check("\"ends\": \"stuck\"", "\"ends\": \"FAILED\", \"fixed_ms\": 1",
        "8: delays.stop[1]: \"ends\" must be stuck, or be left out\n");
  check("\"ends\": \"stuck\"", "\"ends\": \"stuck\", \"fixed_ms\": 1",
        "8: delays.stop[1]: \"fixed_ms\" is not known here; the nearest name is \"ends\", and "
        "there are "
        "weight, ends\n");
  check("[{\"weight\": 1, \"fixed_ms\": 7}", "[{\"weight\": 0, \"fixed_ms\": 7}",
        "8: delays.stop: must have a course with a weight above 0\n");
  check("{\"weight\": 0, \"ends\": \"stuck\"}", "7", "8: delays.stop[1]: must be an object\n");
  check("\"impairment\": {\"after\": {\"fixed_ms\": 1}",
        "\"impairment\": {\"after\": {\"fixed_ms\": -1}",
        "14: hazards.impairment.after: has a delay that is negative or upside down\n");
  check(", \"ends\": \"FAILED\"},\n    \"imp", "},\n    \"imp",
        "13: hazards.host_failure: \"ends\" must be a string\n");
  check("\"impairment\": {\"after\": {\"fixed_ms\": 1}", "\"impairment\": {\"after\": {}",
        "14: hazards.impairment: \"uniform_ms\" must be an array\n");
  check("\"billable\": [\"RUNNING\"]", "\"billable\": [\"FAILED\"]",
        "18: billing: \"billable\" must not hold FAILED: what did not boot costs nothing\n");
  check("\"idle_timeout_seconds\": 60", "\"idle_timeout_seconds\": 1.5",
        "17: \"idle_timeout_seconds\" must be a whole number\n");
}

TEST_CASE("all mistakes of a file are told, in the order of its lines") {
  auto text = with("\"weight\": 98", "\"weight\": 1000001");
  text = with("\"sigma\": 0.5", "\"sigma\": -1", text);
  text = with("\"minimum_seconds\": 0", "\"minimum_seconds\": -1", text);
  const auto profile = read_profile(text, "some");
  REQUIRE_FALSE(profile);
  REQUIRE(profile.error().size() == 3);
  CHECK(profile.error()[0].line == 4);
  CHECK(profile.error()[1].line == 9);
  CHECK(profile.error()[2].line == 18);
}

TEST_CASE("a transition has 16 courses at most") {
  const auto with_courses = [](int count) {
    std::string list = "\"start\": [";
    for (int i = 0; i < count; ++i) {
      list += std::string(i == 0 ? "" : ",") + R"({"weight":1,"fixed_ms":0})";
    }
    return mistakes_in(with("\"start\": {\"fixed_ms\": 0}", list + "]"));
  };
  CHECK(with_courses(16).empty());
  CHECK(with_courses(17) == "7: delays.start: has 17 courses, 16 at most\n");
}

TEST_CASE("what is no JSON is told with the line where it ends to be some") {
  CHECK(mistakes_in(with("\"create_ends_in\": \"RUNNING\",", "\"create_ends_in\" \"RUNNING\","))
            .starts_with("16: "));
  CHECK(mistakes_in("").starts_with("1: "));
  CHECK(mistakes_in("[]").starts_with("1: "));
  CHECK(mistakes_in(with("\"fixed_ms\": 7}", "\"fixed_ms\": 7.}")).starts_with("8: "));
  CHECK(mistakes_in(with("\"hazards\"", "\"delays\"")) == "12: \"delays\" is given twice\n");
  CHECK(mistakes_in(with("\"sigma\": 0.5,", "\"sigma\": 0.5,\n\"sigma\": 0.5,")) ==
        "10: \"sigma\" is given twice\n");
}

TEST_CASE("the line of a member, of an element, or of what would hold it") {
  const messages::JsonLines lines(
      "{\"a\": [1,\n {\"b\\\"x\": \"}\\\"\",\n\"c\": {}}],\n\"d\":2}\n");
  CHECK(lines.line_of("a") == 1);
  CHECK(lines.line_of("a[1]") == 2);
  CHECK(lines.line_of("a[1].c") == 3);
  CHECK(lines.line_of("a[1].c.missing") == 3);
  CHECK(lines.line_of("d") == 4);
  CHECK(lines.line_of("nowhere") == 1);
  CHECK(lines.last_line() == 5);
}
