// Goal: ops/up and ops/rotate may be killed at any of their commands; called again, they finish
// their work, and no process runs that they do not know (issue 12, point 21). After a
// killed ops/restore, ops/up has the old log or the new one, whole (issue 20, number 2).
// Method: bash itself counts the commands of a script (BASH_ENV, a DEBUG trap) and kills it at one
// of them: at chosen ones, where a process has just been begun, and at some taken by chance.

#include <algorithm>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/lines.h"
#include "tests/harness/seed.h"
#include "tests/runbook/shipped_system.h"

using runbook::ShippedSystem;

namespace {

constexpr int killed_status = 128 + 9;

/// Names each command by file, line and how often it has come, at most five times; kills the script
/// at the one of KILL_AT, or writes all to TRACE_TO.
const std::string tracer = R"(unset BASH_ENV
case $0 in *ops/up | *ops/rotate | *ops/restore)
  set -o functrace
  declare -A times;
  at() {
    local count=$((times[$1]++ + 1)) TO=${TRACE_TO:-}
    if [[ $1:$count == "${KILL_AT:-}" ]]; then kill -KILL $$; fi
    if [[ -n $TO ]] && ((count <= 5)); then printf '%s\n' "$1:$count" >>"$TO"; fi
  }
  trap 'at "${BASH_SOURCE[0]##*/}:$LINENO"' DEBUG ;;
esac
)";

class KilledScripts {
 public:
  explicit KilledScripts(ShippedSystem& system) : system_(system) {
    harness::write_file(system.checkout() + "/tracer", tracer);
  }

  /// All commands of this script, in the state that is now.
  std::vector<std::string> commands_of(const std::string& script) {
    done("rm -f trace; TRACE_TO=$PWD/trace BASH_ENV=$PWD/tracer " + script);
    std::vector<std::string> commands = harness::lines_of(system_.run("sort -u trace").text);
    REQUIRE(commands.size() > 200);
    return commands;
  }

  void kill(const std::string& script, const std::string& command) {
    const harness::Output said = system_.run(fmt::format(
        "KILL_AT={} BASH_ENV=$PWD/tracer bash {} ; echo \"status $?\"", command, script));
    const bool killed = said.text.ends_with(fmt::format("status {}\n", killed_status));
    // A command of a loop that waits may not come as often as it did.
    CHECK_MESSAGE((killed || said.text.ends_with("status 0\n")), said.text);
    if (killed) {
      ++kills_;
    }
  }

  std::string done(const std::string& script) {
    const harness::Output said = system_.run(script);
    REQUIRE_MESSAGE(said.ending.clean(), script, ":\n", said.text);
    return said.text;
  }

  /// Everything runs once, and is known; broker and database take the passwords of .run/env.
  void check_all_is_well(std::size_t workers) {
    const std::string running =
        system_
            .run(
                "for f in /proc/[0-9]*; do case $(readlink $f/exe) in \"$PWD\"/programs/*) echo "
                "${f#/proc/} ;; esac; done | sort")
            .text;
    CHECK(running == system_.run("cat .run/pid/{api,worker-*}.pid | sort").text);
    CHECK(harness::lines_of(running).size() == 1 + workers);
    const std::string brokers =
        "for f in /proc/[0-9]*; do case $(readlink $f/exe) in */nats-server) "
        "grep -lzxF -- \"$PWD/.run/nats-server.conf\" $f/cmdline ;; esac; done";
    CHECK(harness::lines_of(system_.run(brokers).text).size() == 1);
    check_ready("api");
    for (std::size_t i = 1; i <= workers; ++i) {
      check_ready(fmt::format("worker-{}", i));
    }
    CHECK(system_.shell("nats stream ls --names | grep -x EVENTS; psql \"$DATABASE_URL\" -Atc "
                        "'SELECT 1'") == "EVENTS\n1");
  }

  int kills() const { return kills_; }

 private:
  /// The scripts have waited for it, so one look must do.
  void check_ready(const std::string& name) const {
    const std::string readiness = system_.readiness(name);
    CHECK_MESSAGE(readiness.starts_with(R"({"status":"ready")"), name, ": ", readiness);
  }

  ShippedSystem& system_;
  int kills_ = 0;
};

/// In chance's order, but the same for one seed.
std::vector<std::string> some_of(std::vector<std::string> commands, std::size_t count) {
  std::mt19937_64 chance(harness::test_seed());
  std::shuffle(commands.begin(), commands.end(), chance);
  commands.resize(std::min(count, commands.size()));
  return commands;
}

/// The command right after the fork of the third process that ops/up starts, which is the API.
std::string after_fork_of_api(ShippedSystem& system) {
  return "process.sh:" +
         system
             .run(
                 "grep -nx '  local pid=\\$!' ops/lib/process.sh | cut -d: -f1 "
                 "| tr -d '\\n'")
             .text +
         ":3";
}

}  // namespace

TEST_CASE("ops/up killed at any command leaves nothing unknown, and its next call mends all") {
  CAPTURE(harness::test_seed());
  ShippedSystem system({.workers = 2});
  KilledScripts scripts(system);
  scripts.done("ops/down");
  std::vector<std::string> commands = some_of(scripts.commands_of("ops/up"), 5);
  commands.push_back(after_fork_of_api(system));
  for (const std::string& command : commands) {
    CAPTURE(command);
    scripts.done("ops/down");
    scripts.kill("ops/up", command);
    scripts.done("ops/up");
    scripts.check_all_is_well(2);
  }
  CHECK(scripts.kills() >= 4);
}

