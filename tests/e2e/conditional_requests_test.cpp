// Goal: a repeated read gets 304 exactly as long as the document is the same to the byte; a write
// with If-Match is refused exactly if the server has changed, also while others write or fail to.
// Method: ETags of answers sent back in If-None-Match and If-Match, one by one and many at once.

#include <atomic>
#include <barrier>
#include <map>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;

namespace {

/// Of all cases: each has a server of its own.
harness::Fleet& fleet() {
  static harness::Fleet shared({.apis = 2, .workers = 2});
  return shared;
}

HttpAnswer get_unless(HttpClient& client, const std::string& id, const std::string& tags) {
  return client.get("/servers/" + id, {{"If-None-Match", tags}});
}

std::string tag_of(HttpClient& client, const std::string& id) {
  return client.get("/servers/" + id).header("ETag");
}

}  // namespace

TEST_CASE("a server's ETag is its version, on reads and on writes") {
  HttpClient client = fleet().client();
  const HttpAnswer created = client.post("/servers", harness::create_body({.profile = "instant"}));
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  CHECK(created.header("ETag") == "\"1\"");
  const std::string id = created.json()["id"].text();
  CHECK(tag_of(client, id) == "\"1\"");
  const HttpAnswer stopped = act(client, id, "stop");
  CHECK(stopped.header("ETag") == "\"2\"");
  CHECK(tag_of(client, id) == "\"2\"");
}

TEST_CASE(
    "a reader who has a server that stands still gets 304 and no body, any other the server") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, id, "stop").status == 200);
  for (const std::string same : {"\"2\"", "W/\"2\"", "\"7\", \"2\"", "*"}) {
    CAPTURE(same);
    const HttpAnswer answer = get_unless(client, id, same);
    CHECK_MESSAGE(answer.status == 304, describe(answer));
    CHECK(answer.body.empty());
    CHECK(answer.header("ETag") == "\"2\"");
    CHECK(client.connected());
  }
  for (const std::string other : {"\"1\"", "\"02\"", "\"\""}) {
    CAPTURE(other);
    const HttpAnswer answer = get_unless(client, id, other);
    CHECK_MESSAGE(answer.status == 200, describe(answer));
    CHECK(answer.json()["id"].text() == id);
  }
  REQUIRE(act(client, id, "terminate").status == 200);
  CHECK(get_unless(client, id, "\"2\"").status == 200);
  CHECK(get_unless(client, id, "2").status == 400);
}

TEST_CASE("304 is given only while the answer would be the same to the byte (issue 12, 3)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const HttpAnswer running = client.get("/servers/" + id);
  CHECK(running.header("Cache-Control") == "no-store");
  e2e::advance(client, e2e::day);
  const HttpAnswer later = get_unless(client, id, running.header("ETag"));
  CHECK_MESSAGE(later.status == 200, describe(later));
  CHECK(later.header("ETag") == running.header("ETag"));  // the server has not changed
  CHECK(later.json()["live_cost"].number() > 0.2);
  CHECK(get_unless(client, id, "*").status == 200);

  REQUIRE(client.del("/servers/" + id).status == 200);
  const HttpAnswer ended = client.get("/servers/" + id);
  CHECK(ended.header("Cache-Control") == "private, no-cache");
  e2e::advance(client, e2e::day);
  const HttpAnswer same = get_unless(client, id, ended.header("ETag"));
  CHECK(same.status == 304);
  CHECK(same.header("Cache-Control") == "private, no-cache");
  CHECK(client.get("/servers/" + id).body == ended.body);
}

TEST_CASE("a refused command leaves tag and document as they were, to the byte (issue 12, 3)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, id, "stop").status == 200);
  const HttpAnswer seen = client.get("/servers/" + id);
  CHECK(act(client, id, "stop").status == 409);
  CHECK(act(client, id, "start", {{"If-Match", "\"9\""}}).status == 412);
  const HttpAnswer now = client.get("/servers/" + id);
  CHECK(now.body == seen.body);
  CHECK(now.header("ETag") == seen.header("ETag"));
  CHECK(now.header("Cache-Control") == "private, no-cache");
  CHECK(get_unless(client, id, seen.header("ETag")).status == 304);
  CHECK("\"" + std::to_string(now.json()["version"].integer()) + "\"" == now.header("ETag"));
  CHECK(newest_version(client, id) == 4);  // the log counts what was refused
}

