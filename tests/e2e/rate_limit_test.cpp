// Goal: a caller over its limit gets 429 with the time to wait; no other caller is affected.
// Method: a fleet with a limit so low that a test can reach it, and callers distinguished by
// X-Forwarded-For from the loopback address, which is trusted as a proxy.

#include <string>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;

namespace {

HttpHeaders from(const std::string& address) { return {{"X-Forwarded-For", address}}; }

/// One token in a second, so that few come while a test counts.
harness::Settings limits(const std::string& burst) {
  return {{"RATE_LIMIT", "1"}, {"RATE_BURST", burst}, {"TRUSTED_PROXIES", "127.0.0.0/8"}};
}

/// Asks until refused; how many were let in.
int let_in(HttpClient& client, const std::string& address) {
  int count = 0;
  while (client.get("/regions", from(address)).status == 200) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a caller gets its burst and then 429 with the time to wait, which is enough") {
  harness::Fleet fleet({.settings = limits("20")});
  HttpClient client = fleet.client();
  const HttpAnswer first = client.get("/regions", from("192.0.2.1"));
  CHECK_MESSAGE(first.status == 200, describe(first));
  CHECK(first.header("RateLimit-Limit") == "20");
  CHECK(first.header("RateLimit-Remaining") == "19");
  CHECK(first.header("RateLimit-Reset") == "1");
  CHECK(first.header("RateLimit-Policy") == "1;w=1;burst=20");

  CHECK(let_in(client, "192.0.2.1") >= 19);
  const HttpAnswer refused = client.get("/regions", from("192.0.2.1"));
  REQUIRE_MESSAGE(refused.status == 429, describe(refused));
  CHECK(refused.code() == "too_many_requests");
  CHECK(refused.header("Content-Type") == "application/problem+json");
  CHECK(refused.header("RateLimit-Remaining") == "0");
  CHECK(refused.header("Retry-After") == "1");
  CHECK(client.connected());

  // Others, and those who ask whether it lives, are served; so is this one a moment later.
  CHECK(client.get("/regions", from("192.0.2.2")).status == 200);
  CHECK(client.get("/healthz", from("192.0.2.1")).status == 200);
  CHECK(client.get("/readyz", from("192.0.2.1")).status == 200);
  CHECK(client.get("/healthz", from("192.0.2.1")).header("RateLimit-Limit").empty());
  CHECK(
      harness::eventually([&] { return client.get("/regions", from("192.0.2.1")).status == 200; }));
  CHECK(fleet.api_metric("vsim_http_rate_limited_total") >= 2);
}

TEST_CASE("what a caller writes into X-Forwarded-For makes it no other caller") {
  harness::Fleet fleet({.settings = limits("10")});
  HttpClient client = fleet.client();
  let_in(client, "192.0.2.1");
  // The proxy appends the address that it sees: what stands before it is the caller's own text.
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string forged = "203.0.113." + std::to_string(i) + ", 192.0.2.1";
    refused += client.get("/regions", from(forged)).status == 429 ? 1 : 0;
  }
  CHECK(refused >= 15);
}

TEST_CASE("without trusted proxies the header counts nothing") {
  harness::Fleet fleet({.settings = {{"RATE_LIMIT", "1"}, {"RATE_BURST", "10"}}});
  HttpClient client = fleet.client();
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string forged = "203.0.113." + std::to_string(i);
    refused += client.get("/regions", from(forged)).status == 429 ? 1 : 0;
  }
  CHECK(refused >= 15);
}

TEST_CASE("what the service cannot do is not charged") {
  harness::Fleet fleet({.settings = limits("20")});
  HttpClient client = fleet.client();
  fleet.postgres().kill();
  const std::string id = harness::random_uuid();
  int unavailable = 0;
  for (int i = 0; i < 30; ++i) {
    const HttpAnswer answer = client.get("/servers", from("192.0.2.1"));
    unavailable += answer.status == 503 ? 1 : 0;
  }
  CHECK(unavailable == 30);
  CHECK(
      client.get("/servers/" + id + "/nothing", from("192.0.2.1")).header("RateLimit-Remaining") ==
      "19");
}

TEST_CASE("a refused write was not accepted: no operation, no server") {
  harness::Fleet fleet({.settings = limits("10")});
  HttpClient client = fleet.client();
  let_in(client, "192.0.2.1");
  const HttpAnswer refused =
      client.post("/servers", harness::create_body({.profile = "instant"}), from("192.0.2.1"));
  REQUIRE_MESSAGE(refused.status == 429, describe(refused));
  CHECK(client.get("/servers", from("192.0.2.9")).json()["total"].integer() == 0);
  CHECK(client.get("/operations", from("192.0.2.9")).json()["items"].size() == 0);
}
