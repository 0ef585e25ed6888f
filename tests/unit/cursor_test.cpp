// Goal: a page's cursor brings back the exact place, and no other text is taken for one.
// Method: round trips of places at the ends of time; then damage a cursor in every way that counts.

#include "schema/http/cursor.h"

#include <doctest/doctest.h>

namespace vsim::http {
namespace {

constexpr const char* id = "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7";

TEST_CASE("a cursor gives back the place it was made of") {
  for (const std::int64_t time :
       {INT64_C(0), INT64_C(1), INT64_C(1'772'366'400'123), INT64_C(253'402'300'799'999)}) {
    const auto cursor = encode_cursor({Instant(Duration(time)), id});
    CHECK(cursor.size() == 32);
    CHECK(cursor.find_first_of("+/=%&") == std::string::npos);
    const auto place = decode_cursor(cursor);
    REQUIRE(place);
    CHECK(place->created_at == Instant(Duration(time)));
    CHECK(place->id == id);
  }
}

TEST_CASE("what is no cursor is refused") {
  const auto cursor = encode_cursor({Instant(Duration(5)), id});
  CHECK_FALSE(decode_cursor(""));
  CHECK_FALSE(decode_cursor(cursor.substr(1)));
  CHECK_FALSE(decode_cursor(cursor + "A"));
  CHECK_FALSE(decode_cursor("=" + cursor.substr(1)));
  CHECK_FALSE(decode_cursor("9999999999999999999999999999999!"));
  CHECK_FALSE(decode_cursor(std::string(32, '_')));  // a time beyond the year 9999
}

}  // namespace
}  // namespace vsim::http
