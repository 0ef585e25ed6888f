// Goal: bodies of writes say what they mean or are refused with what to change, and a repeat of a
// request is told from another request.
// Method: bodies wrong in one place each; the hash of SHA-256's own test vector shape.

#include "schema/http/write_requests.h"

#include <string>

#include <doctest/doctest.h>

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

TEST_CASE("a name is taken at its limit and refused one past it") {
  const auto create = [](std::size_t length) {
    return read_create_request(R"({"region":"us-east-1","type":"t2.micro","name":")" +
                               std::string(length, 'n') + "\"}");
  };
  CHECK(create(128));
  CHECK_FALSE(create(129));
  CHECK_FALSE(create(0));
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

TEST_CASE("words for headers are printable ASCII up to their limit") {
  CHECK(is_header_word("a b~", 4));
  CHECK_FALSE(is_header_word("a b~c", 4));
  CHECK_FALSE(is_header_word("", 4));
  CHECK_FALSE(is_header_word("a\n", 4));
  CHECK_FALSE(is_header_word("\x7f", 4));
  CHECK_FALSE(is_header_word("\xc3\xbc", 4));
}

TEST_CASE("the hash tells method, path and payload apart") {
  const auto hash = request_hash("POST", "/servers", "{}");
  CHECK(hash == "c19e11a171ea0b928e590e81d4f0b4915a6b2cbda20fe6a6123448eb83819ee4");
  CHECK(hash == request_hash("POST", "/servers", "{}"));
  CHECK(hash != request_hash("POST", "/servers", "{ }"));
  CHECK(hash != request_hash("PUT", "/servers", "{}"));
  CHECK(hash != request_hash("POST", "/server", "{}"));
}

}  // namespace
}  // namespace vsim::http
