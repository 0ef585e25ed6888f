// Goal: a time is read one way in the whole tree, and what looks like one is refused. Method:
// limits and one past them, through the reader and its two users.

#include "domain/rfc3339.h"

#include <doctest/doctest.h>

#include "eventstore/message.h"
#include "schema/messages/instant_text.h"

using namespace vsim;
using namespace std::chrono;

TEST_CASE("a time is in UTC, with a fraction of one to nine digits or none") {
  const auto whole = read_rfc3339("2026-03-01T12:00:07Z");
  REQUIRE(whole);
  CHECK(whole->second == sys_days(2026y / 3 / 1) + 12h + 7s);
  CHECK(whole->fraction == 0ns);
  CHECK(read_rfc3339("2026-03-01T12:00:07.5Z")->fraction == 500ms);
  CHECK(read_rfc3339("2026-03-01T12:00:07.000000001Z")->fraction == 1ns);
  CHECK(read_rfc3339("9999-12-31T23:59:59.999999999Z"));
  CHECK(read_rfc3339("2028-02-29T00:00:00Z"));
}

TEST_CASE("other offsets, leap seconds, days of no calendar and other shapes are no time") {
  for (const auto* text :
       {"", "2026-03-01", "2026-03-01T12:00:07", "2026-03-01T12:00:07+00:00",
        "2026-03-01T12:00:07+02:00", "2026-03-01t12:00:07Z", "2026-03-01 12:00:07Z",
        "2026-03-01T12:00:07z", "2026-02-30T12:00:07Z", "2026-02-29T12:00:07Z",
        "2026-13-01T12:00:07Z", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:60Z", "2026-03-01T12:00:07.Z", "2026-03-01T12:00:07.0123456789Z",
        "2026-03-01T12:00:07.1x Z", "-026-03-01T12:00:07Z", "2026-03-01T12:00:07Z "}) {
    CAPTURE(text);
    CHECK_FALSE(read_rfc3339(text));
    CHECK_FALSE(messages::parse_instant(text));
    CHECK(eventstore::parse_timestamp(text) == eventstore::Timestamp{});
  }
}

TEST_CASE("an instant is cut to milliseconds, a broker's stamp keeps all nine digits") {
  constexpr auto* text = "2026-03-01T12:00:07.123999999Z";
  const auto second = sys_days(2026y / 3 / 1) + 12h + 7s;
  CHECK(messages::parse_instant(text) == Instant(second) + 123ms);
  CHECK(eventstore::parse_timestamp(text) == eventstore::Timestamp(second) + 123'999'999ns);
  CHECK(messages::format_stamp(eventstore::parse_timestamp(text)) == text);
}
