// Goal: ops/up --durability changes how a system that exists syncs, in both directions; it holds
// until it is changed, loses nothing, and shows where an operator looks.
// Method: a system is led from power to process, killed as a whole, and led back.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/shipped_system.h"

using runbook::ShippedSystem;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// /readyz of the API, `vsimctl status` and doctor agree, and no one warns.
void check_is_on(ShippedSystem& system, const std::string& durability, const std::string& log,
                 const std::string& read_models) {
  const auto facts = harness::Json::parse(system.readiness("api"))["facts"];
  CHECK(facts["durability"].text() == durability);
  CHECK(facts["log_sync_interval"].text() == log);
  CHECK(facts["read_models_fsync"].text() == read_models);
  CHECK(holds(system.shell("vsimctl status"), "durability    " + durability + ": "));
  std::string report;
  const bool well = harness::eventually([&] {
    report = system.shell("vsimctl doctor || true");
    return holds(report, "all is well");
  });
  CHECK_MESSAGE(well, report);
}

std::string create(ShippedSystem& system) {
  harness::HttpClient api = system.api();
  return create_server(api, {.profile = "instant"})["id"].text();
}

void check_runs(ShippedSystem& system, const std::string& id) {
  harness::HttpClient api = system.api();
  CHECK(get_server(api, id)["status"].text() == "RUNNING");
}

}  // namespace

TEST_CASE("ops/up --durability changes a system that exists, in both directions") {
  ShippedSystem system;
  check_is_on(system, "power", "always", "on");
  const std::string first = create(system);
  system.shell("ops/up --durability process");
  check_is_on(system, "process", "1s", "off");
  check_runs(system, first);
  CHECK(system.shell("cat .run/unsynced") == system.shell("cat /proc/sys/kernel/random/boot_id"));

  // It holds, whatever ends.
  const std::string second = create(system);
  for (const char* part : {"nats", "postgres", "api", "worker-1"}) {
    system.kill(part);
  }
  const std::string said = system.shell("ops/up");
  CHECK(holds(said, "DURABILITY=process"));
  CHECK_FALSE(holds(said, "went down"));
  check_is_on(system, "process", "1s", "off");
  check_runs(system, second);
  system.shell("ops/down");
  CHECK_FALSE(system.run("test -e .run/unsynced").ending.clean());  // ops/down has synced
  system.shell("ops/up");
  check_is_on(system, "process", "1s", "off");

  system.shell("ops/up --durability power");
  check_is_on(system, "power", "always", "on");
  CHECK_FALSE(system.run("test -e .run/unsynced").ending.clean());
  check_runs(system, first);
  check_runs(system, second);
  CHECK(holds(system.shell("vsimctl verify"), "no difference"));
}

TEST_CASE("ops/up names the runbook's entry after a power cut alone, and takes no other word") {
  ShippedSystem system({.settings = {{"DURABILITY", "process"}}});
  CHECK_FALSE(holds(system.shell("ops/up"), "went down"));
  system.shell("sed -i 's/.*/another-boot/' .run/unsynced");
  CHECK(holds(system.shell("ops/up"), "see \"After a power cut\" in ops/runbook.md"));
  CHECK(holds(system.shell("ops/up --durability power"), "went down"));  // until it is dealt with
  CHECK(holds(system.shell("ops/down; ops/up"), "went down"));
  for (const char* wrong : {"ops/up --durability", "ops/up --durability=", "ops/up --durability x",
                            "ops/up --durability=Power"}) {
    CAPTURE(wrong);
    const harness::Output refused = system.run(wrong);
    CHECK(refused.ending.code == 2);
    CHECK(holds(refused.text, "--durability wants power or process, not '"));
  }
  const harness::Output refused = system.run("DURABILITY=fsync ops/up");
  CHECK_FALSE(refused.ending.clean());
  CHECK(holds(refused.text, "DURABILITY is 'fsync'; give power or process"));
}

TEST_CASE("after a boot the broker makes its indexes anew, and has what it had") {
  ShippedSystem system;
  const std::string id = create(system);
  const auto indexes = [&] {
    return system.shell("find .run/nats -path '*/msgs/index.db' | wc -l");
  };
  system.shell("ops/down");
  REQUIRE(indexes() != "0");  // a clean stop writes them
  system.shell("ops/up; ops/down");
  CHECK(indexes() != "0");
  for (const char* note : {"echo another-boot >", "truncate -s 0", "rm"}) {
    CAPTURE(note);
    system.shell(fmt::format("{} .run/nats-boot; ops/up", note));
    CHECK(indexes() == "0");  // until a stop, or two minutes later
    system.shell("ops/down");
    CHECK(indexes() != "0");
  }
  system.shell("ops/up");
  CHECK(system.shell("cat .run/nats-boot") == system.shell("cat /proc/sys/kernel/random/boot_id"));
  check_runs(system, id);
  CHECK(holds(system.shell("vsimctl verify"), "no difference"));
}
