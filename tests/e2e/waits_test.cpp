// Goal: an answer to a write comes when its outcome can be read, unless the caller asks otherwise;
// an accepted command is never lost, only late.
// Method: Prefer, until=settled and the sequence headers, with a worker at work and without one.

#include <csignal>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::Json;
using std::chrono::milliseconds;

namespace {

/// Of those cases that leave it as they found it, with a worker at work.
harness::Fleet& shared_fleet() {
  static harness::Fleet shared({.apis = 2});
  return shared;
}

milliseconds since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

void check_accepted(const HttpAnswer& answer) {
  CHECK_MESSAGE(answer.status == 202, describe(answer));
  CHECK_MESSAGE(answer.header("Location").find("/operations/") == 0, answer.header("Location"));
  CHECK_FALSE(answer.header("Vsim-Sequence").empty());
}

bool operation_is(harness::HttpClient& client, const HttpAnswer& accepted,
                  const std::string& status) {
  const HttpAnswer operation = client.get(accepted.header("Location"));
  return operation.status == 200 && operation.json()["status"].text() == status;
}

/// 202 to a write with until=settled: its body and its Location are PENDING, and done only when the
/// server has come to the end of the transition.
void check_leads_to_the_end(harness::HttpClient& client, const HttpAnswer& accepted,
                            const std::string& end) {
  CAPTURE(end);
  check_accepted(accepted);
  CHECK_MESSAGE(accepted.json()["status"].text() == "PENDING", describe(accepted));
  CHECK(accepted.json()["settled_at"].is_null());
  const std::string path = accepted.header("Location");
  CHECK_MESSAGE(path.find("?until=settled") != std::string::npos, path);
  const std::string server = "/servers/" + accepted.json()["server_id"].text();
  HttpAnswer operation = client.get(path);
  harness::eventually(
      [&] {
        operation = client.get(path, {{"Prefer", "wait=1"}});
        return operation.status != 200 || operation.json()["status"].text() != "PENDING";
      },
      std::chrono::seconds(60));
  REQUIRE_MESSAGE(operation.status == 200, describe(operation));
  CHECK_MESSAGE(client.get(server).json()["status"].text() == end, describe(operation));
  CHECK(operation.json()["status"].text() == "SUCCEEDED");
  CHECK_FALSE(operation.json()["settled_at"].is_null());
}

}  // namespace

TEST_CASE("respond-async is accepted at once, and the operation tells the outcome") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const HttpAnswer create = client.post("/servers", harness::create_body({.profile = "instant"}),
                                        {{"Prefer", "respond-async"}});
  check_accepted(create);
  CHECK(create.header("Preference-Applied").find("respond-async") != std::string::npos);
  CHECK(harness::eventually([&] { return operation_is(client, create, "SUCCEEDED"); }));
  const Json operation = client.get(create.header("Location")).json();
  const std::string id = operation["server_id"].text();
  CHECK(get_server(client, id)["status"].text() == "RUNNING");

  const HttpAnswer start = act(client, id, "start", {{"Prefer", "respond-async"}});
  check_accepted(start);
  CHECK(harness::eventually([&] { return operation_is(client, start, "REJECTED"); }));
  CHECK(client.get(start.header("Location")).json()["code"].text() == "invalid_transition");
}

TEST_CASE("every answer to a write can be read at once, and later reads wait for its sequence") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client(0);
  harness::HttpClient other = fleet.client(1);
  const auto total = [&] { return client.get("/servers?limit=1").json()["total"].integer(); };
  const auto before = total();
  for (int i = 1; i <= 30; ++i) {
    const HttpAnswer create = client.post("/servers", harness::create_body({.profile = "instant"}));
    REQUIRE_MESSAGE(create.status == 201, describe(create));
    const std::string path = create.header("Location");
    CHECK(client.get(path).status == 200);
    const HttpAnswer read =
        other.get(path, {{"Vsim-Min-Sequence", create.header("Vsim-Sequence")}});
    CHECK_MESSAGE(read.status == 200, describe(read));
    CHECK(total() == before + i);
  }
}

TEST_CASE("a read that is to wait for what is before everything does not wait") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  for (const char* token : {"EVENTS:0", "COMMANDS:0"}) {
    const HttpAnswer read = client.get("/servers", {{"Vsim-Min-Sequence", token}});
    CHECK_MESSAGE(read.status == 200, describe(read));
  }
}

TEST_CASE("until=settled answers with the end state of the transition") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "5"}}});
  harness::HttpClient client = fleet.client();
  const HttpAnswer create = client.post("/servers?until=settled", harness::create_body());
  REQUIRE_MESSAGE(create.status == 201, describe(create));
  CHECK(create.json()["status"].text() == "RUNNING");
  const std::string id = create.json()["id"].text();
  const std::string action = "/servers/" + id + "/action?until=settled";
  const HttpAnswer stop = client.post(action, R"({"action":"stop"})");
  CHECK_MESSAGE(stop.status == 200, describe(stop));
  CHECK(stop.json()["status"].text() == "STOPPED");
  const HttpAnswer gone = client.del("/servers/" + id + "?until=settled");
  CHECK_MESSAGE(gone.status == 200, describe(gone));
  CHECK(gone.json()["status"].text() == "TERMINATED");
}