TEST_CASE("an older build's tags, which refusals moved, hold until the server changes (12, 7)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, id, "start").status == 409);
  REQUIRE(newest_version(client, id) == 2);
  CHECK(act(client, id, "stop", {{"If-Match", "\"2\""}}).status == 200);
  CHECK(act(client, id, "start", {{"If-Match", "\"2\""}}).status == 412);
}

TEST_CASE("no cache keeps what changes unnoticed (issue 12, 3)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (const std::string path :
       {"/servers", "/servers/ID", "/servers/ID/logs", "/operations", "/regions", "/types",
        "/clock", "/billing", "/healthz", "/readyz", "/metrics", "/nowhere"}) {
    CAPTURE(path);
    const auto at = path.find("ID");
    const HttpAnswer answer =
        client.get(at == std::string::npos ? path : std::string(path).replace(at, 2, id));
    CHECK(answer.header("Cache-Control") == "no-store");
  }
  CHECK(act(client, id, "stop").header("Cache-Control") == "no-store");
  const HttpAnswer document = client.get("/openapi.json");
  CHECK(document.header("Cache-Control") == "no-cache");
  const HttpAnswer again =
      client.get("/openapi.json", {{"If-None-Match", document.header("ETag")}});
  CHECK(again.status == 304);
  CHECK(again.body.empty());
}

TEST_CASE("a write meant for another version is 412 and changes nothing") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (const std::string stale : {"\"7\"", "\"7\", \"8\""}) {
    CAPTURE(stale);
    const HttpAnswer refused = act(client, id, "stop", {{"If-Match", stale}});
    CHECK_MESSAGE(refused.status == 412, describe(refused));
    CHECK(refused.code() == "precondition_failed");
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  const std::string now = tag_of(client, id);
  CHECK(act(client, id, "stop", {{"If-Match", "\"1\", " + now}}).status == 200);
  CHECK(act(client, id, "start", {{"If-Match", "*"}}).status == 200);
  const HttpAnswer removed = client.del("/servers/" + id, {{"If-Match", now}});
  CHECK_MESSAGE(removed.status == 412, describe(removed));
  CHECK(client.del("/servers/" + id, {{"If-Match", tag_of(client, id)}}).status == 200);
}

TEST_CASE("a tag that can never match is 412 that says why, and is no command (issue 12, 11)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  struct Row {
    std::string tags;
    int status;
    std::string says;
  };
  for (const auto& [tags, status, says] : std::vector<Row>{
           {"W/\"1\"", 412, "weak"},
           {"W/\"1\", W/\"2\"", 412, "weak"},
           {"W/\"1\", \"1-gzip\"", 412, "weak"},
           {"\"1-gzip\"", 412, "proxy"},
           {"\"x\"", 412, "proxy"},
           {"\"1\" \"2\"", 400, "comma"},
           {"\"1 2\"", 400, "blank"},
           {"1", 400, "quote"},
       }) {
    CAPTURE(tags);
    const HttpAnswer refused = act(client, id, "stop", {{"If-Match", tags}});
    CHECK_MESSAGE(refused.status == status, describe(refused));
    CHECK(refused.json()["detail"].text().find(says) != std::string::npos);
    CHECK(refused.json()["detail"].text().find("moved on") == std::string::npos);
    CHECK(client.del("/servers/" + id, {{"If-Match", tags}}).status == status);
  }
  const auto server = get_server(client, id);
  CHECK(server["status"].text() == "RUNNING");
  CHECK(newest_version(client, id) == 1);
  // The resource comes before its preconditions (RFC 9110, 13.2.1).
  CHECK(act(client, harness::random_uuid(), "stop", {{"If-Match", "W/\"1\""}}).status == 404);
  CHECK(act(client, id, "stop", {{"If-Match", "W/\"1\", \"1\""}}).status == 200);
}

