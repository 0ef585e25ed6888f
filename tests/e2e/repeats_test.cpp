// Goal: a repeat under an Idempotency-Key says that it is one; what was never carried out may be
// sent again under its key, and takes effect once (issue 12, number 10).
// Method: repeats of successes and refusals after the world has changed; purges with the nats CLI,
// then repeats one by one, many at once, and together with `vsimctl journal replay`; EVENTS, the
// answers and `vsimctl verify` must tell the same story.

#include <barrier>
#include <functional>
#include <future>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/sim_time.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::create_body;
using harness::eventually;
using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Json;

namespace {

using Write = std::function<HttpAnswer(HttpClient&, HttpHeaders)>;

HttpHeaders key(const std::string& value) { return {{"Idempotency-Key", value}}; }

/// The write under this key, with more headers.
HttpAnswer send(HttpClient& client, const Write& write, const std::string& with_key,
                const HttpHeaders& more = {}) {
  HttpHeaders headers = key(with_key);
  headers.insert(headers.end(), more.begin(), more.end());
  return write(client, headers);
}

const HttpHeaders async = {{"Prefer", "respond-async"}};

Write action(const std::string& id, const std::string& name) {
  return [=](HttpClient& client, const HttpHeaders& headers) {
    return act(client, id, name, headers);
  };
}

Write post(const std::string& path, const std::string& body) {
  return [=](HttpClient& client, const HttpHeaders& headers) {
    return client.post(path, body, headers);
  };
}

void nats(Fleet& fleet, const std::vector<std::string>& arguments) {
  const harness::Output output = fleet.nats_cli(arguments);
  REQUIRE_MESSAGE(output.ending.clean(), output.text);
}
void pause_workers(Fleet& fleet) {
  nats(fleet, {"consumer", "pause", "COMMANDS", "commands", "1h", "-f"});
}
void resume_workers(Fleet& fleet) {
  nats(fleet, {"consumer", "resume", "COMMANDS", "commands", "-f"});
}
void purge(Fleet& fleet) { nats(fleet, {"stream", "purge", "COMMANDS", "-f"}); }

std::string status_of(HttpClient& client, const std::string& operation) {
  return client.get("/operations/" + operation).json()["status"].text();
}

bool ends_as(HttpClient& client, const std::string& operation, const std::string& status) {
  return eventually([&] { return status_of(client, operation) == status; },
                    std::chrono::seconds(10));
}

/// Whether GET /operations lists it under this status.
bool is_listed(HttpClient& client, const std::string& operation, const std::string& status) {
  const Json items = client.get("/operations?limit=200&status=" + status).json()["items"];
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items.at(i)["id"].text() == operation) {
      return true;
    }
  }
  return false;
}

/// Sends the write under the key while no worker takes it, and has it purged; its operation. The
/// workers stand still afterwards.
std::string purged(Fleet& fleet, HttpClient& client, const Write& write,
                   const std::string& with_key) {
  pause_workers(fleet);
  const HttpAnswer accepted = send(client, write, with_key, async);
  REQUIRE_MESSAGE(accepted.status == 202, describe(accepted));
  const std::string operation = accepted.json()["id"].text();
  purge(fleet);
  REQUIRE(ends_as(client, operation, "PURGED"));
  return operation;
}

void check_is_told_as_repeat(const HttpAnswer& answer, const HttpAnswer& first) {
  CHECK_MESSAGE(answer.status == first.status, describe(answer));
  CHECK(answer.code() == first.code());
  CHECK(answer.header("Idempotent-Replayed") == "true");
  CHECK(first.header("Idempotent-Replayed").empty());
  CHECK(first.body.find("decided_at") == std::string::npos);
  const std::string at = answer.json()["decided_at"].text();
  const std::string detail = answer.json()["detail"].text();
  CHECK(e2e::moment(at) > 0);
  CHECK_MESSAGE(detail.find(at) != std::string::npos, detail);
  CHECK_MESSAGE(detail.find("key is spent") != std::string::npos, detail);
  CHECK_MESSAGE(detail.find("new key") != std::string::npos, detail);
  CHECK_MESSAGE(detail.find(first.json()["detail"].text()) != std::string::npos, detail);
}

void check_verified(Fleet& fleet) {
  const harness::Output verified = fleet.vsimctl({"verify"});
  CHECK_MESSAGE(verified.ending.clean(), verified.text);
}

}  // namespace

