// Goal: issue 12: a path is split before it is decoded, targets of all forms of RFC 9112, 3.2 are
// understood or refused, a body that is held back is asked for only when it is wanted (RFC 9110,
// 10.1.1), and HEAD says what GET says (9.3.2).
// Method: raw requests against a live API, and what it answered, byte for byte.

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/raw_http.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::exchange_raw;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::RawAnswers;

namespace {

harness::Fleet& fleet() {
  static harness::Fleet shared({.settings = {{"SWAGGER_DIR", harness::swagger_dir()}}});
  return shared;
}

const std::string host = "Host: 127.0.0.1\r\n";
constexpr int moment = 500;  // in which an answer that must not come would have come

HttpAnswer ask(const std::string& method, const std::string& target) {
  return fleet().client().request(method, target);
}

/// Of a POST that holds its body back.
std::string expecting(const std::string& path, const std::string& lines, std::size_t bytes) {
  return "POST " + path + " HTTP/1.1\r\n" + host + lines +
         "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

const std::string expect = "Expect: 100-continue\r\n";
const std::string json = "Content-Type: application/json\r\n";

void check_final(const std::string& bytes, int status) {
  CAPTURE(bytes);
  const RawAnswers answers = exchange_raw(fleet().api_port(), bytes);
  CAPTURE(answers.bytes);
  CHECK(answers.statuses() == std::vector<int>{status});
  CHECK(answers.closed);
  CHECK(answers.bytes.find("Connection: close\r\n") != std::string::npos);
}

/// But for what differs from one look to the next: the time goes on, and with it live figures.
HttpHeaders comparable(const HttpAnswer& answer) {
  HttpHeaders headers = answer.headers;
  for (auto& [name, value] : headers) {
    if (name == "X-Request-Id" || name == "Vsim-Sequence" || name == "Content-Length") {
      value = "any";
    }
  }
  std::sort(headers.begin(), headers.end());
  return headers;
}

std::string header_lines(const HttpHeaders& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) {
    lines += name + ": " + value + "\n";
  }
  return lines;
}

}  // namespace

TEST_CASE("issue 12: an escaped slash is a character of an id, and never leads to another route") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (const std::string& target : {id + "%2Flogs", id + "%2flogs", id + "%2F", "%2F" + id}) {
    CAPTURE(target);
    const HttpAnswer answer = client.get("/servers/" + target);
    CHECK_MESSAGE(answer.status == 400, describe(answer));
    CHECK(answer.code() == "invalid_request");
  }
  CHECK(client.post("/servers/" + id + "%2Faction", R"({"action":"stop"})").status == 405);
  CHECK(client.del("/servers%2F" + id).status == 404);
  CHECK(client.get("/%73ervers/" + id.substr(0, 35) + "%3" + id.substr(35)).status ==
        (id[35] >= '0' && id[35] <= '9' ? 200 : 400));
  CHECK(harness::get_server(client, id)["status"].text() == "RUNNING");
}

TEST_CASE("issue 12: dot segments, double slashes and broken escapes have an answer of their own") {
  for (const char* path :
       {"/servers/..", "/servers/../clock", "/./servers", "/servers/%2e%2E/clock", "/servers/%00",
        "/servers/a%0ab", "/servers/%", "/servers/%zz", "/servers/%ff"}) {
    CAPTURE(path);
    const HttpAnswer answer = ask("GET", path);
    CHECK_MESSAGE(answer.status == 400, describe(answer));
    CHECK(answer.json()["detail"].text().find("the path") != std::string::npos);
  }
  for (const std::string path : {"//servers", "/servers/", "/servers//", "//", "/servers//logs"}) {
    CAPTURE(path);
    CHECK(ask("GET", path).status == 404);
  }
}

TEST_CASE("issue 12: targets of absolute form are served, and name the host") {
  for (const char* target :
       {"http://127.0.0.1/regions", "HTTP://localhost:8080/regions", "https://[::1]/regions"}) {
    CAPTURE(target);
    CHECK(ask("GET", target).status == 200);
  }
  CHECK(ask("GET", "http://127.0.0.1/servers?limit=0").status == 400);
  CHECK(ask("GET", "http://127.0.0.1").status == 404);
  // The target's host goes before Host, here before that of the address.
  CHECK(ask("GET", "http://evil.example/regions").status == 403);
  for (const char* target : {"ftp://127.0.0.1/regions", "127.0.0.1:80", "regions"}) {
    CAPTURE(target);
    CHECK(ask("GET", target).status == 400);
  }
  CHECK(ask("CONNECT", "127.0.0.1:80").status == 400);
}

