// Goal: of two different writes for one server at the same instant one wins, and the answer to the
// other one says so.
// Method: pairs of clients released by a barrier, three workers, many rounds in both orders.

#include <barrier>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;

namespace {

bool refused(const HttpAnswer& answer) {
  return answer.status == 409 &&
         (answer.code() == "operation_in_progress" || answer.code() == "invalid_transition");
}

/// Both actions at once, each over a connection of its own.
std::pair<HttpAnswer, HttpAnswer> race(harness::Fleet& fleet, const std::string& id,
                                       const std::string& one, const std::string& other) {
  std::barrier<> start(2);
  std::pair<HttpAnswer, HttpAnswer> answers;
  const auto run = [&](const std::string& action, HttpAnswer& answer) {
    harness::HttpClient client = fleet.client();
    client.get("/healthz");  // so that both are connected
    start.arrive_and_wait();
    answer = act(client, id, action);
  };
  std::jthread first([&] { run(one, answers.first); });
  std::jthread second([&] { run(other, answers.second); });
  first.join();
  second.join();
  return answers;
}

}  // namespace

TEST_CASE("of two terminates of a PENDING server exactly one happens") {
  // With ec2's long delays no transition can end before both writes are decided.
  harness::Fleet fleet({.workers = 3});
  harness::HttpClient client = fleet.client();
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const std::string id = create_server(client, {.profile = "ec2"})["id"].text();
    const auto [one, other] = race(fleet, id, "terminate", "terminate");
    INFO(describe(one), " / ", describe(other));
    CHECK((one.status == 200) + (other.status == 200) == 1);
    CHECK(refused(one) + refused(other) == 1);
    std::size_t carried_out = 0;
    for (const harness::Json& entry : client.get("/servers/" + id + "/logs").json().elements()) {
      carried_out += entry["event"].text() == "server_terminating";
    }
    CHECK(carried_out == 1);
  }
}

TEST_CASE("of a stop and a reboot of a running server exactly one happens") {
  harness::Fleet fleet({.workers = 3, .settings = {{"TIME_SCALE", "2"}}});
  harness::HttpClient client = fleet.client();
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(create_server(client)["id"].text());
  }
  for (const std::string& id : ids) {
    wait_for_status(client, id, "RUNNING");
    const auto [one, other] = race(fleet, id, "stop", "reboot");
    INFO(describe(one), " / ", describe(other));
    CHECK((one.status == 200) + (other.status == 200) == 1);
    CHECK(refused(one) + refused(other) == 1);
  }
}
