// Goal: issue 12: without keys no page of another web site reads or writes: a body is JSON by its
// own word, a foreign Origin or site is refused, and Host holds an address, localhost or a name
// that HTTP_HOSTS gives (DNS rebinding). With keys none of it is asked.
// Method: requests as browsers send them. A browser itself does so in tests/browser.

#include <string>

#include <doctest/doctest.h>

#include "tests/e2e/raw_http.h"
#include "tests/e2e/sim_time.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;

namespace {

const std::string advance = R"({"advance_seconds":1})";

int status_for_host(const harness::Fleet& fleet, const std::string& host,
                    const std::string& path = "/servers") {
  return harness::exchange_raw(fleet.api_port(), "GET " + path + " HTTP/1.1\r\nHost: " + host +
                                                     "\r\nConnection: close\r\n\r\n")
      .statuses()
      .at(0);
}

void check_forbidden(const HttpAnswer& answer) {
  CHECK_MESSAGE(answer.status == 403, describe(answer));
  CHECK(answer.code() == "forbidden");
  CHECK(answer.header("Access-Control-Allow-Origin").empty());
}

}  // namespace

TEST_CASE("issue 12: what a page can send without asking is not carried out") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  const std::string before = e2e::clock_of(client)["now"].text();
  for (const HttpHeaders& plain :
       {HttpHeaders{{"Content-Type", ""}}, HttpHeaders{{"Content-Type", "text/plain"}},
        HttpHeaders{{"Content-Type", "text/plain;application/json"}},
        HttpHeaders{{"Content-Type", "application/x-www-form-urlencoded"}},
        HttpHeaders{{"Content-Type", "multipart/form-data; boundary=application/json"}},
        HttpHeaders{{"Content-Type", "application/json"}, {"Content-Type", "text/plain"}}}) {
    const HttpAnswer answer = client.post("/clock", advance, plain);
    CHECK_MESSAGE(answer.status == 415, describe(answer));
    CHECK(answer.code() == "unsupported_media_type");
  }
  const HttpAnswer untyped =
      client.raw("POST /clock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 21\r\n\r\n" + advance);
  CHECK_MESSAGE(untyped.status == 415, describe(untyped));
  for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1:1",
                             "http://localhost:3000", "https://evil.example:443"}) {
    CAPTURE(origin);
    check_forbidden(client.post("/clock", advance, {{"Origin", origin}}));
    check_forbidden(client.get("/servers", {{"Origin", origin}}));
    check_forbidden(client.request(
        "OPTIONS", "/clock", "", {{"Origin", origin}, {"Access-Control-Request-Method", "POST"}}));
  }
  check_forbidden(client.post("/clock", advance, {{"Sec-Fetch-Site", "cross-site"}}));
  check_forbidden(client.get("/servers", {{"Sec-Fetch-Site", "cross-site"}}));
  check_forbidden(client.get("/metrics", {{"Sec-Fetch-Site", "same-site"}}));
  CHECK(e2e::clock_of(client)["now"].text() == before);
  CHECK(fleet.api_metric("vsim_http_foreign_total") == 18);
}

TEST_CASE("issue 12: pages of the API's own origin, links to it and tools go on working") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const std::string own = "http://127.0.0.1:" + std::to_string(fleet.api_port());
  const HttpHeaders page = {{"Origin", own}, {"Sec-Fetch-Site", "same-origin"}};
  CHECK(client.post("/servers", harness::create_body({.profile = "instant"}), page).status == 201);
  CHECK(client.get("/servers", {{"Sec-Fetch-Site", "none"}}).status == 200);
  CHECK(client
            .get("/openapi.json", {{"Sec-Fetch-Site", "cross-site"},
                                   {"Sec-Fetch-Mode", "navigate"},
                                   {"Sec-Fetch-Dest", "document"}})
            .status == 200);
  CHECK(client.get("/metrics").status == 200);
  CHECK(client.get("/readyz").status == 200);
  // No body, no type.
  CHECK(client.request("POST", "/servers", "").status == 400);
}

TEST_CASE("issue 12: Host holds an address, localhost or a name of HTTP_HOSTS, on every route") {
  harness::Fleet fleet({.settings = {{"HTTP_HOSTS", "vsim.example, api"}}});
  for (const char* ours : {"127.0.0.1", "127.0.0.1:8080", "[::1]:80", "192.0.2.1", "localhost:8080",
                           "vsim.example", "VSIM.example:8080", "api:8080"}) {
    CAPTURE(ours);
    CHECK(status_for_host(fleet, ours) == 200);
  }
  for (const char* path : {"/servers", "/healthz", "/metrics", "/openapi.json", "/nothing"}) {
    CAPTURE(path);
    CHECK(status_for_host(fleet, "evil.example", path) == 403);
    CHECK(status_for_host(fleet, "127.0.0.1.evil.example:8080", path) == 403);
  }
  // A page on a name that was made to lead here asks its own origin.
  HttpClient client = fleet.client();
  const HttpAnswer rebound = client.raw(
      "POST /clock HTTP/1.1\r\nHost: evil.example:8080\r\nOrigin: http://evil.example:8080\r\n"
      "Content-Type: application/json\r\nContent-Length: 21\r\n\r\n" +
      advance);
  check_forbidden(rebound);
  CHECK(rebound.json()["detail"].text().find("HTTP_HOSTS") != std::string::npos);
}

TEST_CASE("with keys neither Host nor Origin is looked at: the key is what no page knows") {
  harness::Fleet fleet;
  const std::string key = fleet.add_key("page", "operator");
  HttpClient client = fleet.client();
  REQUIRE(harness::eventually([&] { return client.get("/types").status == 401; }));
  const HttpHeaders from_page = {{"Authorization", "Bearer " + key},
                                 {"Origin", "https://console.example"},
                                 {"Sec-Fetch-Site", "cross-site"}};
  CHECK(client.get("/servers", from_page).status == 200);
  CHECK(client.post("/servers", harness::create_body({.profile = "instant"}), from_page).status ==
        201);
  CHECK(status_for_host(fleet, "vsim.example") == 401);
  CHECK(status_for_host(fleet, "vsim.example", "/healthz") == 200);
  CHECK(client.post("/clock", advance, {{"Origin", "null"}}).status == 401);
}
