// Goal: ETags are read as RFC 9110 writes them, and nothing else is.
// Method: a table of fields, each with what it holds; a table of what is refused.

#include "schema/http/entity_tags.h"

#include <doctest/doctest.h>

using namespace vsim;
using namespace vsim::http;

TEST_CASE("a field of tags is read as RFC 9110 has it") {
  struct Row {
    std::string field;
    std::vector<Version> versions;  // for the strong comparison
    bool holds_5;                   // by the weak one
  };
  const std::vector<Row> rows = {
      {R"("5")", {5}, true},
      {R"(W/"5")", {}, true},
      {R"("4", "5" ,W/"6")", {4, 5}, true},
      {R"(, "4",, "7",)", {4, 7}, false},
      {R"("05")", {}, false},
      {R"("a,b", "5")", {5}, true},
      {R"("")", {}, false},
      {R"("5-gzip")", {}, false},
      {"\"5\"\t,\t\"6\"", {5, 6}, true},
      {"\"\xC3\xA9\", \"5\"", {5}, true},
      {R"("*")", {}, false},
      {R"("18446744073709551616")", {}, false},
      {" * ", {}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    const auto tags = read_entity_tags(row.field);
    REQUIRE(tags);
    CHECK(tags->versions() == row.versions);
    CHECK(tags->hold_weakly(entity_tag(5)) == row.holds_5);
    CHECK(tags->any == (row.field == " * "));
  }
}

TEST_CASE("what is no field of tags is refused, with what to send") {
  for (const std::string field : {"", " , ", "5", "\"5", "\"5\"\"6\"", "w/\"5\"", "W/5", "*, \"5\"",
                                  "\"5\" x", "W/ \"5\"", "\"5\" \"6\"", "W/\"5\" W/\"6\"",
                                  "\"5\";\"6\"", "\"5 6\"", "\"5\x7F\"", "\"5\", *", "**"}) {
    CAPTURE(field);
    const auto tags = read_entity_tags(field);
    REQUIRE_FALSE(tags);
    CHECK(tags.error().find("such as \"5\"") != std::string::npos);
  }
}

TEST_CASE("tags that can match no server say why (issue 12, 11)") {
  const auto why = [](const std::string& field) {
    return read_entity_tags(field).value().why_unmatchable().value_or("");
  };
  for (const std::string field : {R"("5")", "*", R"(W/"4", "5")", R"("5-gzip", "5")"}) {
    CAPTURE(field);
    CHECK(why(field) == "");
  }
  for (const std::string field : {R"(W/"5")", R"(W/"4", W/"5")", R"("5-gzip", W/"5")"}) {
    CAPTURE(field);
    CHECK(why(field).find("weak tags (W/) never match") == 0);
  }
  for (const std::string field : {R"("5-gzip")", R"("05")", R"("")"}) {
    CAPTURE(field);
    CHECK(why(field).find("none of the tags") == 0);
  }
}

TEST_CASE("as many tags as the limit says are read, and not one more") {
  std::string field;
  for (std::size_t i = 0; i < entity_tags_max; ++i) {
    field += "\"1\",";
  }
  CHECK(read_entity_tags(field));
  CHECK_FALSE(read_entity_tags(field + "\"1\""));
}
