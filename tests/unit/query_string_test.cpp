// Goal: query strings are read as they are meant or refused with a sentence; no limit is silently
// changed and no typing error silently ignored.
// Method: numbers at their limits and one past them; escapes, doubles and strangers.

#include "schema/http/query_string.h"

#include <string>

#include <doctest/doctest.h>

namespace vsim::http {
namespace {

TEST_CASE("parameters are decoded") {
  const auto query = QueryString::parse("name=web+1%2F2&&empty=&bare&tag.team=a%3Db&gr%C3%BCn=1");
  REQUIRE(query);
  CHECK(*query->find("name") == "web 1/2");
  CHECK(query->find("empty")->empty());
  CHECK(query->find("bare")->empty());
  CHECK(*query->find("gr\xc3\xbcn") == "1");
  CHECK(query->find("nothing") == nullptr);
  CHECK(query->tags() == std::map<std::string, std::string>{{"team", "a=b"}});
}

TEST_CASE("what cannot be meant is refused") {
  for (const char* raw : {"a=%", "a=%4", "a=%zz", "a=%00", "a=%0a", "a=%ff", "a=%c3", "a=%ed%a0%80",
                          "a=1&a=2", "a=%7f"}) {
    INFO(raw);
    CHECK_FALSE(QueryString::parse(raw));
  }
}

TEST_CASE("a query holds its most parameters and not one more") {
  std::string raw;
  for (std::size_t i = 0; i < query_parameters_max; ++i) {
    raw += "&p" + std::to_string(i) + "=1";
  }
  CHECK(QueryString::parse(raw));
  CHECK_FALSE(QueryString::parse(raw + "&one_more=1"));
}

TEST_CASE("a number is taken at its limits and refused one past them") {
  const auto limit = [](const char* raw) {
    return QueryString::parse(raw)->number("limit", 1, 200, 50);
  };
  CHECK(limit("").value() == 50);
  CHECK(limit("limit=1").value() == 1);
  CHECK(limit("limit=200").value() == 200);
  for (const char* raw :
       {"limit=0", "limit=201", "limit=-1", "limit=", "limit=1.5", "limit=1e2", "limit=%2B1",
        "limit=01", "limit=ten", "limit=99999999999999999999", "limit=1%20"}) {
    INFO(raw);
    CHECK_FALSE(limit(raw));
  }
  CHECK(limit("limit=201").error() ==
        "limit is \"201\"; give a whole number from 1 to 200, in digits alone and without zeros "
        "in front");
}

TEST_CASE("a parameter that does not exist is named, with those that do") {
  const auto query = QueryString::parse("region=a&tag.x=1&regoin=b");
  REQUIRE(query);
  CHECK(query->complaint_unless({"region", "tag."}) ==
        "parameter \"regoin\" is not known here; the nearest name is \"region\", and there are "
        "region, tag.KEY");
  CHECK(query->complaint_unless({}) ==
        "parameter \"region\" is not known here; there is nothing to give");
  CHECK_FALSE(query->complaint_unless({"region", "regoin", "tag."}));
  CHECK(QueryString::parse("tag.=1")->complaint_unless({"tag."}));
}

}  // namespace
}  // namespace vsim::http
