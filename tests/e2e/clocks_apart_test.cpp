// Goal: whatever the clocks of the machines say, all processes agree on simulated time, bill the
// same, decide at the same time, and show how far their clocks are off; a process that cannot
// measure the broker's time says so. Issue 12, point 1: local clocks were trusted.
// Method: libfaketime sets the clock of single processes 30 s ahead or back, at a scale of 3600, at
// which that would be 30 hours.

#include <cmath>
#include <csignal>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"
#include "tests/harness/wrong_clock.h"

using e2e::clock_of;
using e2e::event_of;
using e2e::hour;
using e2e::moment;
using e2e::second;
using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Json;

namespace {

constexpr std::int64_t scale = 3600;
/// What processes may differ by: 50 ms, with all of this test's programs on few cores.
constexpr std::int64_t slack = 50 * scale;

std::int64_t now_of(HttpClient&& client) { return moment(clock_of(client)["now"].text()); }

/// Between two answers of an API whose clock is right, the other one must show a time between them.
template <typename Ask>
void check_between(Fleet& fleet, Ask&& ask) {
  const auto before = now_of(fleet.client(0));
  const std::int64_t shown = ask();
  const auto after = now_of(fleet.client(0));
  CHECK(shown >= before - slack);
  CHECK(shown <= after + slack);
}

std::int64_t uptime_of(HttpClient&& client, const std::string& id) {
  return get_server(client, id)["live_uptime_seconds"].integer();
}

struct Skewed {
  Fleet fleet{{.apis = 2, .workers = 3, .settings = {{"TIME_SCALE", std::to_string(scale)}}}};
  Skewed() {
    fleet.api(1).terminate();
    fleet.start_api(1, harness::with_clock("+30s"));
    fleet.worker(1).terminate();
    fleet.start_worker(1, harness::with_clock("+30s"));
    fleet.worker(2).terminate();
    fleet.start_worker(2, harness::with_clock("-30s"));
    fleet.wait_until_ready();  // a wrong clock is no reason to be out of service
  }
};

void check_apis_agree(Fleet& fleet) {
  check_between(fleet, [&] { return now_of(fleet.client(1)); });

  HttpClient right = fleet.client(0);
  const std::string id = create_server(right, {.profile = "instant"})["id"].text();
  const auto before = uptime_of(fleet.client(0), id);
  const auto shown = uptime_of(fleet.client(1), id);
  const auto after = uptime_of(fleet.client(0), id);
  CHECK(shown >= before - slack / second);
  CHECK(shown <= after + slack / second);

  // A window that both have left behind, with a server that still runs.
  const auto from = now_of(fleet.client(0)) - hour;
  REQUIRE(eventually([&] { return now_of(fleet.client(0)) > from + 4 * hour; }));
  const std::string window = fmt::format("/billing?from={}&to={}&group_by=server",
                                         e2e::rfc3339(from), e2e::rfc3339(from + 3 * hour));
  const Json one = fleet.client(0).get(window).json();
  const Json other = fleet.client(1).get(window).json();
  CHECK(one["total"]["billed_seconds"].integer() == other["total"]["billed_seconds"].integer());
  CHECK(one["total"]["billed_seconds"].integer() > 0);
}

/// This worker alone decides, at the time that everybody sees.
void check_decides_in_time(Fleet& fleet, std::size_t only) {
  CAPTURE(only);
  for (std::size_t i = 0; i < fleet.workers(); ++i) {
    if (i != only) {
      fleet.worker(i).terminate();
    }
  }
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  check_between(fleet, [&] {
    REQUIRE(act(client, id, "stop").status == 200);
    return moment(event_of(client, id, "server_stopped")["timestamp"].text());
  });
  // It keeps the time, too: what it says to be applied is no later than now.
  const auto before = now_of(fleet.client());
  CHECK(eventually([&] { return moment(clock_of(client)["deadlines_applied"].text()) > before; }));
  CHECK(moment(clock_of(client)["deadlines_applied"].text()) <= now_of(fleet.client()) + slack);
}

}  // namespace

TEST_CASE("APIs and workers whose clocks are 30 s apart agree on time, bills and decisions") {
  Skewed skewed;
  Fleet& fleet = skewed.fleet;
  check_apis_agree(fleet);

  CHECK(fleet.api_metric("vsim_clock_offset_seconds", 1) == doctest::Approx(30).epsilon(0.02));
  CHECK(std::abs(fleet.api_metric("vsim_clock_offset_seconds", 0)) < 0.5);
  CHECK(fleet.worker_metric(1, "vsim_clock_offset_seconds") == doctest::Approx(30).epsilon(0.02));
  CHECK(fleet.worker_metric(2, "vsim_clock_offset_seconds") == doctest::Approx(-30).epsilon(0.02));
  CHECK(fleet.worker_metric(1, "vsim_clock_uncertainty_seconds") < 0.1);
  CHECK(fleet.worker_metric("vsim_clock_jumps_total") == 0);

  for (const std::string command : {"doctor", "status"}) {
    CAPTURE(command);
    harness::Output output;
    CHECK(eventually([&] {
      output = fleet.vsimctl({command});
      const auto has = [&](const std::string& text) {
        return output.text.find(text) != std::string::npos;
      };
      return has(fmt::format("vsim-api {} on ", fleet.api(0).pid())) &&
             has(fmt::format("vsim-api {} on ", fleet.api(1).pid())) &&
             has(fmt::format("vsim-worker {} on ", fleet.worker(1).pid())) &&
             (has(": 30.0") || has(": 29.9")) && has(" s behind the broker's");
    }));
    CAPTURE(output.text);
    CHECK(output.ending.clean());  // a warning of the doctor: nothing is wrong by it
  }

  for (const std::size_t worker : {1, 2}) {
    check_decides_in_time(fleet, worker);
    for (std::size_t i = 0; i < fleet.workers(); ++i) {
      if (i != worker) {
        fleet.start_worker(
            i, i == 0 ? harness::Settings{} : harness::with_clock(i == 1 ? "+30s" : "-30s"));
      }
    }
    fleet.wait_until_ready();
  }
}

TEST_CASE("a vsimctl whose clock is wrong shows and begins simulated time by the broker's") {
  Fleet fleet;
  const auto begun = now_of(fleet.client());
  harness::ChildOptions child;
  child.argv = {harness::product_program("vsimctl"), "clock"};
  child.environment = fleet.environment_of("operator");
  for (const auto& [name, value] : harness::with_clock("+1h")) {
    child.environment[name] = value;
  }
  const harness::Output shown = harness::run_program(child);
  REQUIRE_MESSAGE(shown.ending.clean(), shown.text);
  const auto at = shown.text.find("20");
  const auto now = moment(shown.text.substr(at, 24));
  CHECK(now >= begun);
  CHECK(now <= now_of(fleet.client()));
}

TEST_CASE("who has not measured the broker's time for 10 s is out of service until it has again") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const auto says = [](HttpClient&& asked) {
    const auto answer = asked.get("/readyz");
    return answer.status == 503 &&
           answer.body.find("the broker's time was last measured ") != std::string::npos;
  };
  fleet.nats().process().signal(SIGSTOP);
  CHECK(
      eventually([&] { return says(HttpClient(fleet.worker_port())); }, std::chrono::seconds(40)));
  CHECK(eventually([&] { return says(fleet.client()); }, std::chrono::seconds(40)));
  CHECK(client.get("/servers/" + id).status == 200);  // reads go on, by a time that goes on
  fleet.nats().process().signal(SIGCONT);
  fleet.wait_until_ready();
  CHECK(act(client, id, "stop").status == 200);
}
