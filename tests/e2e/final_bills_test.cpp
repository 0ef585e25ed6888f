// Goal: a bill answers for no more than what has been applied, and what it calls final never
// changes: with the worker stopped, with workers that stop and go on at any point, on a clock that
// runs fast, with a command that waits, with a projection that stands still (issue 12, 2).
// Method: the same windows asked twice, before and after; SIGSTOP and SIGCONT; a fleet whose roles
// are split over workers.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/sim_time.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::moment;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

struct Window {
  std::string from;
  std::string to;
};

Json bill(HttpClient& client, const std::string& query, const harness::HttpHeaders& headers = {}) {
  const HttpAnswer answer = client.get("/billing" + query, headers);
  if (answer.status != 200) {
    throw harness::UnexpectedAnswer("GET /billing" + query + ": " + describe(answer));
  }
  return answer.json();
}

/// Without as_of and final_until, which may go on.
std::string figures(HttpClient& client, const Window& window) {
  const std::string query = "/billing?group_by=server&from=" + window.from + "&to=" + window.to;
  const HttpAnswer answer = client.get(query, {{"Prefer", "wait=0"}});
  const auto items = answer.body.find("\"items\"");
  if (answer.status != 200 || items == std::string::npos) {
    throw harness::UnexpectedAnswer("GET " + query + ": " + describe(answer));
  }
  return answer.body.substr(items);
}

/// Pauses the worker. False when that fell between an answer and the ack of its command, or between
/// an event and its projection: such a rest holds back what is final.
bool pause_worker(harness::Fleet& fleet) {
  fleet.worker().signal(SIGSTOP);
  const std::string projected =
      harness::query_value(fleet.database_url(),
                           "SELECT sequence FROM vsim.projection_checkpoint"
                           " WHERE stream = 'EVENTS'");
  return e2e::waiting_commands(fleet) == 0 && e2e::end_of(fleet, "EVENTS") == std::stoll(projected);
}

/// Of two workers the second projects, and does nothing else; the first does all the rest.
void part_the_projector(harness::Fleet& fleet) {
  fleet.worker(0).terminate();
  fleet.start_worker(0, {{"ROLES", "commands,timekeeper,billing,janitor"}});
  fleet.worker(1).terminate();
  fleet.start_worker(1, {{"ROLES", "projector"}});
  fleet.wait_until_ready();
}

void check_bills_become_final(HttpClient& client) {
  const Json closed = bill(client, "", {{"Prefer", "wait=20"}});
  CHECK(moment(closed["final_until"].text()) >= moment(closed["to"].text()));
}

/// A server that is PENDING behind a worker that is paused with no such rest.
Json pending_server(harness::Fleet& fleet, HttpClient& client) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const Json server = create_server(client);
    REQUIRE(server["status"].text() == "PENDING");
    if (pause_worker(fleet)) {
      return server;
    }
    fleet.worker().signal(SIGCONT);
    const std::string id = server["id"].text();
    wait_for_status(client, id, "RUNNING");
    act(client, id, "terminate");
    wait_for_status(client, id, "TERMINATED");
  }
  throw std::runtime_error("the worker was never paused at rest");
}

std::int64_t now_of(HttpClient& client) { return moment(e2e::clock_of(client)["now"].text()); }

}  // namespace

TEST_CASE("with the worker stopped a bill ends before the deadline that is not applied") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  HttpClient client = fleet.client();
  const Json server = pending_server(fleet, client);
  const std::string id = server["id"].text();
  const std::int64_t due = moment(server["due_at"].text());
  REQUIRE(harness::eventually([&] { return now_of(client) > due + 60 * e2e::second; }));

  const std::string from = "?from=" + server["created_at"].text();
  const Json early = bill(client, from + "&group_by=server");
  CHECK(moment(early["as_of"].text()) == due);
  CHECK(moment(early["to"].text()) == due);
  CHECK(early["final_until"].text() == early["as_of"].text());
  CHECK(early["total"]["billed_seconds"].integer() == 0);
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 0);

  fleet.worker().signal(SIGCONT);
  wait_for_status(client, id, "RUNNING");
  const Window same{early["from"].text(), early["to"].text()};
  CHECK(figures(client, same).find(R"("billed_seconds":0)") != std::string::npos);
  CHECK(harness::eventually([&] {
    const Json late = bill(client, from);
    return moment(late["to"].text()) > due + 60 * e2e::second &&
           late["total"]["billed_seconds"].integer() >= 60;
  }));
}

