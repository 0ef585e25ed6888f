// Goal: a mistyped name is reported with the one that was meant, and a doubled one is found at any
// depth (issue 12, number 9). Method: names with one error each, and documents with a double.

#include "schema/messages/member_names.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "schema/messages/json_fields.h"

namespace vsim::messages {
namespace {

constexpr std::array<std::string_view, 6> members{"name",    "region", "type",
                                                  "profile", "tags",   "idle_timeout_seconds"};

std::string double_in(const std::string& json) {
  std::string error;
  const auto object = parse_object(json, error);
  REQUIRE_MESSAGE(object, error);
  return find_double(*object).value_or("");
}

TEST_CASE("the nearest name is the one with the fewest edits") {
  struct Row {
    const char* given;
    const char* nearest;
  };
  for (const auto& [given, nearest] : std::initializer_list<Row>{
           {"tag", "tags"},
           {"nmae", "name"},  // two neighbours swapped
           {"Name", "name"},
           {"REGION", "region"},
           {"reigon", "region"},
           {"tyype", "type"},
           {"profil", "profile"},
           {"idle_timeout", "idle_timeout_seconds"},     // its end left out
           {"timeout_seconds", "idle_timeout_seconds"},  // its begin left out
           {"idleTimeoutSeconds", "idle_timeout_seconds"},
           {"idle-timeout-seconds", "idle_timeout_seconds"}}) {
    CAPTURE(given);
    CHECK(nearest_name(given, members) == nearest);
  }
  CHECK(nearest_name("tag", {}).empty());
  CHECK_FALSE(nearest_name(std::string(100'000, 'x'), members).empty());  // and soon
}

TEST_CASE("an unknown name is reported with the nearest and with all that there are") {
  CHECK(unknown_name("tag", members) ==
        "\"tag\" is not known here; the nearest name is \"tags\", and there are name, region, "
        "type, profile, tags, idle_timeout_seconds");
  CHECK(unknown_name("actoin", Names(members).first(1)) ==
        "\"actoin\" is not known here; there is only \"name\"");
  CHECK(unknown_name("x", {}) == "\"x\" is not known here; there is nothing to give");
}

TEST_CASE("a name is shown up to 64 bytes, between characters and without controls") {
  const auto complaint = [](const std::string& name) { return unknown_name(name, {}); };
  CHECK(complaint(std::string(64, 'n')).starts_with("\"" + std::string(64, 'n') + "\" is"));
  CHECK(complaint(std::string(65, 'n')).starts_with("\"" + std::string(64, 'n') + "...\" is"));
  CHECK(complaint(std::string(63, 'n') + "\u00e4")
            .starts_with("\"" + std::string(63, 'n') + "...\""));
  CHECK(complaint("a\nb\x1b").starts_with("\"a?b?\" is"));
}

TEST_CASE("members that are not known are found, also when they are null") {
  std::string error;
  const auto object = parse_object(R"({"name":"a","tags":{"anything":"b"},"tag":null})", error);
  REQUIRE(object);
  CHECK(find_unknown_member(*object, members)->starts_with("\"tag\" is not known here"));
  const auto known = parse_object(R"({"name":"a","tags":{"anything":"b"}})", error);
  REQUIRE(known);
  CHECK_FALSE(find_unknown_member(*known, members));
}

TEST_CASE("a name given twice is found at any depth, and the same name in two objects is none") {
  for (const char* json :
       {R"({"a":1,"a":1})", R"({"b":{"a":1,"a":2}})", R"({"b":[0,{"a":1,"a":2}]})",
        R"({"b":[[{"c":{"a":1,"x":0,"a":2}}]]})", R"({"a":1,"\u0061":2})"}) {
    CAPTURE(json);
    CHECK(double_in(json) == "\"a\" is given twice");
  }
  for (const char* json :
       {R"({})", R"({"a":{"a":{"a":1}}})", R"({"b":[{"a":1},{"a":2}]})", R"({"a":1,"A":2})"}) {
    CAPTURE(json);
    CHECK(double_in(json).empty());
  }
  // As deep as documents may nest.
  const std::size_t depth = json_depth_max - 3;
  CHECK(double_in(R"({"b":)" + std::string(depth, '[') + R"({"a":1,"a":2})" +
                  std::string(depth, ']') + "}") == "\"a\" is given twice");
}

}  // namespace
}  // namespace vsim::messages
