// Goal: Prefer is read as RFC 7240 says, and a wait that vsim cannot keep is refused; Accept with
// text/csv gives CSV.
// Method: headers from the RFC and hostile ones, with the expected wait beside them.

#include "schema/http/preferences.h"

#include <doctest/doctest.h>

namespace vsim::http {
namespace {

using std::chrono::seconds;

TEST_CASE("without a preference a write waits for the default") {
  const auto none = read_preferences("");
  REQUIRE(none);
  CHECK(none->patience() == wait_default);
  CHECK(none->applied().empty());
}

TEST_CASE("wait is taken from 0 to its most and refused one past it") {
  CHECK(read_preferences("wait=0")->patience() == seconds(0));
  CHECK(read_preferences("wait=60")->patience() == seconds(60));
  CHECK(read_preferences("wait=60")->applied() == "wait=60");
  for (const char* header : {"wait=61", "wait=-1", "wait=", "wait", "wait=1.5", "wait=ten",
                             "wait=9999999999999999999999", "wait=1 0", "wait=010", "wait=00",
                             "wait=-0", "wait=+1", "wait=\"07\""}) {
    INFO(header);
    CHECK_FALSE(read_preferences(header));
  }
}

TEST_CASE("respond-async asks for an answer at once, unless it comes with a wait") {
  CHECK(read_preferences("respond-async")->patience() == seconds(0));
  CHECK(read_preferences("respond-async")->applied() == "respond-async");
  CHECK(read_preferences("respond-async, wait=5")->patience() == seconds(5));
  CHECK(read_preferences("respond-async, wait=5")->applied() == "respond-async, wait=5");
}

TEST_CASE("names have no case, the first of a kind holds, strangers are ignored") {
  const auto preferences = read_preferences(
      R"(return=minimal; foo="a,b\"wait=9", Wait = "7" ; bar, wait=8, , handling=strict)");
  REQUIRE(preferences);
  CHECK(preferences->wait == seconds(7));
  CHECK_FALSE(preferences->respond_async);
}

TEST_CASE("CSV is for those who name it and do not like JSON better") {
  for (const char* accept :
       {"text/csv", "Text/CSV; header=present", "text/csv, */*;q=0.1", "text/html, text/csv;q=0.5",
        "text/csv;q=1.000", "text/csv, application/json",
        "application/json;q=0.8, text/csv; q=0.9"}) {
    INFO(accept);
    CHECK(prefers_csv(accept));
  }
  for (const char* accept :
       {"", "*/*", "text/*", "application/json", "text/csv;q=0", "application/json, text/csv;q=0.9",
        "text/csv;q=x", "text/csvx", "text/csv;q=1.1", "text/csv;q=01", "text/csv;q=+1",
        "text/csv;q=0.1234", "text/csv;q=1e0", "text/csv;q=inf"}) {
    INFO(accept);
    CHECK_FALSE(prefers_csv(accept));
  }
}

TEST_CASE("a page of JSON is given where Accept rates it above a stream, by its name") {
  for (const char* accept :
       {"application/json", "text/event-stream;q=0.5, application/json", "application/json, */*"}) {
    CAPTURE(accept);
    CHECK(prefers_json_to_stream(accept));
  }
  for (const char* accept : {"", "*/*", "text/event-stream", "application/json, text/event-stream",
                             "application/json;q=0", "text/html"}) {
    CAPTURE(accept);
    CHECK_FALSE(prefers_json_to_stream(accept));
  }
}

}  // namespace
}  // namespace vsim::http
