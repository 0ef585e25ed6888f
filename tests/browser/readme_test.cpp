// Goal: with nothing but /swagger/index.html a user can do what the README shows.
// Method: its two sessions, by clicking in a real browser.

#include <doctest/doctest.h>

#include "tests/browser/visit.h"

using browser::Operation;
using browser::ShownAnswer;
using browser::Visit;

TEST_CASE("the README's session by clicking: create, find, stop, log, refusal, delete") {
  Visit visit;
  const ShownAnswer created =
      visit.operation("servers", "createServer")
          .pick("until", "settled")
          .body(R"({"name":"web-1","region":"us-east-1","type":"t2.micro"})")
          .execute();
  check_status(created, 201);
  CHECK(created.json()["status"].text() == "RUNNING");

  const ShownAnswer found =
      visit.operation("servers", "listServers").fill("name", "web-1").execute();
  check_status(found, 200);
  REQUIRE(found.json()["total"].integer() == 1);
  const std::string id = found.json()["items"].at(0)["id"].text();
  CHECK(id == created.json()["id"].text());

  const ShownAnswer stopped =
      visit.operation("servers", "actOnServer").fill("id", id).pick("until", "settled").execute();
  check_status(stopped, 200);
  CHECK(stopped.json()["status"].text() == "STOPPED");

  const ShownAnswer log =
      visit.operation("servers", "listServerLogs").fill("id", id).fill("limit", "2").execute();
  check_status(log, 200);
  CHECK(log.json().size() == 2);
  CHECK(log.json().at(0)["event"].text() == "server_stopped");

  const ShownAnswer refused =
      visit.operation("servers", "actOnServer").body(R"({"action":"reboot"})").execute();
  check_status(refused, 409);
  CHECK(refused.json()["code"].text() == "invalid_transition");

  const ShownAnswer ended = visit.operation("servers", "terminateServer")
                                .fill("id", id)
                                .pick("until", "settled")
                                .execute();
  check_status(ended, 200);
  CHECK(ended.json()["status"].text() == "TERMINATED");
}

TEST_CASE("the README's month by clicking: the clock moved and scaled, the bill as JSON and CSV") {
  Visit visit;
  const ShownAnswer before = visit.operation("clock", "getClock").execute();
  check_status(before, 200);
  const std::string since = before.json()["now"].text();
  check_status(visit.operation("servers", "createServer").execute(), 201);
  check_status(
      visit.operation("clock", "changeClock").body(R"({"advance_seconds":1296000})").execute(),
      200);

  Operation billing = visit.operation("billing", "getBilling");
  const ShownAnswer bill = billing.fill("from", since).pick("group_by", "type").execute();
  check_status(bill, 200);
  CHECK(bill.json()["items"].at(0)["type"].text() == "t2.micro");
  CHECK(bill.json()["total"]["billed_seconds"].integer() >= 1'296'000);

  const ShownAnswer table = billing.pick("group_by", "server").accept("text/csv").execute();
  check_status(table, 200);
  CHECK(table.header("content-type").starts_with("text/csv"));
  CHECK(table.body.starts_with("server,billed_seconds,rate_seconds,cost"));
  CHECK(table.body.find("\ntotal,1296") != std::string::npos);

  const ShownAnswer scaled = visit.operation("clock", "changeClock").pick_body("scale").execute();
  check_status(scaled, 200);
  CHECK(scaled.json()["scale"].number() == 60);
}