TEST_CASE("what changes nothing moves neither ETag nor updated_at (issue 12, 7)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const HttpAnswer seen = client.get("/servers/" + id);
  CHECK(act(client, id, "stop", {{"If-Match", "\"9\""}}).status == 412);
  CHECK(act(client, id, "start").status == 409);
  const HttpAnswer now = client.get("/servers/" + id);
  CHECK(now.header("ETag") == seen.header("ETag"));
  CHECK(now.json()["updated_at"].text() == seen.json()["updated_at"].text());
  CHECK(now.json()["version"].integer() == 1);
  CHECK(newest_version(client, id) == 3);  // which counts outcomes too
  const HttpAnswer stopped = act(client, id, "stop", {{"If-Match", seen.header("ETag")}});
  REQUIRE_MESSAGE(stopped.status == 200, describe(stopped));
  CHECK(stopped.header("ETag") == "\"4\"");
  CHECK(client.get("/servers/" + id).header("ETag") == "\"4\"");
  // Made again from the log, and held against it, the read models say the same.
  CHECK(act(client, id, "stop").status == 409);
  const auto before = client.get("/servers/" + id);
  const auto rebuilt = fleet().vsimctl({"rebuild", "--yes"});
  REQUIRE_MESSAGE(rebuilt.ending.clean(), rebuilt.text);
  const auto verified = fleet().vsimctl({"verify"});
  CHECK_MESSAGE(verified.ending.clean(), verified.text);
  const auto after = client.get("/servers/" + id);
  CHECK(after.header("ETag") == "\"4\"");
  CHECK(after.json()["updated_at"].text() == before.json()["updated_at"].text());
}

TEST_CASE("of ten who read, think and write one gets through on each tag (issue 12, 7)") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  constexpr int rounds = 20;
  std::mutex mutex;
  std::map<std::string, int> done_on;  // by tag
  int done = 0;
  const auto work = [&](int number) {
    HttpClient own = fleet().client();
    for (int turn = 0; turn < 1000; ++turn) {
      const std::string tag = tag_of(own, id);
      std::this_thread::sleep_for(std::chrono::milliseconds(10 + 7 * ((number + turn) % 10)));
      const int status = act(own, id, "reboot", {{"If-Match", tag}}).status;
      const std::lock_guard lock(mutex);
      done_on[tag] += status == 200;
      done += status == 200;
      if (done >= rounds) {
        return;
      }
    }
  };
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 10; ++i) {
      writers.emplace_back(work, i);
    }
  }
  REQUIRE(done >= rounds);
  const std::string last = tag_of(client, id);
  for (const auto& [tag, count] : done_on) {
    CAPTURE(tag);
    CHECK(count == (tag == last ? 0 : 1));
  }
}

TEST_CASE("If-Match is refused where there is no version to match") {
  HttpClient client = fleet().client();
  const harness::HttpHeaders match = {{"If-Match", "\"1\""}};
  const auto total = [&] { return client.get("/servers?limit=1").json()["total"].integer(); };
  const auto before = total();
  CHECK(client.post("/servers", harness::create_body(), match).status == 400);
  CHECK(client.post("/clock", R"({"scale":2})", match).status == 400);
  CHECK(client.post("/regions/us-east-1/addresses", R"({"cidr":"10.9.0.0/30"})", match).status ==
        400);
  CHECK(total() == before);
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(act(client, id, "stop", {{"If-Match", "1"}}).status == 400);
  CHECK(total() == before + 1);
}

TEST_CASE(
    "of many who saw the same version one acts, and each other gets 412 or is asked to wait") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  constexpr int writers = 8;
  for (int round = 0; round < 5; ++round) {
    const std::string seen = tag_of(client, id);
    std::atomic<int> done{0};
    std::atomic<int> stopped{0};
    std::barrier<> start(writers);
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] {
          HttpClient own = fleet().client(static_cast<std::size_t>(i % 2));
          own.get("/healthz");
          start.arrive_and_wait();
          const int status = act(own, id, "reboot", {{"If-Match", seen}}).status;
          done += status == 200;
          stopped += status == 412 || status == 409;
        });
      }
    }
    CHECK(done == 1);
    CHECK(stopped == writers - 1);
  }
}