TEST_CASE("ops/rotate killed at any command is finished by its next call, or by ops/up") {
  CAPTURE(harness::test_seed());
  ShippedSystem system({.workers = 2});
  KilledScripts scripts(system);
  std::vector<std::string> commands = some_of(scripts.commands_of("ops/rotate"), 6);
  bool by_up = false;
  for (const std::string& command : commands) {
    CAPTURE(command);
    CAPTURE(by_up);
    const std::string old = system.shell("echo \"$NATS_URL\"");
    scripts.kill("ops/rotate", command);
    const bool begun = system.run("test -d .run/secrets/next").ending.clean();
    scripts.done(by_up ? "ops/up" : "ops/rotate");
    scripts.check_all_is_well(2);
    CHECK(system.run("ls -d .run/secrets/next").text.find("No such") != std::string::npos);
    if (begun || !by_up) {
      CHECK_FALSE(
          system.run("PATH=.run/bin:$PATH nats --server '" + old + "' stream ls").ending.clean());
    }
    by_up = !by_up;
  }
  CHECK(scripts.kills() >= 4);
}

TEST_CASE("a rotation that is finished later ends no session that began with the new passwords") {
  ShippedSystem system;
  KilledScripts scripts(system);
  const auto sessions = [&] {
    return system.shell(
        "psql \"$DATABASE_URL\" -Atc \"SELECT pid FROM pg_stat_activity "
        "WHERE usename IN ('vsim_worker', 'vsim_api') ORDER BY pid\"");
  };
  const std::string last_step =
      "postgres.sh:" +
      system.shell("grep -n '^  end_sessions_begun_before ' ops/lib/postgres.sh | cut -d: -f1") +
      ":1";  // all runs with the new passwords
  for (const std::string finishes : {"ops/rotate", "ops/up"}) {
    CAPTURE(finishes);
    const std::string old = sessions();
    scripts.kill("ops/rotate", last_step);
    const std::string with_new_passwords = sessions();
    CHECK(with_new_passwords != old);
    scripts.done(finishes);
    CHECK(sessions() == with_new_passwords);
  }
  CHECK(scripts.kills() == 2);
}

TEST_CASE("ops/restore killed at any command leaves the old log or the new one, whole") {
  CAPTURE(harness::test_seed());
  ShippedSystem system;
  KilledScripts scripts(system);
  const auto make_server = [&] {
    system.shell(R"(vsimctl api POST /servers '{"name":"w","region":"us-east-1","type":"t2.micro",)"
                 R"("profile":"instant"}')");
  };
  make_server();
  system.shell("mkdir backup; nats stream backup EVENTS backup/EVENTS --no-progress");
  make_server();
  const std::string restore = "ops/restore --yes=.run backup";
  std::vector<std::string> commands = some_of(scripts.commands_of(restore), 3);
  commands.push_back(
      "restore.sh:" + system.shell("grep -nx '  finish_restore' ops/lib/restore.sh | cut -d: -f1") +
      ":1");  // the old store is away, the new one not yet in its place
  for (const std::string& command : commands) {
    CAPTURE(command);
    make_server();
    scripts.kill(restore, command);
    scripts.done("ops/up");
    scripts.check_all_is_well(1);
    const std::string verified = system.shell("vsimctl verify");
    CHECK_MESSAGE(verified.find("no difference") != std::string::npos, verified);
    const auto servers = system.api().get("/servers?limit=1").json()["total"].integer();
    CHECK(servers >= 1);  // of the backup
  }
  CHECK(scripts.kills() >= 3);
  CHECK(system.api().get("/servers?limit=1").json()["total"].integer() == 1);  // the last took hold
}

TEST_CASE(
    "a store that cannot be identified stops ops/rotate at once; ops/up mends a lost socket") {
  ShippedSystem system;
  const std::string before = system.run("cat .run/secrets/*").text;
  system.run("rm .run/socket/.s.PGSQL.*");
  const harness::Output refused = system.run("ops/rotate");
  CHECK(refused.ending.code == 1);
  CHECK_MESSAGE(refused.text.find("no password has changed") != std::string::npos, refused.text);
  CHECK(system.run("cat .run/secrets/*").text == before);
  CHECK(system.ready("api"));
  const harness::Output up = system.run("SECONDS=0; ops/up; ((SECONDS < 60))");
  CHECK_MESSAGE(up.ending.clean(), up.text);
  CHECK(up.text.find("its socket was gone") != std::string::npos);
  const harness::Output rotated = system.run("ops/rotate");
  CHECK_MESSAGE(rotated.ending.clean(), rotated.text);
  CHECK(system.run("cat .run/secrets/*").text != before);
}

TEST_CASE("ops/up mends what was lost of its own notes while all runs") {
  ShippedSystem system;
  KilledScripts scripts(system);
  for (const char* lost :
       {".run/ports/nats-monitor", ".run/ports/postgres .run/env .run/admin.env",
        ".run/ports/nats .run/ports/api.address", ".run/secrets/nats-api .run/pid/api.made_of"}) {
    CAPTURE(lost);
    scripts.done(fmt::format("rm {}", lost));
    scripts.done("ops/up");
    scripts.check_all_is_well(1);
  }
}
