// Goal: bodies of writes say what they mean or are refused with what to change, and a repeat of a
// request is distinguished from another request.
// Method: bodies wrong in one place each; the hash of SHA-256's own test vector shape.

#include "schema/http/write_requests.h"

#include <string>

#include <doctest/doctest.h>

#include "schema/messages/action_codec.h"

namespace vsim::http {
namespace {

TEST_CASE("a create names its region, name and type") {
  const auto request = read_create_request(
      R"({"name":"web-1","region":"us-east-1","type":"t2.micro","tags":{"team":"a"}})");
  REQUIRE(request);
  CHECK(request->region.name == "us-east-1");
  CHECK(request->create.name == "web-1");
  CHECK(request->create.instance_type == "t2.micro");
  CHECK(request->create.tags.at("team") == "a");
}

TEST_CASE("a create that is malformed says where") {
  for (const char* body :
       {"", "{", "[]", "null", "\"x\"", "{}", R"({"name":"a","type":"t2.micro"})",
        R"({"name":"a","region":7,"type":"t2.micro"})",
        R"({"name":"a","region":"US EAST","type":"t2.micro"})",
        R"({"name":"a","region":"vsim.>","type":"t2.micro"})",
        R"({"name":1,"region":"us-east-1","type":"t2.micro"})",
        R"({"name":"a\u0000b","region":"us-east-1","type":"t2.micro"})",
        R"({"name":"a","region":"us-east-1","type":"t2.micro","tags":[]})",
        R"({"name":"a","region":"us-east-1","type":"t2.micro","name":"b"})",
        R"({"name":"a","region":"us-east-1","type":"t2.micro"} trailing)"}) {
    INFO(body);
    const auto request = read_create_request(body);
    REQUIRE_FALSE(request);
    CHECK(request.error().starts_with("the body is wrong: "));
  }
}

TEST_CASE("members of a body that are not known are refused, not dropped: issue 12, 9") {
  const auto create = [](const std::string& member) {
    const auto request = read_create_request(
        R"({"name":"a","region":"us-east-1","type":"t2.micro",)" + member + "}");
    return request ? "" : request.error();
  };
  CHECK(create(R"("tags":{"tag":"x","name":"y"})").empty());
  CHECK(create(R"("tag":{"team":"a"})") ==
        "the body is wrong: \"tag\" is not known here; the nearest name is \"tags\", and there are "
        "name, region, type, profile, tags, idle_timeout_seconds, lease_seconds, instance_type");
  CHECK(create(R"("idle_timeout":60)").find("nearest name is \"idle_timeout_seconds\"") !=
        std::string::npos);
  CHECK(create(R"("Profile":"ec2")").find("nearest name is \"profile\"") != std::string::npos);
  CHECK(create(R"("tag":null)").find("\"tag\" is not known") != std::string::npos);
  CHECK(create(R"("instance_type":"t2.small")").find("and not both") != std::string::npos);
  const auto action = read_action_request(R"({"action":"stop","force":true})");
  REQUIRE_FALSE(action);
  CHECK(action.error() ==
        "the body is wrong: \"force\" is not known here; there is only \"action\"");
  CHECK_FALSE(read_clock_request(R"({"scale":2,"seed":7})"));
}

TEST_CASE("a name twice in a body is refused at any depth: issue 12, 9") {
  for (const char* tags : {R"({"team":"a","team":"b"})", R"({"team":"a","team":"a"})",
                           R"({"team":"a","\u0074eam":"b"})"}) {
    CAPTURE(tags);
    const auto request = read_create_request(
        R"({"name":"a","region":"us-east-1","type":"t2.micro","tags":)" + std::string(tags) + "}");
    REQUIRE_FALSE(request);
    CHECK(request.error() == "the body is wrong: \"team\" is given twice");
  }
  CHECK_FALSE(read_action_request(R"({"action":"stop","action":"stop"})"));
}

TEST_CASE("a name is taken at its limit and refused one past it") {
  const auto create = [](std::size_t length) {
    return read_create_request(R"({"region":"us-east-1","type":"t2.micro","name":")" +
                               std::string(length, 'n') + "\"}");
  };
  CHECK(create(128));
  CHECK_FALSE(create(129));
  CHECK_FALSE(create(0));
}

TEST_CASE("a whole number may be written with a fraction of nothing, as JSON has it") {
  const auto with_timeout = [](const std::string& number) {
    return read_create_request(
        R"({"region":"us-east-1","type":"t2.micro","name":"n","idle_timeout_seconds":)" + number +
        "}");
  };
  const auto sixty = with_timeout("60.0");
  REQUIRE(sixty);
  CHECK(sixty->create.idle_timeout == std::chrono::seconds(60));
  CHECK(with_timeout("60"));
  CHECK(with_timeout("6e1"));
  for (const char* number : {"60.5", "-1", "-1.0", "1e300", "-1e300", "9007199254740994.0"}) {
    INFO(number);
    CHECK_FALSE(with_timeout(number));
  }
}

TEST_CASE("a lease is asked for in whole seconds, at the limits and not one past them") {
  const auto lease = [](const std::string& number) {
    const auto request = read_create_request(
        R"({"region":"us-east-1","type":"t2.micro","name":"n","lease_seconds":)" + number + "}");
    return request ? std::optional(request->create.lease) : std::nullopt;
  };
  CHECK(lease("0") == Duration(0));
  CHECK(lease("null") == Duration(0));
  CHECK(lease("60.0") == std::chrono::seconds(60));
  CHECK(lease("315360000") == messages::lease_max);
  for (const char* wrong : {"-1", "1.5", "315360001", "\"60\"", "true", "[]"}) {
    CAPTURE(wrong);
    CHECK_FALSE(lease(wrong));
  }
  const auto extension = [](const std::string& number) {
    const auto request = read_lease_request(R"({"extend_seconds":)" + number + "}");
    return request ? std::optional(request->by) : std::nullopt;
  };
  CHECK(extension("1") == std::chrono::seconds(1));
  CHECK(extension("315360000") == messages::lease_max);
  for (const char* wrong : {"0", "-1", "1.5", "315360001", "null", "\"1\""}) {
    CAPTURE(wrong);
    CHECK_FALSE(extension(wrong));
  }
  CHECK(read_lease_request(R"({"lease_seconds":1})").error() ==
        "the body is wrong: \"lease_seconds\" is not known here; there is only "
        "\"extend_seconds\"");
  CHECK_FALSE(read_lease_request("{}"));
  CHECK_FALSE(read_lease_request(R"({"extend_seconds":1,"extend_seconds":1})"));
}

TEST_CASE("an acquisition may ask for nothing, and for no more than it knows") {
  for (const char* nothing : {"", "{}", R"({"name":null,"tags":null,"lease_seconds":0})"}) {
    CAPTURE(nothing);
    CHECK(read_acquire_request(nothing) == Acquire{});
  }
  const auto all =
      read_acquire_request(R"({"name":"job-7","tags":{"job":"7"},"lease_seconds":60})");
  REQUIRE(all);
  CHECK(all->name == "job-7");
  CHECK(all->tags.at("job") == "7");
  CHECK(all->lease == std::chrono::seconds(60));
  for (const char* wrong : {"[]", "null", R"({"name":""})", R"({"lease_seconds":-1})",
                            R"({"lease_seconds":1.5})", R"({"tags":{"vsim:stop":"stuck"}})",
                            R"({"type":"acquire"})", R"({"name":"a","name":"a"})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_acquire_request(wrong));
  }
  CHECK_FALSE(find_wrong_in_release_request(""));
  CHECK_FALSE(find_wrong_in_release_request("{}"));
  CHECK(find_wrong_in_release_request("[]"));
  CHECK(find_wrong_in_release_request(R"({"name":"a"})"));
}

TEST_CASE("an action is read in any case") {
  CHECK(command_type(*read_action_request(R"({"action":"stop"})")) == "stop");
  CHECK(command_type(*read_action_request(R"({"action":"STOP"})")) == "stop");
  CHECK(command_type(*read_action_request(R"({"action":"Terminate"})")) == "terminate");
  for (const char* body : {"{}", R"({"action":"create"})", R"({"action":""})", R"({"action":null})",
                           R"({"action":["stop"]})", R"({"action":"stop "})"}) {
    INFO(body);
    CHECK_FALSE(read_action_request(body));
  }
}

TEST_CASE("a change of the clock scales it or advances it") {
  CHECK(*read_clock_request(R"({"scale":60})") == ClockAction(ScaleClock{60}));
  CHECK(*read_clock_request(R"({"scale":0.5})") == ClockAction(ScaleClock{0.5}));
  CHECK(*read_clock_request(R"({"scale":1000000})") == ClockAction(ScaleClock{1e6}));
  CHECK(*read_clock_request(R"({"scale":0.000001})") == ClockAction(ScaleClock{1e-6}));
  using std::chrono::seconds;
  CHECK(*read_clock_request(R"({"advance_seconds":0})") == ClockAction(AdvanceClock{seconds(0)}));
  CHECK(*read_clock_request(R"({"advance_seconds":1.2344})") ==
        ClockAction(AdvanceClock{Duration(1234)}));
  CHECK(*read_clock_request(R"({"advance_seconds":315576000})") ==
        ClockAction(AdvanceClock{advance_max}));
  CHECK(*read_clock_request(R"({"advance_seconds":1,"scale":null})") ==
        ClockAction(AdvanceClock{seconds(1)}));
}

TEST_CASE("a change of the clock that cannot be says what to change") {
  struct Row {
    const char* body;
    const char* expected;
  };
  const char* const one_of = R"(give either "scale" or "advance_seconds", and not both)";
  const char* const scale = R"("scale" is out of range: scale must be 0.000001 to 1000000)";
  const char* const seconds =
      R"("advance_seconds" is out of range: seconds to advance must be 0 to 315576000)";
  for (const Row& row : std::initializer_list<Row>{
           {"", "no JSON"},
           {"[1]", "must be a JSON object"},
           {"{}", one_of},
           {R"({"seconds":5})",
            R"("seconds" is not known here; the nearest name is "advance_seconds", and there are)"},
           {R"({"scale":null})", one_of},
           {R"({"scale":1,"advance_seconds":1})", one_of},
           {R"({"scale":1,"scale":2})", R"("scale" is given twice)"},
           {R"({"scale":"60"})", R"("scale" must be a number)"},
           {R"({"scale":NaN})", "no JSON"},
           {R"({"scale":1e999})", "no JSON"},
           {R"({"scale":0})", scale},
           {R"({"scale":-1})", scale},
           {R"({"scale":1000000.001})", scale},
           {R"({"scale":0.0000009})", scale},
           {R"({"scale":1e-308})", scale},
           {R"({"scale":-0})", scale},
           {R"({"advance_seconds":true})", R"("advance_seconds" must be a number)"},
           {R"({"advance_seconds":-1})", seconds},
           {R"({"advance_seconds":-0.0001})", seconds},
           {R"({"advance_seconds":315576000.001})", seconds},
           {R"({"advance_seconds":1e300})", seconds}}) {
    INFO(row.body);
    const auto request = read_clock_request(row.body);
    REQUIRE_FALSE(request);
    CHECK_MESSAGE(request.error().starts_with("the body is wrong: " + std::string(row.expected)),
                  request.error());
  }
}

TEST_CASE("words for headers are printable ASCII up to their limit") {
  CHECK(is_header_word("a b~", 4));
  CHECK_FALSE(is_header_word("a b~c", 4));
  CHECK_FALSE(is_header_word("", 4));
  CHECK_FALSE(is_header_word("a\n", 4));
  CHECK_FALSE(is_header_word("\x7f", 4));
  CHECK_FALSE(is_header_word("\xc3\xbc", 4));
}

}  // namespace
}  // namespace vsim::http