TEST_CASE("live figures of a server whose deadline is not applied stop at the deadline") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string standard = create_server(client)["id"].text();
  wait_for_status(client, standard, "RUNNING");
  const HttpAnswer rebooting = act(client, standard, "reboot");
  REQUIRE(rebooting.status == 200);
  const bool is_at_rest = pause_worker(fleet);
  const std::int64_t due = moment(rebooting.json()["due_at"].text());
  const std::int64_t began = moment(rebooting.json()["last_started_at"].text());
  REQUIRE(harness::eventually([&] { return now_of(client) > due + 60 * e2e::second; }));
  // A reboot is billed, and what comes after it is not known.
  const auto live = get_server(client, standard)["live_uptime_seconds"].integer();
  const auto until_due = (due - began + e2e::second - 1) / e2e::second;
  CHECK((is_at_rest ? live == until_due : live <= until_due));
  fleet.worker().signal(SIGCONT);
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
}

TEST_CASE("a bill right after an action holds it, is final, and stays the same on a fast clock") {
  harness::Fleet fleet({.workers = 2, .settings = {{"TIME_SCALE", "60"}}});
  HttpClient client = fleet.client();
  std::atomic<bool> over = false;
  std::vector<std::pair<Window, std::string>> asked;
  {
    std::vector<std::jthread> others;
    for (int i = 0; i < 3; ++i) {
      others.emplace_back([&] {
        HttpClient own = fleet.client();
        const std::string id = create_server(own, {.profile = "instant"})["id"].text();
        for (int turn = 0; !over; ++turn) {
          act(own, id, turn % 2 == 0 ? "stop" : "start");
        }
      });
    }
    for (int i = 0; i < 15; ++i) {
      const Json server = create_server(client, {.profile = "instant"});
      const Json seen = bill(client, "?group_by=server");
      CHECK(moment(seen["as_of"].text()) >= moment(server["created_at"].text()));
      REQUIRE_MESSAGE(moment(seen["final_until"].text()) >= moment(seen["to"].text()),
                      "the bill did not become final in its time");
      const Window window{seen["from"].text(), seen["to"].text()};
      asked.emplace_back(window, figures(client, window));
    }
    over = true;
  }
  for (const auto& [window, before] : asked) {
    CAPTURE(window.to);
    CHECK(figures(client, window) == before);
  }
}

TEST_CASE("workers that stop and go on at any point change nothing that was final") {
  const harness::SchemaCopy schema;
  schema.set_ack_wait(std::chrono::seconds(2));
  harness::Fleet fleet({.workers = 2,
                        .settings = {{"TIME_SCALE", "3600"}, {"IDLE_TIMEOUT", "0s"}},
                        .schema_dir = schema.path()});
  HttpClient client = fleet.client();
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(create_server(client, {.profile = "instant"})["id"].text());
  }
  const std::string from = get_server(client, ids.front())["created_at"].text();
  std::atomic<bool> over = false;
  std::vector<std::pair<Window, std::string>> asked;
  std::size_t behind = 0;  // bills whose end was not final
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      others.emplace_back([&, i] {
        HttpClient own = fleet.client();
        for (int turn = 0; !over; ++turn) {
          act(own, ids[i], turn % 2 == 0 ? "stop" : "start", {{"Prefer", "wait=2"}});
        }
      });
    }
    std::mt19937 chance(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    for (std::size_t i = 0; i < 60; ++i) {
      const std::size_t sleeper = i % fleet.workers();
      fleet.worker(sleeper).signal(SIGSTOP);
      const Json seen = bill(client, "?from=" + from, {{"Prefer", "wait=0"}});
      const auto until = seen["final_until"];
      std::this_thread::sleep_for(std::chrono::milliseconds(chance() % 200));  // the fault's length
      fleet.worker(sleeper).signal(SIGCONT);
      if (until.kind() != Json::Kind::text || moment(until.text()) <= moment(from)) {
        continue;
      }
      behind += moment(until.text()) < moment(seen["to"].text());
      const Window window{from, until.text()};
      asked.emplace_back(window, figures(client, window));
    }
    over = true;
  }
  CHECK(asked.size() > 30);
  CHECK_MESSAGE(behind > 0, "every bill was final: no command was in a sleeper's hands");
  fleet.wait_until_ready();
  for (const auto& [window, before] : asked) {
    CAPTURE(window.to);
    CHECK(figures(client, window) == before);
  }
}