TEST_CASE("a repeated refusal says of when it is, and that its key is spent (12.10)") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const HttpAnswer start = act(client, id, "start", key("a"));
  REQUIRE(start.status == 409);
  const HttpHeaders stale = {{"Idempotency-Key", "b"}, {"If-Match", "\"7\""}};
  const HttpAnswer conditional = act(client, id, "stop", stale);
  REQUIRE(conditional.status == 412);

  REQUIRE(act(client, id, "stop").status == 200);
  check_is_told_as_repeat(act(client, id, "start", key("a")), start);  // STOPPED by now
  check_is_told_as_repeat(act(client, id, "stop", stale), conditional);
  CHECK(act(client, id, "start", key("c")).status == 200);
}

TEST_CASE("every repeated success says that it is one, and a server's is the same to the byte") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Write create = post("/servers", create_body({.profile = "instant"}));
  const HttpAnswer created = send(client, create, "create");
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  const std::string id = created.json()["id"].text();
  const Write remove = [&](HttpClient& own, const HttpHeaders& headers) {
    return own.del("/servers/" + id, headers);
  };
  struct Case {
    std::string name;
    Write write;
    bool same_body;
  };
  const std::vector<Case> cases = {
      {"create", create, true},
      {"stop", action(id, "stop"), true},
      {"delete", remove, true},
      {"delete of what is gone", remove, true},
      {"pool", post("/regions/us-east-1/addresses", R"({"cidr":"10.7.0.0/29"})"), false},
      {"clock", post("/clock", R"({"advance_seconds":60})"), false},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const HttpAnswer first = one.name == "create" ? created : send(client, one.write, one.name);
    CHECK_MESSAGE(first.status < 202, describe(first));
    CHECK(first.header("Idempotent-Replayed").empty());
    const HttpAnswer again = send(client, one.write, one.name);
    CHECK_MESSAGE(again.status == first.status, describe(again));
    CHECK(again.header("Idempotent-Replayed") == "true");
    if (one.same_body) {
      CHECK(again.body == first.body);
    }
  }
  const HttpAnswer misuse = send(client, action(id, "start"), "stop");
  CHECK(misuse.status == 422);
  CHECK(misuse.header("Idempotent-Replayed").empty());
}

TEST_CASE("If-Match belongs to the request of a key: another one is 422, the same is a repeat") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const auto stop_if = [&](const std::string& tags) {
    return act(client, id, "stop", {{"Idempotency-Key", "k"}, {"If-Match", tags}});
  };
  CHECK(stop_if("\"7\", \"8\"").status == 412);
  for (const std::string same : {"\"7\", \"8\"", "\"8\",\"7\"", "\"7\", \"8\", \"7\""}) {
    CAPTURE(same);
    const HttpAnswer repeat = stop_if(same);
    CHECK_MESSAGE(repeat.status == 412, describe(repeat));
    CHECK(repeat.header("Idempotent-Replayed") == "true");
  }
  const std::string right = client.get("/servers/" + id).header("ETag");
  for (const std::string& other :
       {right, std::string("\"7\""), std::string("*"), std::string("\"7\", W/\"8\"")}) {
    CAPTURE(other);
    const HttpAnswer misuse = stop_if(other);
    CHECK_MESSAGE(misuse.status == 422, describe(misuse));
    CHECK(misuse.code() == "idempotency_mismatch");
  }
  CHECK(act(client, id, "stop", key("k")).status == 422);
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
}

TEST_CASE("what was purged is carried out when it is sent again under its key, and then a repeat") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  struct Case {
    std::string name;
    Write write;
  };
  const std::vector<Case> cases = {
      {"stop", action(id, "stop")},
      {"create", post("/servers", create_body({.profile = "instant"}))},
      {"pool", post("/regions/us-east-1/addresses", R"({"cidr":"10.7.0.0/29"})")},
      {"clock", post("/clock", R"({"advance_seconds":86400})")},
  };
  const std::int64_t before = e2e::moment(e2e::clock_of(client)["now"].text());
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const std::string operation = purged(fleet, client, one.write, one.name);
    resume_workers(fleet);
    const HttpAnswer done = send(client, one.write, one.name);
    CHECK_MESSAGE((done.status == 200 || done.status == 201), describe(done));
    CHECK(done.header("Idempotent-Replayed").empty());
    CHECK(status_of(client, operation) == "SUCCEEDED");
    const HttpAnswer repeat = send(client, one.write, one.name);
    CHECK_MESSAGE(repeat.status == done.status, describe(repeat));
    CHECK(repeat.header("Idempotent-Replayed") == "true");
  }
  // Stopped once, and reaped for it on the day that was advanced once.
  CHECK(get_server(client, id)["termination_reason"].text() == "idle_timeout");
  CHECK(client.get("/servers?limit=1").json()["total"].integer() == 2);
  const std::int64_t passed = e2e::moment(e2e::clock_of(client)["now"].text()) - before;
  CHECK(passed >= e2e::day);
  CHECK(passed < 2 * e2e::day);
}