TEST_CASE("past its wait until=settled leads to what is PENDING until it has settled (12.12)") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const auto started = std::chrono::steady_clock::now();
  const HttpAnswer create =
      client.post("/servers?until=settled", harness::create_body(), {{"Prefer", "wait=1"}});
  CHECK(since(started) >= milliseconds(900));
  CHECK(since(started) < milliseconds(1900));  // before any create of `standard` is through
  check_accepted(create);
  const std::string id = create.json()["server_id"].text();
  const auto write = [&](const std::string& action, const std::string& prefer) {
    return client.post("/servers/" + id + "/action?until=settled",
                       R"({"action":")" + action + R"("})", {{"Prefer", prefer}});
  };
  check_leads_to_the_end(client, create, "RUNNING");
  check_leads_to_the_end(client, write("stop", "respond-async"), "STOPPED");
  check_leads_to_the_end(client, write("start", "respond-async, wait=0"), "RUNNING");
  check_leads_to_the_end(client, write("reboot", "wait=0"), "RUNNING");
  REQUIRE(client.post("/clock", R"({"scale":0.05})").status == 200);
  const HttpAnswer gone =
      client.del("/servers/" + id + "?until=settled", {{"Prefer", "respond-async"}});
  // It finds the server TERMINATING: what it leads to is what terminates it.
  harness::eventually([&] { return get_server(client, id)["status"].text() != "RUNNING"; });
  const HttpAnswer again = client.del("/servers/" + id + "?until=settled", {{"Prefer", "wait=1"}});
  CHECK_MESSAGE(again.header("Location") == gone.header("Location"), describe(again));
  REQUIRE(client.post("/clock", R"({"scale":5})").status == 200);
  check_leads_to_the_end(client, again, "TERMINATED");
}

TEST_CASE("what a terminate has broken off is SUPERSEDED where its end was asked for (12.12)") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "0.01"}}});
  harness::HttpClient client = fleet.client();
  const HttpAnswer create =
      client.post("/servers?until=settled", harness::create_body(), {{"Prefer", "respond-async"}});
  check_accepted(create);
  const std::string id = create.json()["server_id"].text();
  REQUIRE(harness::eventually([&] { return client.get("/servers/" + id).status == 200; }));
  CHECK(operation_is(client, create, "PENDING"));
  HttpAnswer gone;
  REQUIRE(harness::eventually([&] {
    gone = act(client, id, "terminate");
    return gone.status == 200;
  }));
  const Json over = client.get(create.header("Location"), {{"Prefer", "wait=10"}}).json();
  CHECK(over["status"].text() == "SUPERSEDED");
  CHECK(over["code"].text() == "superseded");
  CHECK_FALSE(over["detail"].text().empty());
  CHECK(over["settled_at"].text() == gone.json()["updated_at"].text());
  // The command itself was carried out, and the terminate comes to its end.
  const std::string plain = "/operations/" + create.json()["id"].text();
  CHECK(client.get(plain).json()["status"].text() == "SUCCEEDED");
  CHECK(client.get(plain).json()["code"].is_null());
  REQUIRE(client.post("/clock", R"({"scale":10})").status == 200);
  const HttpAnswer end = client.del("/servers/" + id + "?until=settled");
  CHECK_MESSAGE(end.status == 200, describe(end));
  CHECK(end.json()["status"].text() == "TERMINATED");
  CHECK(client.get(create.header("Location")).json()["settled_at"].text() ==
        over["settled_at"].text());
}

TEST_CASE("who waits for an end that never comes gets 409 as soon as that is known (12.12)") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "0.01"}}});
  harness::HttpClient client = fleet.client();
  const harness::HttpHeaders key = {{"Idempotency-Key", "create-1"}};
  HttpAnswer created;
  std::jthread waiting([&] {
    harness::HttpClient own = fleet.client();
    created = own.post("/servers?until=settled", harness::create_body(), key);
  });
  std::string id;
  REQUIRE(harness::eventually([&] {
    const auto items = client.get("/servers").json()["items"];
    if (items.size() == 1) {
      id = items.at(0)["id"].text();
    }
    return !id.empty();
  }));
  REQUIRE(harness::eventually([&] { return act(client, id, "terminate").status == 200; }));
  waiting.join();
  CHECK_MESSAGE(created.status == 409, describe(created));
  CHECK(created.code() == "superseded");
  CHECK(created.header("Location") == "/servers/" + id);
  const HttpAnswer again = client.post("/servers?until=settled", harness::create_body(), key);
  CHECK_MESSAGE(again.status == 409, describe(again));
  CHECK(again.header("Idempotent-Replayed") == "true");
  // Who did not ask for the end gets the create's own answer.
  const HttpAnswer plain = client.post("/servers", harness::create_body(), key);
  CHECK_MESSAGE(plain.status == 201, describe(plain));
}