TEST_CASE("while a command waits, what lies behind its arrival is shown as not final") {
  harness::Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  const std::string id = server["id"].text();
  fleet.worker(0).terminate();
  fleet.worker(1).terminate();
  fleet.start_worker(1, {{"ROLES", "timekeeper,billing,projector,janitor"}});
  const HttpAnswer waiting = act(client, id, "stop", {{"Prefer", "respond-async"}});
  REQUIRE(waiting.status == 202);
  const std::int64_t sent = now_of(client);
  REQUIRE(harness::eventually([&] { return now_of(client) > sent + 3 * e2e::second; }));
  const HttpAnswer open = client.get("/billing", {{"Prefer", "wait=1"}});
  REQUIRE_MESSAGE(open.status == 200, describe(open));
  CHECK(open.header("Preference-Applied") == "wait=1");
  const std::string until = open.json()["final_until"].text();
  CHECK(open.header("Vsim-Final-Until") == until);
  CHECK(open.header("Vsim-As-Of") == open.json()["as_of"].text());
  CHECK(moment(until) <= sent);
  CHECK(moment(open.json()["to"].text()) > sent);

  fleet.start_worker(0, {{"ROLES", "commands"}});
  wait_for_status(client, id, "STOPPED");
  check_bills_become_final(client);
}

TEST_CASE("while the projection stands still, live figures and bills stand with it") {
  harness::Fleet fleet(
      {.workers = 2, .settings = {{"TIME_SCALE", "3600"}, {"IDLE_TIMEOUT", "0s"}}});
  HttpClient client = fleet.client();
  part_the_projector(fleet);
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.worker(1).signal(SIGSTOP);
  act(client, id, "stop", {{"Prefer", "respond-async"}});
  const auto live = [&] { return get_server(client, id)["live_uptime_seconds"].integer(); };
  std::int64_t most = 0;
  const auto began = now_of(client);
  CHECK(harness::eventually([&] {
    most = std::max(most, live());
    return now_of(client) > began + 5 * e2e::hour;
  }));
  const Json open = bill(client, "");
  CHECK(moment(open["as_of"].text()) < now_of(client) - 3 * e2e::hour);
  fleet.worker(1).signal(SIGCONT);
  wait_for_status(client, id, "STOPPED");
  CHECK(most <= live());  // not a moment beyond the stop, which was in the log already
  check_bills_become_final(client);
}

TEST_CASE("live figures never pass the end that they come to, on a fast clock (issue 12, 2)") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "3600"}, {"IDLE_TIMEOUT", "0s"}}});
  HttpClient client = fleet.client();
  for (int round = 0; round < 10; ++round) {
    const std::string id = create_server(client, {.profile = "instant"})["id"].text();
    std::atomic<bool> over = false;
    std::int64_t most = 0;
    {
      const std::jthread reader([&] {
        HttpClient own = fleet.client();
        while (!over) {
          most = std::max(most, get_server(own, id)["live_uptime_seconds"].integer());
        }
      });
      const auto began = now_of(client);
      CHECK(harness::eventually([&] { return now_of(client) > began + e2e::hour; }));
      CHECK(act(client, id, "stop").status == 200);
      over = true;
    }
    CHECK(most > 0);
    CHECK(most <= get_server(client, id)["accrued_seconds"].integer());
  }
}

TEST_CASE("after a start without a projector live figures go as far as a bill (issue 12, 2)") {
  harness::Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  part_the_projector(fleet);
  const Json server = create_server(client, {.profile = "instant"});
  e2e::advance(client, e2e::day);
  fleet.worker(1).signal(SIGSTOP);
  act(client, server["id"].text(), "stop", {{"Prefer", "respond-async"}});
  fleet.api().terminate();
  fleet.start_api();
  HttpClient again = fleet.client();
  REQUIRE(harness::eventually([&] {
    try {
      return again.get("/servers").status == 200;
    } catch (const harness::Unreachable&) {
      return false;  // not up yet
    }
  }));
  const Json open = bill(again, "?from=" + server["created_at"].text());
  const auto billed = open["total"]["billed_seconds"].integer();
  CHECK(billed > e2e::day / e2e::second - 60);
  const auto live = get_server(again, server["id"].text())["live_uptime_seconds"].integer();
  CHECK(live <= billed + 1);  // both round up, from moments of their own
  CHECK(live > billed - 60);
  fleet.worker(1).signal(SIGCONT);
}
