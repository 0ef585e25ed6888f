// Goal: what somebody has paused (SIGSTOP: a debugger, a control group) goes on with ops/up and
// ends with ops/down, with all its children (issue 12, point 21). Method: each process is stopped
// where it stands, by its pid.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/runbook/shipped_system.h"

using runbook::ShippedSystem;

namespace {

/// Prints the pid of a process and of its children.
std::string family(const std::string& name) {
  return fmt::format("pid=$(<.run/pid/{}.pid); echo $pid $(<\"/proc/$pid/task/$pid/children\")",
                     name);
}

void pause(ShippedSystem& system, const std::string& name) {
  system.shell(fmt::format("kill -STOP $({})", family(name)));
}

/// The states of these processes: T for one that is stopped, nothing for one that has gone.
std::string states(ShippedSystem& system, const std::string& pids) {
  return system
      .run(fmt::format("for pid in {}; do sed 's/.*) \\(.\\).*/\\1/' \"/proc/$pid/stat\" "
                       "2>/dev/null; done; true",
                       pids))
      .text;
}

}  // namespace

TEST_CASE("ops/up lets what was paused go on, and restarts nothing for it") {
  ShippedSystem system({.settings = {{"PROFILE", "instant"}}});
  const std::string before = system.shell("cat .run/pid/*.pid");
  for (const char* name : {"worker-1", "api", "nats", "postgres"}) {
    CAPTURE(name);
    const std::string paused = system.shell(family(name));
    pause(system, name);
    REQUIRE(states(system, paused).find('T') != std::string::npos);
    const harness::Output up = system.run("ops/up");
    REQUIRE_MESSAGE(up.ending.clean(), up.text);
    CHECK(states(system, paused).find('T') == std::string::npos);
    CHECK(system.shell("cat .run/pid/*.pid") == before);
    CHECK(system.ready("api"));
    CHECK(system.ready("worker-1"));
  }
}

TEST_CASE("ops/down ends a system of which all is paused, and leaves no process of it") {
  ShippedSystem system;
  std::string all;
  for (const char* name : {"api", "worker-1", "postgres", "nats"}) {
    all += system.shell(family(name)) + " ";
    pause(system, name);
  }
  REQUIRE(states(system, all).find('T') != std::string::npos);
  const harness::Output down = system.run("ops/down");
  REQUIRE_MESSAGE(down.ending.clean(), down.text);
  CHECK_MESSAGE(down.text.find("postgres: stopped") != std::string::npos, down.text);
  CHECK(harness::eventually([&] { return states(system, all).empty(); }));
  const harness::Output up = system.run("ops/up");
  CHECK_MESSAGE(up.ending.clean(), up.text);
  CHECK(system.run("grep -c 'not properly shut down' .run/log/postgres.log").text == "0\n");
}
