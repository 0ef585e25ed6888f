// Goal: a path finds its own handler and no other, and a wrong method is distinguished from a wrong
// path. Method: a small table of routes; paths that are off by one word, slash or case.

#include "api/route_table.h"

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

RouteTable small_table() {
  const Handler none;
  return RouteTable({{Method::get, "/servers", {}, none},
                     {Method::post, "/servers", {}, none},
                     {Method::get, "/servers/{id}", {}, none},
                     {Method::remove, "/servers/{id}", {}, none},
                     {Method::get, "/servers/{id}/logs", {}, none},
                     {Method::post, "/regions/{region}/addresses", {}, none}});
}

TEST_CASE("a path finds the route of its form, and the word in its place") {
  const auto table = small_table();
  const auto found = table.find("GET", "/servers/abc/logs");
  REQUIRE(found);
  CHECK(found->index == 4);
  CHECK(found->parameter == "abc");
  CHECK(table.find("POST", "/servers")->index == 1);
  CHECK(table.find("DELETE", "/servers/abc")->index == 3);
  CHECK(table.find("POST", "/regions/us-east-1/addresses")->parameter == "us-east-1");
}

TEST_CASE("HEAD goes where GET goes") {
  CHECK(small_table().find("HEAD", "/servers/abc")->index == 2);
}

TEST_CASE("paths of no form find nothing") {
  for (const char* path :
       {"", "/", "servers", "/server", "/servers/", "/servers//", "/servers//logs",
        "/servers/a/log", "/servers/a/logs/", "/servers/a/logs/b", "/Servers", "//servers",
        "/regions/addresses", "*"}) {
    INFO(path);
    CHECK_FALSE(small_table().find("GET", path));
  }
}

TEST_CASE("issue 12: an escaped slash belongs to its word, and other escapes are decoded") {
  const auto table = small_table();
  const auto slash = table.find("GET", "/servers/abc%2Flogs");
  REQUIRE(slash);
  CHECK(slash->index == 2);
  CHECK(slash->parameter == "abc/logs");
  CHECK_FALSE(table.find("GET", "/servers%2Fabc"));
  CHECK_FALSE(table.find("GET", "/servers/abc/logs%2F"));
  CHECK(table.find("GET", "/%73ervers/a%2fb%20c/logs")->parameter == "a/b c");
  CHECK(table.find("GET", "/servers/a+b")->parameter == "a+b");  // a blank in forms alone
  for (const char* broken : {"/servers/%", "/servers/%4", "/servers/%4g", "/servers/%%32"}) {
    INFO(broken);
    CHECK_FALSE(table.find("GET", broken));
  }
}

TEST_CASE("OPTIONS * gets the methods that some path takes") {
  CHECK(small_table().all_methods() == "GET, HEAD, POST, DELETE, OPTIONS");
  CHECK(RouteTable({{Method::post, "/a", {}, Handler()}}).all_methods() == "POST, OPTIONS");
}

TEST_CASE("a wrong method on a known path gets what the path takes") {
  const auto found = small_table().find("PUT", "/servers/abc");
  REQUIRE(found);
  CHECK(found->route == nullptr);
  CHECK(found->allow == "GET, HEAD, DELETE, OPTIONS");
  CHECK(small_table().find("GET", "/regions/a/addresses")->allow == "POST, OPTIONS");
  CHECK(small_table().find("get", "/servers")->route == nullptr);
}

}  // namespace
}  // namespace vsim::api
