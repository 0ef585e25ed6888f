// Goal: a recipe carries data byte for byte, whatever is in it; does no harm when a step before it
// has failed or it is typed twice; and what is only for a rare case works in that case.
// Method: single blocks of an entry, typed into an interactive shell, which goes on after an error.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"
#include "tests/runbook/typing.h"

using harness::eventually;
using harness::HttpClient;
using harness::Json;
using runbook::Block;
using runbook::ShippedSystem;

namespace {

constexpr const char* pause_workers = "nats consumer pause COMMANDS commands 1h -f";
constexpr const char* resume_workers = "nats consumer resume COMMANDS commands -f";
/// What templates, shells, printf, jq and psql each take for something of theirs; as JSON holds it.
constexpr const char* hostile =
    R"(web-{{Count}} {{ID}} {{Random 1 9}} {{ %s %% \\n \\ $(id) `id` ${HOME} 'q' \"q\" ; & | é)";
const std::string undo = "Undo a purge";
const std::string letters = "Dead letters";

std::string pending_create(HttpClient& api, const std::string& body,
                           const harness::HttpHeaders& headers) {
  harness::HttpHeaders all = headers;
  all.emplace_back("Prefer", "respond-async");
  const auto answer = api.post("/servers", body, all);
  REQUIRE_MESSAGE(answer.status == 202, harness::describe(answer));
  return answer.json()["server_id"].text();
}

void await_purged(HttpClient& api, std::size_t count) {
  REQUIRE(eventually(
      [&] { return api.get("/operations?status=PURGED").json()["items"].size() == count; }));
}

/// Chooses the newest of what was purged, finds its copy, sends it again.
std::string undo_newest(const ShippedSystem& system) {
  std::vector<Block> steps = runbook::blocks_with(undo, "ONE=$(");
  for (const char* step : {"AT=1 COPY=", "send_again \"vsim.cmd.${LANE"}) {
    steps.push_back(runbook::blocks_with(undo, step).front());
  }
  return runbook::type(system, steps);
}

/// Chooses the letter, and types what sends it again.
std::string send_letter(const ShippedSystem& system, const std::string& sequence, int times = 1) {
  std::vector<Block> steps = {{.line = 0, .commands = "SEQ=" + sequence + "\n"}};
  const Block send = runbook::blocks_with(letters, "send_again \"${SUBJECT").front();
  steps.insert(steps.end(), static_cast<std::size_t>(times), send);
  return runbook::type(system, steps);
}

/// A letter as builds before the ids of letters kept what they could not read: it has none.
void keep_letter(const ShippedSystem& system, const std::string& subject,
                 const std::string& payload) {
  system.shell(
      fmt::format("nats pub 'vsim.dlq._other' '{}' -J --no-templates -H 'Vsim-Dead-Subject:{}' "
                  "-H 'Vsim-Dead-Reason:unreadable'",
                  payload, subject));
}

}  // namespace

TEST_CASE("undoing a purge by hand gives the command back byte for byte (issue 12, number 16)") {
  ShippedSystem system;
  HttpClient api = system.api();
  system.shell(pause_workers);
  const std::string body =
      fmt::format(R"({{"name":"{0}","region":"us-east-1","type":"t2.micro","profile":"instant",)"
                  R"("tags":{{"{0}":"{0}"}}}})",
                  hostile);
  const harness::HttpHeaders headers = {{"Idempotency-Key", "key-16"},
                                        {"X-Request-Id", "{{Count}}-{{ID}}-%s"}};
  const std::string id = pending_create(api, body, headers);
  system.shell("nats stream purge COMMANDS -f");
  system.shell(resume_workers);
  await_purged(api, 1);

  const std::string printed = undo_newest(system);
  INFO(printed);
  const Json server = wait_for_status(api, id, "RUNNING");
  const std::string name = Json::parse(fmt::format(R"(["{}"])", hostile)).elements()[0].text();
  CHECK(server["name"].text() == name);
  CHECK(server["tags"][name].text() == name);
  const Json log = api.get("/servers/" + id + "/logs").json().elements().back();
  CHECK(log["request_id"].text() == "{{Count}}-{{ID}}-%s");
  // The hash of the request came along: its repeat is one, and another body is none.
  CHECK(api.post("/servers", body, headers).status == 201);
  CHECK(api.post("/servers", harness::create_body(), headers).code() == "idempotency_mismatch");
}

TEST_CASE("undoing a purge by hand takes the purged command, not its server's newest") {
  ShippedSystem system;
  HttpClient api = system.api();
  const std::string id = make_server(system);
  system.shell(pause_workers);
  // Typed without an id, and with ends of lines that must not be lost.
  system.shell(
      fmt::format("printf '{{\\n\"type\":\\n\"stop\"}}\\n\\n' | "
                  "nats pub vsim.cmd.us-east-1.{} --force-stdin -J",
                  id));
  system.shell("nats stream purge COMMANDS -f");
  system.shell(resume_workers);
  await_purged(api, 1);
  REQUIRE(act(api, id, "reboot").status == 200);

  const std::string printed = undo_newest(system);
  INFO(printed);
  wait_for_status(api, id, "STOPPED");
  CHECK(system.shell("nats stream get JOURNAL --last-for 'vsim.journal.>' --json | jq -r .data") ==
        system.shell("nats stream get JOURNAL 2 --json | jq -r .data"));
  await_purged(api, 0);
}