TEST_CASE("a repeat of what had settled before its server was ended is no 409 (12.12)") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  harness::HttpClient client = fleet.client();
  const harness::HttpHeaders key = {{"Idempotency-Key", "create-1"}};
  const auto create = [&] {
    return client.post("/servers?until=settled", harness::create_body(), key);
  };
  const HttpAnswer first = create();
  REQUIRE_MESSAGE(first.status == 201, describe(first));
  REQUIRE(client.del("/servers/" + first.json()["id"].text() + "?until=settled").status == 200);
  const HttpAnswer again = create();
  CHECK_MESSAGE(again.status == 201, describe(again));
  CHECK(again.header("Idempotent-Replayed") == "true");
}

TEST_CASE("an operation can be waited for, and the wait has its bounds") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.worker().terminate();
  const HttpAnswer stop = act(client, id, "stop", {{"Prefer", "respond-async"}});
  check_accepted(stop);
  const std::string path = stop.header("Location");
  CHECK(path.find('?') == std::string::npos);
  const HttpAnswer at_once = client.get(path);
  CHECK(at_once.json()["status"].text() == "PENDING");
  CHECK(at_once.header("Preference-Applied").empty());
  const auto started = std::chrono::steady_clock::now();
  const HttpAnswer pending = client.get(path, {{"Prefer", "wait=1"}});
  CHECK(since(started) >= milliseconds(1000));
  CHECK(pending.json()["status"].text() == "PENDING");
  CHECK(pending.header("Preference-Applied") == "wait=1");
  fleet.start_worker();
  const Json done = client.get(path, {{"Prefer", "wait=60"}}).json();
  CHECK(done["status"].text() == "SUCCEEDED");
  CHECK(done["settled_at"].text() == done["decided_at"].text());
  CHECK(client.get(path, {{"Prefer", "wait=61"}}).status == 400);
  CHECK(client.get(path + "?until=done").status == 400);
  CHECK(client.get(path + "?wait=1").status == 400);
}

TEST_CASE("a change of the clock leads to what is PENDING until all that fell due can be read") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  fleet.worker().terminate();
  fleet.start_worker(0, {{"ROLES", "commands,projector,janitor"}});  // nobody keeps time
  const HttpAnswer advance =
      client.post("/clock", R"({"advance_seconds":86400})", {{"Prefer", "wait=1"}});
  check_accepted(advance);
  CHECK(advance.json()["status"].text() == "PENDING");
  const std::string path = advance.header("Location");
  CHECK(path.find("?until=settled") != std::string::npos);
  const std::string plain = path.substr(0, path.find('?'));
  const HttpAnswer decided = client.get(plain, {{"Prefer", "wait=60"}});
  CHECK_MESSAGE(decided.json()["status"].text() == "SUCCEEDED", describe(decided));
  CHECK_FALSE(decided.json()["decided_at"].is_null());
  CHECK(client.get(path).json()["status"].text() == "PENDING");
  CHECK(client.get(plain).json()["settled_at"].is_null());
  fleet.worker().terminate();
  fleet.start_worker();
  const Json done = client.get(path, {{"Prefer", "wait=60"}}).json();
  CHECK(done["status"].text() == "SUCCEEDED");
  CHECK(client.get("/clock").json()["deadlines_applied"].text() >= done["settled_at"].text());
}

TEST_CASE("without a worker a write is 202 after its wait, visible as PENDING, and done later") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const std::string running = create_server(client, {.profile = "instant"})["id"].text();
  fleet.worker().terminate();

  const auto started = std::chrono::steady_clock::now();
  const HttpAnswer create =
      client.post("/servers", harness::create_body({.profile = "instant"}), {{"Prefer", "wait=1"}});
  CHECK(since(started) >= milliseconds(900));
  CHECK(since(started) < milliseconds(5000));
  check_accepted(create);
  const HttpAnswer operation = client.get(create.header("Location"));
  REQUIRE_MESSAGE(operation.status == 200, describe(operation));
  CHECK(operation.json()["status"].text() == "PENDING");
  const std::string id = operation.json()["server_id"].text();
  CHECK(get_server(client, id)["status"].text() == "PENDING");
  const HttpAnswer early = act(client, id, "stop");
  CHECK(early.status == 409);
  CHECK(early.code() == "operation_in_progress");

  const HttpAnswer stop = act(client, running, "stop", {{"Prefer", "wait=0"}});
  check_accepted(stop);
  const HttpAnswer second = act(client, running, "reboot", {{"Prefer", "wait=0"}});
  CHECK_MESSAGE(second.status == 409, describe(second));
  CHECK(second.code() == "operation_in_progress");

  fleet.start_worker();
  CHECK(harness::eventually([&] { return operation_is(client, create, "SUCCEEDED"); },
                            std::chrono::seconds(20)));
  CHECK(harness::eventually([&] { return operation_is(client, stop, "SUCCEEDED"); }));
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  CHECK(get_server(client, running)["status"].text() == "STOPPED");
}
