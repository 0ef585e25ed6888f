// Goal: writes that wait take nothing away from reads.
// Method: all workers are stopped, 32 creates wait for an outcome that cannot come; meanwhile every
// GET and /healthz must answer at once. The bound is far above what they take, far below the wait.

#include <atomic>
#include <csignal>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds answer_max{1000};

/// How long the answer took; the status must be 200.
milliseconds timed_get(harness::HttpClient& client, const std::string& path) {
  const auto started = std::chrono::steady_clock::now();
  const harness::HttpAnswer answer = client.get(path);
  CHECK_MESSAGE(answer.status == 200, path, " ", describe(answer));
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - started);
}

}  // namespace

TEST_CASE("32 waiting writes never slow a GET or /healthz, and none of them is lost") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.worker().signal(SIGSTOP);

  std::atomic<int> answered{0};
  std::atomic<int> accepted{0};
  std::vector<std::jthread> writers;
  for (int i = 0; i < 32; ++i) {
    writers.emplace_back([&] {
      harness::HttpClient writer = fleet.client();
      const harness::HttpAnswer answer = writer.post(
          "/servers", harness::create_body({.profile = "instant"}), {{"Prefer", "wait=20"}});
      accepted += answer.status == 201 || answer.status == 202;
      ++answered;
    });
  }
  // All 32 wait as soon as their commands are in the queue.
  REQUIRE(harness::eventually([&] {
    const harness::Output state = fleet.nats_cli({"stream", "info", "COMMANDS", "--json"});
    return harness::Json::parse(state.text)["state"]["messages"].integer() == 32;
  }));
  milliseconds slowest{0};
  for (int i = 0; i < 100; ++i) {
    for (const char* path : {"/healthz", "/servers?limit=50", "/regions"}) {
      slowest = std::max(slowest, timed_get(client, path));
    }
    slowest = std::max(slowest, timed_get(client, "/servers/" + id));
    slowest = std::max(slowest, timed_get(client, "/servers/" + id + "/logs"));
  }
  CHECK(answered == 0);
  CHECK(slowest < answer_max);

  fleet.worker().signal(SIGCONT);
  writers.clear();
  CHECK(accepted == 32);
  CHECK(harness::eventually(
      [&] { return client.get("/servers?limit=1").json()["total"].integer() == 33; }));
}