TEST_CASE("a letter is removed only when the broker has stored its command (issue 12, number 17)") {
  ShippedSystem system;
  HttpClient api = system.api();
  const std::string busy = make_server(system);
  system.shell(pause_workers);
  const std::string subject = "vsim.cmd.us-east-1.";
  system.shell("nats pub " + subject + busy + R"( '{"type":"stop"}' -J)");
  keep_letter(system, subject + harness::random_uuid(), "hello? {{Count}}");
  keep_letter(system, subject + harness::random_uuid(), "hello");
  keep_letter(system, subject + busy, R"({"type":"reboot"})");
  REQUIRE(messages_in(system, "DEAD_LETTERS") == 3);

  // Two without an id in a row, each typed twice, and one whose server's slot is taken.
  std::string printed = send_letter(system, "1", 2);
  printed += send_letter(system, "2", 2);
  INFO(printed);
  CHECK(messages_in(system, "COMMANDS") == 3);
  CHECK(messages_in(system, "DEAD_LETTERS") == 1);
  printed += send_letter(system, "3", 2);
  CHECK(messages_in(system, "COMMANDS") == 3);
  CHECK(messages_in(system, "DEAD_LETTERS") == 1);

  // They die again, and now each has an id of its own, which it keeps over the next death.
  system.shell(resume_workers);
  REQUIRE(eventually([&] { return messages_in(system, "DEAD_LETTERS") == 3; }));
  const auto id_of = [&](int sequence) {
    return system.shell(
        fmt::format("nats stream get DEAD_LETTERS {} --json | jq -r .hdrs | "
                    "base64 -d | grep '^Vsim-Command-Id:'",
                    sequence));
  };
  const std::string first = id_of(4);
  CHECK(first != id_of(5));
  for (int death = 6; death < 8; ++death) {
    printed += send_letter(system, std::to_string(death == 6 ? 4 : 6));
    REQUIRE(eventually([&] { return messages_in(system, "DEAD_LETTERS") == 3; }));
    CHECK(id_of(death) == first);
  }
  CHECK(system.shell("nats stream get DEAD_LETTERS 7 --json | jq -r .data | base64 -d") ==
        "hello? {{Count}}");
}

TEST_CASE("what was done once is not done to the next in line when it is typed twice") {
  ShippedSystem system;
  system.shell(pause_workers);
  ask_for_servers(system, 3);
  for (const char* entry : {"One server stuck", "A poison command", "Purge commands"}) {
    CAPTURE(entry);
    const long before = messages_in(system, "COMMANDS");
    std::vector<Block> steps = {runbook::blocks_with(entry, "SEQ=$(oldest COMMANDS)").front()};
    const Block remove = runbook::blocks_with(entry, "nats stream rmm COMMANDS").front();
    steps.insert(steps.end(), {remove, remove});
    const std::string printed = runbook::type(system, steps);
    INFO(printed);
    CHECK(messages_in(system, "COMMANDS") == before - 1);
  }
  CHECK(system.shell("cat poison-*.json | jq -r .subject").find("vsim.cmd.us-east-1.") == 0);
  system.shell(resume_workers);
}

TEST_CASE("a server that stays stuck is ended by the blocks for it (issue 20, number 4)") {
  std::string stuck;
  runbook::follow(
      "Stuck in a transition",
      {
          .set_up =
              [&](ShippedSystem& system) {
                stuck = make_server(system, "ec2");
                system.kill("worker-1");
                // Workers come up, but none keeps time.
                system.shell("mv programs/vsim-worker programs/vsim-worker-itself");
                harness::write_file(system.programs() + "/vsim-worker",
                                    "#!/bin/sh\nexec " + system.programs() +
                                        "/vsim-worker-itself --roles "
                                        "commands,billing,projector,janitor \"$@\"\n");
                system.shell("chmod +x programs/vsim-worker");
              },
          .symptom =
              [&](ShippedSystem& system) {
                HttpClient api = system.api();
                const Json server = get_server(api, stuck);
                return server["status"].text() == "PENDING" &&
                       server["due_at"].text() < api.get("/clock").json()["now"].text();
              },
          .after =
              [&](ShippedSystem& system) {
                HttpClient api = system.api();
                CHECK(get_server(api, stuck)["status"].text() == "TERMINATED");
                system.shell("mv programs/vsim-worker-itself programs/vsim-worker; ops/up");
              },
          .system = {.settings = {{"TIME_SCALE", "10"}}},
      });
}
