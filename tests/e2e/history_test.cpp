// Goal: a server can be seen as it was at every version and every instant, by HTTP and by vsimctl
// alike, with the bill of that instant. Method: take a server through its life with the clock moved
// between the steps, keep each answer of GET, and ask for those instants again in the end.

#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;
using harness::Output;

namespace {

std::string now(HttpClient& client) { return client.get("/clock").json()["now"].text(); }

void advance(HttpClient& client, int seconds) {
  const HttpAnswer answer =
      client.post("/clock", R"({"advance_seconds":)" + std::to_string(seconds) + "}");
  REQUIRE_MESSAGE(answer.status == 200, describe(answer));
}

/// A life in which simulated time stands nearly still but for the advances.
struct Life {
  Fleet fleet{{.settings = {{"TIME_SCALE", "0.001"}, {"IDLE_TIMEOUT", "48h"}}}};
  HttpClient client = fleet.client();
  std::string before = now(client);
  std::string id;
  std::map<std::string, std::string> seen;  // the body of GET, by the instant it was seen at

  Life() {
    advance(client, 60);
    id = create_server(client, {.profile = "instant"})["id"].text();
    look();
    for (const char* action : {"stop", "start", "reboot", "stop", "terminate"}) {
      advance(client, 3600);
      look();
      CHECK(act(client, id, action).status == 200);
      look();
    }
    advance(client, 600);
    look();
  }

  /// An instant in which nothing changed between two looks at the clock.
  void look() {
    while (true) {
      const std::string at = now(client);
      const std::string body = client.get("/servers/" + id).body;
      if (at == now(client)) {
        seen[at] = body;
        return;
      }
    }
  }
  HttpAnswer at(const std::string& instant) {
    return client.get("/servers/" + id + "?at=" + instant);
  }
};

}  // namespace

TEST_CASE("GET with an instant of the past answers as GET did then, and so does vsimctl") {
  Life life;
  REQUIRE(life.seen.size() >= 7);
  for (const auto& [instant, body] : life.seen) {
    CAPTURE(instant);
    const HttpAnswer answer = life.at(instant);
    CHECK(answer.status == 200);
    CHECK(answer.body == body);
    const Output output = life.fleet.vsimctl({"history", life.id, "--at", instant});
    CHECK_MESSAGE(output.ending.clean(), output.text);
    CHECK(output.text == body + "\n");
  }
}

TEST_CASE("each version is shown, and the list of events names them all") {
  Life life;
  const Output list = life.fleet.vsimctl({"history", life.id});
  CHECK_MESSAGE(list.ending.clean(), list.text);
  const auto log = life.client.get("/servers/" + life.id + "/logs").json();
  REQUIRE(log.size() >= 6);
  for (const Json& event : log.elements()) {
    CHECK(list.text.find(event["message"].text()) != std::string::npos);
    CHECK(list.text.find(event["timestamp"].text()) != std::string::npos);
    const auto version = event["version"].integer();
    const Output shown =
        life.fleet.vsimctl({"history", life.id, "--version", std::to_string(version)});
    REQUIRE_MESSAGE(shown.ending.clean(), shown.text);
    const Json server = Json::parse(shown.text);
    CHECK(server["version"].integer() == version);
    CHECK(server["updated_at"].text() == event["timestamp"].text());
  }
}

TEST_CASE("instants and servers that are not there are refused with what to do") {
  Life life;
  const HttpAnswer early = life.at(life.before);
  CHECK(early.status == 404);
  CHECK(early.body.find("did not exist at " + life.before) != std::string::npos);
  CHECK(life.at("9999-01-01T00:00:00Z").status == 400);
  CHECK(life.at("yesterday").status == 400);
  CHECK(life.client.get("/servers/" + harness::random_uuid() + "?at=" + life.before).status == 404);
  const auto code_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "history");
    const Output output = life.fleet.vsimctl(arguments);
    CHECK_MESSAGE(std::count(output.text.begin(), output.text.end(), '\n') == 1, output.text);
    return output.ending.code;
  };
  CHECK(code_of({"web-1"}) == 2);
  CHECK(code_of({life.id, "--at", "yesterday"}) == 2);
  CHECK(code_of({life.id, "--version", "0"}) == 2);
  CHECK(code_of({life.id, "--version", "1", "--at", life.before}) == 2);
  CHECK(code_of({harness::random_uuid()}) == 1);
  CHECK(code_of({life.id, "--at", life.before}) == 1);
  CHECK(code_of({life.id, "--at", "9999-01-01T00:00:00Z"}) == 1);
  CHECK(code_of({life.id, "--version", "99"}) == 1);
  life.fleet.nats().kill();
  CHECK(code_of({life.id}) == 1);
  CHECK(life.at(life.seen.begin()->first).status == 503);
  CHECK(life.client.get("/servers/" + life.id).status == 200);
}
