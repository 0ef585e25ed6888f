#include "tests/e2e/lifecycle_set.h"

#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "tests/harness/servers.h"

namespace e2e {
namespace {

using harness::act;
using harness::describe;
using harness::get_server;
using harness::HttpAnswer;
using harness::Json;
using harness::wait_for_status;

/// Reads the server through the other client, not older than the answer to a write.
Json read_after(const Clients& clients, const HttpAnswer& write, const std::string& id) {
  const std::string sequence = write.header("Vsim-Sequence");
  CHECK_FALSE(sequence.empty());
  const HttpAnswer answer = clients.reader.get("/servers/" + id, {{"Vsim-Min-Sequence", sequence}});
  REQUIRE_MESSAGE(answer.status == 200, describe(answer));
  return answer.json();
}

HttpAnswer create(const Clients& clients, const harness::NewServer& server) {
  const HttpAnswer answer = clients.writer.post("/servers", create_body(server));
  REQUIRE_MESSAGE(answer.status == 201, describe(answer));
  return answer;
}

/// Does the action and checks the state on the way and the one it ends in, here and by GET.
void step(const Clients& clients, const std::string& id, const std::string& action,
          const std::string& on_the_way, const std::string& end) {
  CAPTURE(action);
  const HttpAnswer answer = act(clients.writer, id, action);
  REQUIRE_MESSAGE(answer.status == 200, describe(answer));
  CHECK(answer.json()["status"].text() == on_the_way);
  const Json read = read_after(clients, answer, id);
  CHECK(read["version"].integer() >= answer.json()["version"].integer());
  wait_for_status(clients.reader, id, end);
}

void expect_refused(const HttpAnswer& answer, const std::string& state) {
  CHECK_MESSAGE(answer.status == 409, describe(answer));
  CHECK(answer.code() == "invalid_transition");
  CHECK_MESSAGE(answer.json()["detail"].text().find(state) != std::string::npos, describe(answer));
  CHECK(answer.header("Content-Type").find("application/problem+json") == 0);
}

}  // namespace

void check_whole_life(const Clients& clients) {
  const HttpAnswer created =
      create(clients, {.name = "web-1", .region = "us-east-1", .type = "t2.small"});
  const Json server = created.json();
  const std::string id = server["id"].text();
  const std::string ip = server["ip"].text();
  CHECK(created.header("Location") == "/servers/" + id);
  CHECK(server["status"].text() == "PENDING");
  CHECK(server["name"].text() == "web-1");
  CHECK(server["type"].text() == "t2.small");
  CHECK(server["version"].integer() == 1);
  CHECK_MESSAGE(ip.find("192.168.10.") == 0, ip);
  CHECK(read_after(clients, created, id)["ip"].text() == ip);
  const Json running = wait_for_status(clients.reader, id, "RUNNING");
  CHECK_FALSE(running["last_started_at"].is_null());

  step(clients, id, "stop", "STOPPING", "STOPPED");
  step(clients, id, "START", "PENDING", "RUNNING");  // any case
  step(clients, id, "reboot", "REBOOTING", "RUNNING");
  CHECK(get_server(clients.reader, id)["ip"].text() == ip);
  step(clients, id, "terminate", "TERMINATING", "TERMINATED");
  const Json dead = get_server(clients.reader, id);
  CHECK(dead["termination_reason"].text() == "user");
}

void check_refusals(const Clients& clients) {
  const Json server = create_server(clients.writer, {.profile = "instant"});
  const std::string id = server["id"].text();
  CHECK(server["status"].text() == "RUNNING");
  expect_refused(act(clients.writer, id, "start"), "RUNNING");
  REQUIRE(act(clients.writer, id, "stop").status == 200);
  expect_refused(act(clients.writer, id, "stop"), "STOPPED");
  expect_refused(act(clients.writer, id, "reboot"), "STOPPED");
  REQUIRE(act(clients.writer, id, "terminate").status == 200);
  for (const char* action : {"start", "stop", "reboot", "terminate"}) {
    expect_refused(act(clients.writer, id, action), "TERMINATED");
  }
  CHECK(get_server(clients.reader, id)["status"].text() == "TERMINATED");
}

void check_delete(const Clients& clients) {
  const std::string id = create_server(clients.writer, {.profile = "instant"})["id"].text();
  for (int time = 0; time < 2; ++time) {
    const HttpAnswer answer = clients.writer.del("/servers/" + id);
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    CHECK(answer.json()["status"].text() == "TERMINATED");
  }
  CHECK(act(clients.writer, id, "terminate").status == 409);
  const HttpAnswer log = clients.reader.get("/servers/" + id + "/logs");
  std::size_t terminations = 0;
  for (const Json& entry : log.json().elements()) {
    terminations += entry["event"].text() == "server_terminated" ? 1 : 0;
  }
  CHECK(terminations == 1);
}

void check_profiles(const Clients& clients) {
  const Json instant = create_server(clients.writer, {.profile = "instant"});
  CHECK(instant["status"].text() == "RUNNING");
  CHECK(instant["version"].integer() == 1);
  const Json seed = create_server(clients.writer, {.profile = "seed"});
  CHECK(seed["status"].text() == "PENDING");
  wait_for_status(clients.reader, seed["id"].text(), "STOPPED");
  for (const Json& server : {instant, seed}) {
    CHECK(clients.writer.del("/servers/" + server["id"].text()).status == 200);
  }
}

void check_reaping(const Clients& clients) {
  const HttpAnswer created = clients.writer.post(
      "/servers", R"({"name":"idle","region":"us-east-1","type":"t2.micro","profile":"instant",)"
                  R"("idle_timeout_seconds":5})");
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  const std::string id = created.json()["id"].text();
  REQUIRE(act(clients.writer, id, "stop").status == 200);
  const Json reaped = wait_for_status(clients.reader, id, "TERMINATED");
  CHECK(reaped["termination_reason"].text() == "idle_timeout");
}

void check_log(const Clients& clients) {
  const std::string id = create_server(clients.writer, {})["id"].text();
  wait_for_status(clients.reader, id, "RUNNING");
  const HttpAnswer stop = act(clients.writer, id, "stop", {{"X-Request-Id", "claim-of-the-log"}});
  REQUIRE_MESSAGE(stop.status == 200, describe(stop));
  CHECK(stop.header("X-Request-Id") == "claim-of-the-log");
  wait_for_status(clients.reader, id, "STOPPED");
  const std::vector<Json> log = clients.reader.get("/servers/" + id + "/logs").json().elements();
  const std::vector<std::string> expected = {"server_stopped", "server_stopping", "server_started",
                                             "server_provisioning"};
  REQUIRE(log.size() >= 4);
  for (std::size_t i = 0; i < log.size(); ++i) {
    CHECK(log[i]["version"].integer() == static_cast<std::int64_t>(log.size() - i));
    CHECK_FALSE(log[i]["timestamp"].text().empty());
    CHECK_FALSE(log[i]["message"].text().empty());
  }
  CHECK(log[0]["event"].text() == expected[0]);
  CHECK(log[1]["event"].text() == expected[1]);
  CHECK(log[1]["request_id"].text() == "claim-of-the-log");
  CHECK(log.back()["event"].text() == expected[3]);

  const Json page = clients.reader.get("/servers/" + id + "/logs?limit=1&before=3").json();
  REQUIRE(page.size() == 1);
  CHECK(page.at(0)["version"].integer() == 2);
  CHECK(clients.writer.del("/servers/" + id).status == 200);
}

void check_address_reuse(const Clients& clients, const std::string& region) {
  const harness::NewServer wish{.region = region, .profile = "instant"};
  const Json first = create_server(clients.writer, wish);
  const Json second = create_server(clients.writer, wish);
  CHECK(first["ip"].text() != second["ip"].text());
  const HttpAnswer none = clients.writer.post("/servers", create_body(wish));
  CHECK_MESSAGE(none.status == 409, describe(none));
  CHECK(none.code() == "no_free_address");

  REQUIRE(act(clients.writer, first["id"].text(), "terminate").status == 200);
  const Json third = create_server(clients.writer, wish);
  CHECK(third["ip"].text() == first["ip"].text());
  for (const Json& server : {second, third}) {
    CHECK(clients.writer.del("/servers/" + server["id"].text()).status == 200);
  }
}

void check_lifecycle(const Clients& clients, const std::string& region_with_2_addresses) {
  check_whole_life(clients);
  check_refusals(clients);
  check_delete(clients);
  check_profiles(clients);
  check_reaping(clients);
  check_log(clients);
  check_address_reuse(clients, region_with_2_addresses);
}

}  // namespace e2e
