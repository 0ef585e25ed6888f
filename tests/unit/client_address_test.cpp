// Goal: no caller can pretend to be another one, and callers behind trusted proxies are
// distinguished. Method: one row a request: its peer, its X-Forwarded-For, and who it comes from.
// Then the texts that ranges are written as.

#include "api/admission/client_address.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

using process::AddressRange;
using process::IpAddress;

std::vector<AddressRange> ranges(std::initializer_list<const char*> texts) {
  std::vector<AddressRange> ranges;
  for (const char* text : texts) {
    ranges.push_back(AddressRange::parse(text).value());
  }
  return ranges;
}

/// One X-Forwarded-For a line; none for no header.
std::string client(const char* peer, const std::vector<std::string>& forwarded,
                   const std::vector<AddressRange>& trusted) {
  HttpRequest request;
  request.peer = IpAddress::parse(peer);
  for (const std::string& line : forwarded) {
    request.headers.emplace_back("x-forwarded-for", line);
  }
  const auto address = client_address(request, trusted);
  return address ? address->to_string() : "unknown";
}

TEST_CASE("X-Forwarded-For counts from a trusted proxy alone, from the right") {
  const auto proxies = ranges({"10.0.0.0/8", "2001:db8::/32"});
  struct Row {
    const char* peer;
    std::vector<std::string> forwarded;
    const char* client;
  };
  const std::vector<Row> rows = {
      {"192.0.2.1", {}, "192.0.2.1"},
      {"192.0.2.1", {"198.51.100.7"}, "192.0.2.1"},  // no proxy: whatever it says
      {"10.0.0.1", {}, "10.0.0.1"},
      {"10.0.0.1", {""}, "10.0.0.1"},
      {"10.0.0.1", {"198.51.100.7"}, "198.51.100.7"},
      {"10.0.0.1", {"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
      {"10.0.0.1", {"203.0.113.9, 198.51.100.7, 10.2.3.4"}, "198.51.100.7"},
      {"10.0.0.1", {"203.0.113.9", "198.51.100.7", "10.2.3.4"}, "198.51.100.7"},
      {"10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},  // proxies all the way
      {"10.0.0.1", {"203.0.113.9, unknown"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2"},
      {"10.0.0.1", {"203.0.113.9,,"}, "10.0.0.1"},
      {"10.0.0.1", {"198.51.100.7:4711"}, "198.51.100.7"},
      {"2001:db8::1", {"[2a00::7]:4711"}, "2a00::7"},
      {"2001:db8::1", {"[2a00::7]"}, "2a00::7"},
      {"2001:db8::1", {"2a00::7"}, "2a00::7"},
      {"2001:db8::1", {"["}, "2001:db8::1"},
      {"10.0.0.1", {"198.51.100.7:080"}, "10.0.0.1"},  // no port, so no address: issue 12, 4
      {"10.0.0.1", {"198.51.100.7:65536"}, "10.0.0.1"},
      {"10.0.0.1", {"198.51.100.7:"}, "10.0.0.1"},
      {"10.0.0.1", {"198.51.100.07"}, "10.0.0.1"},
      {"2001:db8::1", {"[2a00::7]x"}, "2001:db8::1"},
      {"::ffff:10.0.0.1", {"198.51.100.7"}, "198.51.100.7"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.peer);
    CAPTURE(row.forwarded);
    CHECK(client(row.peer, row.forwarded, proxies) == row.client);
  }
  CHECK(client("10.0.0.1", {"198.51.100.7"}, {}) == "10.0.0.1");
  CHECK(client("no address", {"198.51.100.7"}, proxies) == "unknown");
}

TEST_CASE("a range holds the addresses that begin with its bits, and no others") {
  struct Row {
    const char* range;
    const char* inside;
    const char* outside;
  };
  for (const Row& row : std::vector<Row>{{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
                                         {"10.0.0.128/25", "10.0.0.128", "10.0.0.127"},
                                         {"10.0.0.1", "10.0.0.1", "10.0.0.2"},
                                         {"10.0.0.1/32", "10.0.0.1", "10.0.0.0"},
                                         {"0.0.0.0/0", "255.255.255.255", "2001:db8::"},
                                         {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
                                         {"::1", "::1", "::2"},
                                         {"::1/128", "::1", "127.0.0.1"}}) {
    CAPTURE(row.range);
    const auto range = AddressRange::parse(row.range);
    REQUIRE(range);
    CHECK(range->contains(*IpAddress::parse(row.inside)));
    CHECK_FALSE(range->contains(*IpAddress::parse(row.outside)));
  }
  CHECK(AddressRange::parse("::/0")->contains(*IpAddress::parse("10.0.0.1")));
}

TEST_CASE("what is no range is refused with what to write") {
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
                           "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/ 8", "010.0.0.0/8", "::/129",
                           "a.example", "10.0.0.1:80", "[::1]", "10.0.0.0/8/8"}) {
    CAPTURE(text);
    CHECK_FALSE(AddressRange::parse(text));
  }
  CHECK(AddressRange::parse("10.1.2.3/8").error() ==
        "\"10.1.2.3/8\" has bits behind the range's; \"10.0.0.0/8\"?");
}

}  // namespace
}  // namespace vsim::api
