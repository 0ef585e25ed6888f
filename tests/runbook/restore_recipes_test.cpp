// Goal: ops/restore replaces a log only by a backup that is whole, loses neither of the two, and
// gives back what it has replaced (issue 20, number 2).
// Method: one system with a backup that lacks its last server; backups broken in every part, calls
// without a folder or a consent, the restore itself, the way back, and a kill in the middle.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/typing.h"

using runbook::Block;
using runbook::ShippedSystem;

namespace {

const std::string entry = "Backup and restore";

/// Which log it is, and that nothing has become of it.
std::string log_of(const ShippedSystem& system) {
  return system.shell("nats stream info EVENTS --json | jq -c '[.created, .state.first_seq]'");
}

long servers(ShippedSystem& system) {
  return system.api().get("/servers?limit=1").json()["total"].integer();
}

/// Ends without success and says this; the log is the one that it was, and all goes on.
void check_refused(ShippedSystem& system, const std::string& command, const std::string& says) {
  const std::string before = log_of(system);
  const harness::Output output = system.run(command);
  INFO(command, "\n", output.text);
  CHECK_FALSE(output.ending.clean());
  CHECK(output.text.find(says) != std::string::npos);
  CHECK(log_of(system) == before);
  CHECK(system.ready("api"));
  CHECK(system.ready("worker-1"));
}

void check_restored(ShippedSystem& system, const std::string& command, long count) {
  const harness::Output output = system.run(command);
  INFO(output.text);
  CHECK(output.ending.clean());
  CHECK(servers(system) == count);
}

}  // namespace

TEST_CASE("a backup that is not whole changes nothing, and a restored one can be taken back") {
  ShippedSystem system;
  for (int i = 0; i < 3; ++i) {
    make_server(system);
  }
  harness::eventually([&] { return servers(system) == 3; });
  const std::string saved =
      runbook::type(system, runbook::blocks_with(entry, "pg_dump \"$DATABASE_URL\""));
  INFO(saved);
  system.shell("mv backup/* backup/one");
  make_server(system);
  harness::eventually([&] { return servers(system) == 4; });

  const std::string restore = "ops/restore --yes=.run backup/";
  check_refused(system, "ops/restore --yes=.run ''", "name one folder");
  check_refused(system, "ops/restore --yes=.run", "name the folder");
  check_refused(system, "ops/restore --yes=.run-drill backup/one", "is not the run folder");
  check_refused(system, "ops/restore backup/one </dev/null", "no terminal to ask at");
  check_refused(system, restore + "none", "there is no folder");
  check_refused(system, "ops/restore --yes=.run --back backup/one", "is no store");
  const std::vector<std::pair<std::string, std::string>> broken = {
      {"rm EVENTS/backup.json", "has no EVENTS/backup.json"},
      {"rm JOURNAL/backup.json", "has no JOURNAL/backup.json"},
      {"echo '{' >EVENTS/backup.json", "is not a backup of EVENTS"},
      {"cp JOURNAL/* EVENTS/", "is not a backup of EVENTS"},
      {"rm EVENTS/stream.tar.s2", "is missing or empty"},
      {"truncate -s 1000 EVENTS/stream.tar.s2", "the backup of EVENTS"},
      {"printf x | dd of=EVENTS/stream.tar.s2 bs=1 seek=900 conv=notrunc", "the backup of EVENTS"},
      {"sed -i 's/\"messages\": *[0-9]*/\"messages\":99/' EVENTS/backup.json", "what it says"},
  };
  for (const auto& [damage, says] : broken) {
    system.shell("rm -rf backup/two; cp -r backup/one backup/two; cd backup/two; " + damage);
    check_refused(system, restore + "two", says);
  }

  // A shell without the variable.
  const std::string typed = runbook::type(system, runbook::blocks_with(entry, "ops/restore \"$"));
  CHECK_MESSAGE(typed.find("TO: parameter null or not set") != std::string::npos, typed);
  CHECK(servers(system) == 4);

  check_restored(system, restore + "one", 3);
  check_restored(system, "ops/restore --yes=.run --back .run/nats-replaced-*", 4);
  // Killed between its two moves.
  check_restored(system, "ops/down && mv .run/nats .run/nats.restored && ops/up", 4);

  // What cannot be used of a backup is made anew.
  system.shell("echo rubbish >backup/one/vsim.dump; rm -r backup/one/DEAD_LETTERS .run/nats-repl*");
  check_restored(system, restore + "one", 3);
}

TEST_CASE("the end of a drill typed twice deletes no log") {
  ShippedSystem system;
  make_server(system);
  const std::string before = log_of(system);
  const Block end = runbook::blocks_with(entry, "ops/reset").front();
  const std::string typed_twice = runbook::type(system, {end, end});
  CAPTURE(typed_twice);
  CHECK(log_of(system) == before);
  CHECK(system.ready("api"));
}
