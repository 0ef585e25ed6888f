// Goal: a client that keeps connections open, silent or with requests that never end, delays no
// other client, and is closed soon; the number of connections has a limit.
// Method: many such clients against a live API, beside them callers who want answers; threads and
// memory of the API are read from /proc.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/slow_clients.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::SlowClient;
using harness::Slowness;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

constexpr seconds idle_max{5};
constexpr seconds request_max{15};
constexpr seconds grace{5};  // for a busy machine
constexpr milliseconds step{100};

std::ptrdiff_t threads_of(harness::ChildProcess& process) {
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(process.pid()) +
                                                  "/task");
  return std::distance(begin(tasks), end(tasks));
}

long resident_kilobytes_of(harness::ChildProcess& process) {
  std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      long kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  }
  return 0;
}

bool all_closed(const std::vector<SlowClient>& clients) {
  return std::all_of(clients.begin(), clients.end(),
                     [](const SlowClient& client) { return client.closed(); });
}

/// A create that waits for its outcome; with the workers stopped, until somebody lets them go on.
std::jthread waiting_create(harness::Fleet& fleet) {
  return std::jthread([&fleet] {
    HttpClient client = fleet.client();
    HttpAnswer answer;
    // Whoever went away a moment ago may still be counted.
    eventually([&] {
      answer = client.post("/servers", harness::create_body({.profile = "instant"}),
                           {{"Prefer", "wait=60"}});
      return answer.status != 503;
    });
    CHECK_MESSAGE(answer.status == 201, describe(answer));
  });
}

}  // namespace

TEST_CASE("400 idle clients cost neither threads nor memory, and are gone after five seconds") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  REQUIRE(client.get("/regions").status == 200);
  const auto threads_before = threads_of(fleet.api());
  const long memory_before = resident_kilobytes_of(fleet.api());
  auto idle = harness::slow_clients(fleet.api_port(), Slowness::silent, 400);
  REQUIRE(eventually([&] { return fleet.api_metric("vsim_http_connections") >= 400; }));
  CHECK(threads_of(fleet.api()) <= threads_before + 20);
  CHECK(resident_kilobytes_of(fleet.api()) <= memory_before + 4096);

  const auto give_up = steady_clock::now() + idle_max + grace;
  while (!all_closed(idle) && steady_clock::now() < give_up) {
    step_all(idle);
    CHECK(client.get("/regions").status == 200);
    std::this_thread::sleep_for(step);
  }
  for (const SlowClient& gone : idle) {
    CHECK(gone.closed());
    CHECK(gone.lasted() > idle_max - seconds(1));
    CHECK(gone.received().empty());
  }
}

TEST_CASE("slow clients of every kind are cut after 15 s, and hold up nobody meanwhile") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  std::vector<SlowClient> slow;
  for (const Slowness slowness :
       {Slowness::header_by_header, Slowness::byte_by_byte, Slowness::endless_body}) {
    for (SlowClient& one : harness::slow_clients(fleet.api_port(), slowness, 30)) {
      slow.push_back(std::move(one));
    }
  }
  milliseconds slowest{0};
  const auto give_up = steady_clock::now() + request_max + grace;
  while (!all_closed(slow) && steady_clock::now() < give_up) {
    step_all(slow);
    const auto asked = steady_clock::now();
    CHECK(client.get("/regions").status == 200);
    slowest =
        std::max(slowest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - asked));
    std::this_thread::sleep_for(step);
  }
  CHECK(slowest < seconds(1));
  for (const SlowClient& cut : slow) {
    CHECK(cut.closed());
    CHECK(cut.lasted() > request_max - seconds(2));
    // Its last answer said why.
    CHECK(cut.received().starts_with("HTTP/1.1 400 "));
    CHECK(cut.received().find("took too long") != std::string::npos);
  }
  CHECK(fleet.client().get("/servers").json()["total"].integer() == 0);
}

TEST_CASE("with as many requests in hand as there may be connections, one more gets 503") {
  harness::Fleet fleet({.settings = {{"HTTP_CONNECTIONS", "4"}}});
  fleet.worker().signal(SIGSTOP);
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(waiting_create(fleet));
  }
  REQUIRE(eventually([&] {
    const harness::Output state = fleet.nats_cli({"stream", "info", "COMMANDS", "--json"});
    return harness::Json::parse(state.text)["state"]["messages"].integer() == 4;
  }));
  HttpClient one_more = fleet.client();
  const HttpAnswer refused = one_more.get("/regions");
  CHECK_MESSAGE(refused.status == 503, describe(refused));
  CHECK(refused.code() == "unavailable");
  CHECK(refused.header("Retry-After") == "1");
  CHECK(refused.header("Connection") == "close");
  CHECK(refused.header("Content-Type") == "application/problem+json");
  CHECK(refused.json()["request_id"].text() == refused.header("X-Request-Id"));

  fleet.worker().signal(SIGCONT);
  waiting.clear();
  HttpClient later = fleet.client();
  CHECK(eventually([&] { return later.get("/regions").status == 200; }));
  CHECK(fleet.api_metric("vsim_http_connections_refused_total") >= 1);
}

TEST_CASE("where all connections are idle, a new client takes the place of one of them") {
  harness::Fleet fleet({.settings = {{"HTTP_CONNECTIONS", "10"}}});
  const auto began = steady_clock::now();
  auto idle = harness::slow_clients(fleet.api_port(), Slowness::silent, 10);
  HttpClient client = fleet.client();
  // Each holds its place for a second; after five they would have to go anyway.
  CHECK(eventually([&] { return client.get("/regions").status == 200; }, idle_max));
  REQUIRE(steady_clock::now() - began < idle_max);
  step_all(idle);
  CHECK(std::count_if(idle.begin(), idle.end(),
                      [](const SlowClient& one) { return one.closed(); }) >= 1);
}

TEST_CASE("idle and slow clients do not keep an API from ending") {
  harness::Fleet fleet;
  auto idle = harness::slow_clients(fleet.api_port(), Slowness::silent, 100);
  auto slow = harness::slow_clients(fleet.api_port(), Slowness::endless_body, 20);
  step_all(slow);
  HttpClient client = fleet.client();
  CHECK(client.get("/regions").status == 200);
  const auto began = steady_clock::now();
  fleet.api().signal(SIGTERM);
  const auto ending = fleet.api().wait(seconds(15));
  REQUIRE(ending.has_value());
  CHECK(ending->clean());
  CHECK(steady_clock::now() - began < seconds(8));
}
