// Goal: a whole number in JSON that people type is digits, as in all other text. Method: the ways
// in which JSON writes one number; names and strings that look like numbers.

#include "schema/messages/plain_numbers.h"

#include <array>

#include <doctest/doctest.h>

namespace vsim::messages {
namespace {

constexpr std::array<std::string_view, 2> fractions{"scale", "seconds"};

std::string told(std::string_view json) {
  return find_unplain_number(json, fractions).value_or("");
}

TEST_CASE("a whole number is written in digits alone (issue 12, 4)") {
  for (const char* json :
       {R"({"n":0})", R"({"n":60})", R"({"n": -1})", R"({"n":18446744073709551615})",
        R"({"n":[1,2,{"m":3}]})", R"({"6e1":"60.0","-0":"-0"})", R"({"a\"1.5":"\\","b":"1.5"})",
        R"({"n":null,"m":true})", R"([])", R"({})"}) {
    CAPTURE(json);
    CHECK(told(json).empty());
  }
  CHECK(told(R"({"n":60.0})") ==
        "\"n\" is written 60.0; give a whole number in digits alone, such as 60");
  for (const char* json :
       {R"({"n":-0})", R"({"n":6e1})", R"({"n":6E+1})", R"({"n":600e-1})", R"({"n":0.0})",
        R"({"n":1.5})", R"({"n":-0.0})", R"({"n":[1,2.0]})", R"({"n":{"m":1e0}})",
        R"({"scale":1,"n":60.0})", R"({"scale":"x","n" : 60.0 })"}) {
    CAPTURE(json);
    CHECK_FALSE(told(json).empty());
  }
}

TEST_CASE("what may be a fraction has point and exponent, but no sign before 0") {
  for (const char* json :
       {R"({"scale":0.5})", R"({"scale":1e3})", R"({"seconds":60.0,"n":1})", R"({"scale":-0.5})"}) {
    CAPTURE(json);
    CHECK(told(json).empty());
  }
  for (const char* json : {R"({"scale":-0})", R"({"scale":-0.0})", R"({"seconds":-0e7})"}) {
    CAPTURE(json);
    CHECK(told(json).find("give 0 without a sign") != std::string::npos);
  }
}

TEST_CASE("a long number is told by its begin") {
  const auto text = told("{\"n\":1." + std::string(500, '0') + "}");
  CHECK(text.starts_with("\"n\" is written 1.000"));
  CHECK(text.size() < 120);
}

}  // namespace
}  // namespace vsim::messages
