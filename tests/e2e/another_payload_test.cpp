// Goal: a command that was purged comes back as what it was, or not at all: another command's
// payload under its id is not carried out, and the dead letter says why (issue 20, A.6). Method: a
// stop that was purged is published again by the nats CLI, with its own payload and a reboot's.

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Json;

namespace {

using Headers = std::vector<std::string>;

struct PurgedStop {
  Fleet fleet;
  HttpClient client = fleet.client();
  std::string server = create_server(client, {.profile = "instant"})["id"].text();
  std::string subject = "vsim.cmd.us-east-1." + server;
  std::string operation;
  std::string hash;

  PurgedStop() {
    run({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"});
    const auto stop = act(client, server, "stop", {{"Prefer", "respond-async"}});
    REQUIRE_MESSAGE(stop.status == 202, describe(stop));
    operation = stop.json()["id"].text();
    run({"stream", "purge", "COMMANDS", "-f"});
    REQUIRE(eventually([&] { return shown() == "stop PURGED"; }));
    const std::string copy =
        run({"stream", "get", "JOURNAL", "--last-for", "vsim.journal.us-east-1." + server});
    const std::string name = "Vsim-Request-Hash: ";
    hash = copy.substr(copy.find(name) + name.size(), 64);
    run({"consumer", "resume", "COMMANDS", "commands", "-f"});
  }

  std::string run(const std::vector<std::string>& arguments, const std::string& input = {}) {
    const harness::Output output = fleet.nats_cli(arguments, input);
    REQUIRE_MESSAGE(output.ending.clean(), output.text);
    return output.text;
  }
  void publish(const std::string& payload, const Headers& headers) {
    std::vector<std::string> arguments = {"pub", subject, "--force-stdin", "--no-templates"};
    for (const auto& header : headers) {
      arguments.insert(arguments.end(), {"-H", header});
    }
    run(arguments, payload);
  }
  std::string shown() {
    const Json answer = client.get("/operations/" + operation).json();
    return answer["type"].text() + " " + answer["status"].text();
  }
  std::size_t events() { return e2e::read_event_log(fleet).servers.at(server).size(); }
};

void check_refused(PurgedStop& its, const Headers& headers, const std::string& reason) {
  const auto events = its.events();
  const auto letters = its.fleet.worker_metric("vsim_dead_letters_total");
  its.publish(R"({"type":"reboot"})", headers);
  REQUIRE(eventually(
      [&] { return its.fleet.worker_metric("vsim_dead_letters_total") == letters + 1; }));
  const std::string letter =
      its.run({"stream", "get", "DEAD_LETTERS", "--last-for", "vsim.dlq.us-east-1." + its.server});
  CHECK_MESSAGE(letter.find(reason) != std::string::npos, letter);
  CHECK(eventually([&] { return e2e::waiting_commands(its.fleet) == 0; }));
  CHECK(its.events() == events);
  CHECK(its.shown() == "stop PURGED");
  CHECK(get_server(its.client, its.server)["status"].text() == "RUNNING");
}

}  // namespace

TEST_CASE("a purged stop is not carried out as a reboot, whatever of its headers is sent along") {
  PurgedStop its;
  const std::string id = "Vsim-Command-Id:" + its.operation;
  check_refused(its, {id, "Vsim-Request-Hash:" + its.hash, "Nats-Msg-Id:again-1"},
                "does not fit Vsim-Request-Hash");
  check_refused(its, {id, "Nats-Msg-Id:again-2"}, "was given to another command, a stop");
  check_refused(its, {id}, "was given to another command, a stop");

  its.publish(R"({"type":"stop"})", {id, "Vsim-Request-Hash:" + its.hash, "Nats-Msg-Id:again-3"});
  CHECK(eventually([&] { return its.shown() == "stop SUCCEEDED"; }));
  wait_for_status(its.client, its.server, "STOPPED");
}

TEST_CASE("without its id and hash the same payload is a command of its own") {
  PurgedStop its;
  its.publish(R"({"type":"reboot"})", {});
  CHECK(eventually([&] {
    const Json page = its.client.get("/operations?server_id=" + its.server).json();
    return page["items"].at(0)["type"].text() == "reboot" &&
           page["items"].at(0)["status"].text() == "SUCCEEDED";
  }));
  CHECK(its.shown() == "stop PURGED");
}
