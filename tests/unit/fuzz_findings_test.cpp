// Goal: faults that tests/fuzz once found stay mended. Method: each input as it was found,
// made small, with what must come of it.

#include <string>

#include <doctest/doctest.h>

#include "eventstore/message.h"
#include "schema/messages/profile_files.h"

using namespace vsim;

namespace {

/// A profile that is read, with one member in place of another.
std::string profile_with(const std::string& member, const std::string& instead) {
  std::string text =
      R"({"delays":{"create":{"fixed_ms":0},"start":{"fixed_ms":0},"stop":{"fixed_ms":0},)"
      R"("reboot":{"fixed_ms":0},"terminate":{"fixed_ms":0}},"create_ends_in":"RUNNING",)"
      R"("idle_timeout_seconds":1800,"billing":{"billable":["RUNNING"],"granularity_seconds":1,)"
      R"("minimum_seconds":0}})";
  const auto at = text.find(member);
  REQUIRE(at != std::string::npos);
  return text.replace(at, member.size(), instead);
}

bool is_read(const std::string& member, const std::string& instead) {
  return messages::read_profile(profile_with(member, instead), "some").has_value();
}

}  // namespace

TEST_CASE("an array that is missing is refused, and not walked over") {
  CHECK(is_read(R"("start":{"fixed_ms":0})", R"("start":{"uniform_ms":[1,2]})"));
  CHECK_FALSE(is_read(R"("start":{"fixed_ms":0})", R"("start":{})"));
  CHECK_FALSE(is_read(R"("billable":["RUNNING"])", R"("billable":null)"));
}

TEST_CASE("a span of time is taken up to 10000 years and refused one past it") {
  for (const char* member : {"granularity_seconds", "minimum_seconds"}) {
    CAPTURE(member);
    const std::string given = "\"" + std::string(member) + "\":";
    const std::string before = given + (given.find("gran") == 1 ? "1" : "0");
    CHECK(is_read(before, given + "315569520000"));
    CHECK_FALSE(is_read(before, given + "315569520001"));
    CHECK_FALSE(is_read(before, given + "9223372036854775807"));
  }
}

TEST_CASE("a delay and an idle timeout are taken up to 100 years and refused one past it") {
  CHECK(is_read(R"({"fixed_ms":0})", R"({"fixed_ms":3155760000000})"));
  CHECK_FALSE(is_read(R"({"fixed_ms":0})", R"({"fixed_ms":3155760000001})"));
  CHECK(is_read(R"({"fixed_ms":0})", R"({"uniform_ms":[0,3155760000000]})"));
  CHECK_FALSE(is_read(R"({"fixed_ms":0})", R"({"uniform_ms":[0,3155760000001]})"));
  CHECK(is_read(R"({"fixed_ms":0})", R"({"mean_ms":1,"longest_ms":3155760000000})"));
  CHECK_FALSE(is_read(R"({"fixed_ms":0})", R"({"mean_ms":1,"longest_ms":3155760000001})"));
  CHECK_FALSE(is_read(R"({"fixed_ms":0})", R"({"fixed_ms":9223372036854775807})"));
  CHECK(is_read(":1800", ":3155760000"));
  CHECK_FALSE(is_read(":1800", ":3155760001"));
}

TEST_CASE("a time stamp beyond 64 bits of nanoseconds is none") {
  using eventstore::parse_timestamp;
  using namespace std::chrono;
  CHECK(parse_timestamp("2261-12-31T23:59:59Z") == sys_days(2262y / 1 / 1) - 1s);
  for (const char* text : {"2262-01-01T00:00:00Z", "6220-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                           "-001-01-01T00:00:00Z", "2026-02-30T00:00:00Z"}) {
    CAPTURE(text);
    CHECK(parse_timestamp(text) == eventstore::Timestamp{});
  }
}