TEST_CASE("issue 12: OPTIONS * tells what is understood here") {
  for (const char* target : {"*", "http://127.0.0.1"}) {
    CAPTURE(target);
    const HttpAnswer answer = ask("OPTIONS", target);
    CHECK_MESSAGE(answer.status == 204, describe(answer));
    CHECK(answer.header("Allow") == "GET, HEAD, POST, PUT, DELETE, OPTIONS");
    CHECK(answer.header("Content-Length").empty());
  }
  CHECK(ask("OPTIONS", "/servers").header("Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(ask("OPTIONS", "/nothing").status == 404);
  CHECK(ask("GET", "*").status == 400);
}

TEST_CASE("issue 12: a body that is held back is asked for, in whatever case and company") {
  const std::string body = harness::create_body({.profile = "instant"});
  for (const std::string value :
       {"100-continue", "100-CONTINUE", "100-Continue, x=y", "a, 100-continue"}) {
    CAPTURE(value);
    HttpClient client = fleet().client();
    const HttpAnswer first =
        client.raw(expecting("/servers", json + "Expect: " + value + "\r\n", body.size()) + body);
    CHECK_MESSAGE(first.status == 201, describe(first));
    const RawAnswers asked = exchange_raw(
        fleet().api_port(), expecting("/servers", json + "Expect: " + value + "\r\n", 9), moment);
    CHECK(asked.bytes == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(client.get("/healthz").status == 200);  // the connection goes on
  }
  const RawAnswers chunked = exchange_raw(
      fleet().api_port(),
      "POST /servers HTTP/1.1\r\n" + host + json + expect + "Transfer-Encoding: chunked\r\n\r\n",
      moment);
  CHECK(chunked.statuses() == std::vector<int>{100});
  // Another expectation alone is overlooked: the body is waited for, without a word.
  CHECK(exchange_raw(fleet().api_port(), expecting("/servers", json + "Expect: x\r\n", 9), moment)
            .bytes.empty());
}

TEST_CASE("issue 12: what the head alone refuses is refused without asking for the body") {
  check_final(expecting("/servers", expect, 9), 415);
  check_final(expecting("/servers", expect + "Content-Type: text/plain\r\n", 9), 415);
  check_final(expecting("/servers", expect + json, 64 * 1024 + 1), 413);
  check_final(expecting("/servers", expect + json, 1'000'000'000'000), 413);
  check_final(expecting("/nothing", expect + json, 9), 404);
  check_final(expecting("/healthz", expect + json, 9), 405);
  check_final(expecting("/servers", expect + json + "Origin: http://evil.example\r\n", 9), 403);
  check_final("POST /servers HTTP/1.1\r\nHost: evil.example\r\n" + expect + json +
                  "Content-Length: 9\r\n\r\n",
              403);
  const std::string old =
      "POST /servers HTTP/1.0\r\n" + json + expect + "Content-Length: 2\r\n\r\n{}";
  const RawAnswers to_old = exchange_raw(fleet().api_port(), old);
  CHECK(to_old.statuses() == std::vector<int>{400});  // an empty create, and no 100 before
}

TEST_CASE(
    "issue 12: who lacks the key, or asks too often, is refused without asking for the body") {
  harness::Fleet keyed({.settings = {{"RATE_LIMIT", "1"}, {"RATE_BURST", "5"}}});
  const std::string key = keyed.add_key("r", "reader");
  HttpClient client = keyed.client();
  REQUIRE(harness::eventually([&] { return client.get("/types").status == 401; }));
  const std::string authorization = "Authorization: Bearer " + key + "\r\n";
  const auto statuses = [&](const std::string& lines) {
    return exchange_raw(keyed.api_port(), expecting("/servers", expect + json + lines, 9))
        .statuses();
  };
  CHECK(statuses(authorization) == std::vector<int>{403});
  std::vector<int> without;
  for (int i = 0; i < 8 && (without.empty() || without.back() != 429); ++i) {
    without = statuses("");
    CHECK(without.size() == 1);
    CHECK((without.back() == 401 || without.back() == 429));
  }
  CHECK(without == std::vector<int>{429});
}

TEST_CASE("issue 12: HEAD has the headers of GET and nothing else, on every route of GET") {
  HttpClient client = fleet().client();
  const HttpAnswer created = client.post("/servers", harness::create_body({.profile = "instant"}));
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  const std::string id = created.json()["id"].text();
  for (const std::string& path :
       {std::string("/servers"), std::string("/servers?limit=1"), "/servers/" + id,
        "/servers/" + id + "/logs", std::string("/servers/x"), std::string("/nothing"),
        std::string("/operations"), std::string("/regions"), std::string("/types"),
        std::string("/healthz"), std::string("/openapi.json"), std::string("/swagger/index.html"),
        std::string("/servers/" + id + "/action")}) {
    CAPTURE(path);
    const HttpAnswer get = client.get(path);
    const HttpAnswer head = client.request("HEAD", path);
    CHECK(head.status == get.status);
    CHECK(head.body.empty());
    CHECK(head.header("Content-Length").empty() == get.header("Content-Length").empty());
    CHECK(header_lines(comparable(head)) == header_lines(comparable(get)));
  }
  // Not modified: neither has a body, and both say the same.
  const HttpHeaders known = {{"If-None-Match", client.get("/swagger/index.html").header("ETag")}};
  const HttpAnswer get = client.get("/swagger/index.html", known);
  const HttpAnswer head = client.request("HEAD", "/swagger/index.html", "", known);
  CHECK(get.status == 304);
  CHECK(header_lines(comparable(head)) == header_lines(comparable(get)));
}
