// Goal: one message is one line of the log, whatever text a client put into its fields.
// Method: format lines with hostile values and compare them whole.

#include "ops/telemetry/log.h"

#include <doctest/doctest.h>

#include "ops/telemetry/json_text.h"
#include "ops/telemetry/readiness.h"

namespace vsim::log {
namespace {

constexpr std::string_view noon = "2026-03-01T12:00:00.000Z";

TEST_CASE("a JSON line escapes its fields and leaves numbers bare") {
  const std::string line =
      format_line(Format::json, "vsim-api", Level::warn, "odd \"name\"",
                  {{"name", "a\nb\x01"}, {"count", 3}, {"scale", 0.5}, {"late", true}}, noon);
  CHECK(line ==
        R"({"time":"2026-03-01T12:00:00.000Z","level":"warn","program":"vsim-api",)"
        R"("message":"odd \"name\"","name":"a\nb\u0001","count":3,"scale":0.5,"late":true})");
}

TEST_CASE("bytes that are no UTF-8 do not make a line unreadable") {
  std::string out;
  telemetry::append_json_string(out, "a\xff\xc3z\xed\xa0\x80");
  CHECK(out == R"("a\ufffd\ufffdz\ufffd\ufffd\ufffd")");
  out.clear();
  telemetry::append_json_string(out, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
  CHECK(out == "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
}

TEST_CASE("a text line quotes what would break it") {
  const std::string line = format_line(Format::text, "vsim-api", Level::info, "created\nit",
                                       {{"id", "abc"}, {"name", "two words"}, {"empty", ""}}, noon);
  CHECK(line == "created it  id=abc  name=\"two words\"  empty=\"\"");
}

TEST_CASE("readiness tells its reasons as JSON") {
  telemetry::Readiness readiness;
  CHECK(readiness.to_json() == "{\"status\":\"ready\",\"reasons\":[],\"facts\":{}}\n");
  readiness.reasons = {"no \"broker\""};
  readiness.facts = {{"lag", "3"}};
  CHECK(
      readiness.to_json() ==
      "{\"status\":\"not_ready\",\"reasons\":[\"no \\\"broker\\\"\"],\"facts\":{\"lag\":\"3\"}}\n");
}

}  // namespace
}  // namespace vsim::log