TEST_CASE("sent again it is PENDING until it is carried out, and PURGED again if it is purged") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const Write stop = action(id, "stop");
  const std::string operation = purged(fleet, client, stop, "k");

  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    const HttpAnswer again = send(client, stop, "k", async);
    REQUIRE_MESSAGE(again.status == 202, describe(again));
    CHECK(again.json()["id"].text() == operation);
    CHECK(status_of(client, operation) == "PENDING");  // at once
    CHECK(eventually([&] { return is_listed(client, operation, "PENDING"); }));
    CHECK_FALSE(is_listed(client, operation, "PURGED"));
    check_verified(fleet);
    const harness::Output rebuilt = fleet.vsimctl({"rebuild", "--yes"});
    CHECK_MESSAGE(rebuilt.ending.clean(), rebuilt.text);
    CHECK(status_of(client, operation) == "PENDING");
    auto waiting = std::async(std::launch::async, [&] {
      HttpClient twin = fleet.client();
      return send(twin, stop, "k", {{"Prefer", "wait=30"}});
    });
    purge(fleet);
    const HttpAnswer refused = waiting.get();
    CHECK_MESSAGE(refused.code() == "purged", describe(refused));
    CHECK(refused.header("Idempotent-Replayed").empty());
    CHECK(ends_as(client, operation, "PURGED"));
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  resume_workers(fleet);
  const HttpAnswer done = send(client, stop, "k");
  CHECK_MESSAGE(done.status == 200, describe(done));
  CHECK(done.json()["status"].text() == "STOPPED");
  check_verified(fleet);
}

TEST_CASE("many repeat what was purged while an operator replays it: it takes effect once") {
  Fleet fleet({.apis = 2, .workers = 2});
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  constexpr std::size_t twins = 8;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    const std::string with_key = "reboot-" + std::to_string(round);
    const Write reboot = action(id, "reboot");
    const std::string operation = purged(fleet, client, reboot, with_key);
    const std::int64_t version = newest_version(client, id);
    resume_workers(fleet);
    std::barrier<> start(twins + 1);
    std::vector<HttpAnswer> answers(twins);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < twins; ++i) {
        threads.emplace_back([&, i] {
          HttpClient own = fleet.client(i % 2);
          own.get("/healthz");
          start.arrive_and_wait();
          answers[i] = send(own, reboot, with_key);
        });
      }
      threads.emplace_back([&] {
        start.arrive_and_wait();
        fleet.vsimctl({"journal", "replay", "--purged", "--yes"});  // it may come too late
      });
    }
    for (const HttpAnswer& answer : answers) {
      CHECK_MESSAGE(answer.status == 200, describe(answer));
      CHECK(answer.body == answers.front().body);
    }
    CHECK(eventually([&] { return e2e::waiting_commands(fleet) == 0; }));
    CHECK(newest_version(client, id) == version + 1);
    CHECK(status_of(client, operation) == "SUCCEEDED");
  }
  check_verified(fleet);
}

TEST_CASE("purged again and again while a client insists: the janitor's verdicts never double it") {
  Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const Write reboot = action(id, "reboot");
  const std::string operation = purged(fleet, client, reboot, "k");
  resume_workers(fleet);
  std::jthread purger([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      fleet.nats_cli({"stream", "purge", "COMMANDS", "-f"});
    }
  });
  HttpAnswer answer;
  CHECK(eventually(
      [&] {
        answer = send(client, reboot, "k", {{"Prefer", "wait=10"}});
        return answer.status == 200;
      },
      std::chrono::seconds(60)));
  purger.request_stop();
  purger.join();
  CHECK_MESSAGE(answer.status == 200, describe(answer));
  std::size_t carried_out = 0;
  const e2e::EventLog log = e2e::read_event_log(fleet);
  for (const auto& event : log.servers.at(id)) {
    carried_out += event.command_id == operation && event.type == "server_rebooted";
  }
  CHECK(carried_out == 1);
  CHECK(ends_as(client, operation, "SUCCEEDED"));
  check_verified(fleet);
}
