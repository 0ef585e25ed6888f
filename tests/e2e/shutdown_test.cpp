// Goal: SIGTERM ends a process with status 0 within 10 seconds, and what was accepted is not lost.
// Method: with work in hand, without any, and while the broker or Postgres is away.

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using std::chrono::seconds;

namespace {

void check_ends_cleanly(harness::ChildProcess& process) {
  const auto started = std::chrono::steady_clock::now();
  process.signal(SIGTERM);
  const auto ending = process.wait(seconds(15));
  REQUIRE_MESSAGE(ending.has_value(), harness::tail_of(process.log_path()));
  CHECK_MESSAGE(ending->clean(), "code ", ending->code, " signal ", ending->signal);
  CHECK(std::chrono::steady_clock::now() - started < seconds(10));
}

/// Clients that create, 16 at once, until they are stopped; what they were promised.
class Creating {
 public:
  explicit Creating(harness::Fleet& fleet) {
    for (int i = 0; i < 16; ++i) {
      threads_.emplace_back([this, &fleet](const std::stop_token& stop) {
        harness::HttpClient client = fleet.client();
        while (!stop.stop_requested()) {
          try {
            note(client.post("/servers", harness::create_body({.profile = "instant"})));
          } catch (const harness::Unreachable&) {
            ++unreachable;
            return;
          }
        }
      });
    }
  }
  void finish() { threads_.clear(); }

  std::atomic<int> accepted{0};
  std::atomic<int> unreachable{0};
  std::mutex mutex;
  std::vector<std::string> locations;   // of servers and operations
  std::vector<std::string> unexpected;  // answers

 private:
  void note(const HttpAnswer& answer) {
    const std::lock_guard lock(mutex);
    if (answer.status == 201 || answer.status == 202) {
      ++accepted;
      locations.push_back(answer.header("Location"));
    } else if (answer.status != 503) {  // an API that stops takes no more
      unexpected.push_back(describe(answer));
    }
  }
  std::vector<std::jthread> threads_;
};

void check_all_there(harness::Fleet& fleet, Creating& creating) {
  CHECK_MESSAGE(creating.unexpected.empty(), creating.unexpected.front());
  harness::HttpClient client = fleet.client();
  for (const std::string& location : creating.locations) {
    CAPTURE(location);
    CHECK(harness::eventually([&] {
      const HttpAnswer answer = client.get(location);
      return answer.status == 200 && answer.json()["status"].text() != "PENDING";
    }));
  }
}

}  // namespace

TEST_CASE("SIGHUP does not end an API, also one that has nothing to read again") {
  harness::Fleet fleet;
  fleet.api().signal(SIGHUP);
  CHECK(harness::eventually([&] {
    return harness::read_file(fleet.api().log_path()).find("SIGHUP: nothing to read again") !=
           std::string::npos;
  }));
  CHECK(fleet.client().get("/readyz").status == 200);
  check_ends_cleanly(fleet.api());
}

TEST_CASE("a worker with work in hand ends in time, and the next one goes on") {
  // With the shipped ack wait of 30 s: what the broker had sent ahead is given back, not waited
  // for.
  harness::Fleet fleet;
  harness::extend_pool(fleet.client(), "10.0.0.0/16");
  Creating creating(fleet);
  CHECK(harness::eventually([&] { return creating.accepted > 100; }));
  check_ends_cleanly(fleet.worker());
  fleet.start_worker();
  const int so_far = creating.accepted;
  CHECK(harness::eventually([&] { return creating.accepted > so_far + 100; }, seconds(20)));
  creating.finish();
  CHECK(creating.unreachable == 0);
  check_all_there(fleet, creating);
}

TEST_CASE("an API with work in hand ends in time and answers what it had taken") {
  harness::Fleet fleet;
  harness::extend_pool(fleet.client(), "10.0.0.0/16");
  Creating creating(fleet);
  CHECK(harness::eventually([&] { return creating.accepted > 100; }));
  check_ends_cleanly(fleet.api());
  creating.finish();
  fleet.start_api();
  fleet.wait_until_ready();
  check_all_there(fleet, creating);
}

TEST_CASE("an API with writes that wait in vain ends in time and answers each with 202") {
  harness::Fleet fleet;
  fleet.worker().terminate();
  std::atomic<int> accepted{0};
  std::vector<std::jthread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] {
      harness::HttpClient client = fleet.client();
      const HttpAnswer answer =
          client.post("/servers", harness::create_body(), {{"Prefer", "wait=60"}});
      accepted += answer.status == 202;
    });
  }
  CHECK(harness::eventually([&] {
    const harness::Output info = fleet.nats_cli({"stream", "info", "COMMANDS", "--json"});
    return harness::Json::parse(info.text)["state"]["messages"].integer() == 8;
  }));
  check_ends_cleanly(fleet.api());
  writers.clear();
  CHECK(accepted == 8);
}

TEST_CASE("idle processes end in time, also while the broker or Postgres is away") {
  harness::Fleet fleet({.apis = 1, .workers = 3});
  check_ends_cleanly(fleet.worker(0));
  fleet.postgres().kill();
  check_ends_cleanly(fleet.worker(1));
  fleet.nats().kill();
  check_ends_cleanly(fleet.worker(2));
  check_ends_cleanly(fleet.api());
}
