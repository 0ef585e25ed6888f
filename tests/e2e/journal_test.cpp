// Goal: JOURNAL is the record of every command accepted, although the broker republishes only after
// it has acknowledged. Method: SIGKILL of nats-server under a load of commands that nobody takes;
// afterwards JOURNAL must hold each one that COMMANDS still holds, and each gets a fate.

#include <atomic>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::Json;
using std::chrono::seconds;

namespace {

/// The server ids under a stream's subjects.
std::set<std::string> subjects_of(harness::Fleet& fleet, const std::string& stream,
                                  const std::string& prefix) {
  const harness::Output output = fleet.nats_cli({"stream", "subjects", stream, "--json"});
  std::set<std::string> subjects;
  if (!output.ending.clean() || output.text.find('{') == std::string::npos) {
    return subjects;
  }
  for (const auto& [subject, count] : Json::parse(output.text).members()) {
    if (subject.starts_with(prefix)) {
      subjects.insert(subject.substr(prefix.size()));
    }
  }
  return subjects;
}

}  // namespace

TEST_CASE("after a SIGKILL of the broker JOURNAL holds every command that COMMANDS holds") {
  harness::Fleet fleet;
  fleet.worker().terminate();
  fleet.start_worker(0, {{"ROLES", "timekeeper,billing,projector,janitor"}});
  std::atomic<bool> stop = false;
  std::vector<std::jthread> load;
  for (int i = 0; i < 8; ++i) {
    load.emplace_back([&] {
      harness::HttpClient client = fleet.client();
      while (!stop) {
        client.post("/servers", harness::create_body({.profile = "instant"}),
                    {{"Prefer", "respond-async"}});
      }
    });
  }
  REQUIRE(eventually([&] { return e2e::waiting_commands(fleet) > 300; }, seconds(30)));
  fleet.nats().kill();
  stop = true;
  load.clear();
  fleet.nats().restart();

  // What a crash takes along is a matter of chance: some are taken out by hand as well.
  REQUIRE(fleet.nats_cli({"stream", "purge", "JOURNAL", "--keep", "100", "-f"}).ending.clean());
  fleet.nats().kill();
  fleet.nats().restart();
  const auto queued = subjects_of(fleet, "COMMANDS", "vsim.cmd.");
  REQUIRE(queued.size() > 300);
  CHECK(eventually([&] { return subjects_of(fleet, "JOURNAL", "vsim.journal.") == queued; },
                   seconds(30), std::chrono::milliseconds(200)));
  CHECK(fleet.worker_metric("vsim_journal_repaired_total") > 0);

  // And every one gets its fate.
  fleet.worker().terminate();
  fleet.start_worker(0);
  fleet.wait_until_ready();
  CHECK(eventually([&] { return e2e::waiting_commands(fleet) == 0; }, seconds(60)));
  harness::HttpClient client = fleet.client();
  CHECK(eventually(
      [&] { return client.get("/operations?status=PENDING&limit=1").json()["items"].size() == 0; },
      seconds(60)));
}
