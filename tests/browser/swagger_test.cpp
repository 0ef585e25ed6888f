// Goal: Swagger UI works in a browser and offline, and sends all that the API takes.
// Method: a real browser that reaches nothing but this machine clicks through it on a fleet of the
// test's own, and what the page shows is compared with what the API promises.

#include <doctest/doctest.h>

#include "tests/browser/visit.h"
#include "tests/harness/eventually.h"

using browser::Operation;
using browser::ShownAnswer;
using browser::Visit;
using harness::Json;

TEST_CASE("Try it out creates a server; the page loads nothing from elsewhere and complains not") {
  Visit visit;
  const ShownAnswer created = visit.operation("servers", "createServer").execute();
  check_status(created, 201);
  CHECK(created.json()["status"].text() == "RUNNING");
  CHECK(created.header("location") == "/servers/" + created.json()["id"].text());
  CHECK(visit.fleet.client().get(created.header("location")).status == 200);
  CHECK(visit.browser.requested().size() > 5);
  for (const std::string& url : visit.browser.requested()) {
    CHECK_MESSAGE(url.starts_with(visit.origin + "/"), url);
  }
  CHECK(visit.browser.complaints() == "");
}

TEST_CASE("Execute works as the page comes wherever nothing has to be there before") {
  Visit visit;
  const Json document = visit.fleet.client().get("/openapi.json").json();
  int executed = 0;
  for (const auto& [path, item] : document["paths"].members()) {
    if (path.find("{id}") != std::string::npos || path.starts_with("/warm-pools/{name}")) {
      continue;
    }
    for (const auto& [method, operation] : item.members()) {
      if (method == "parameters") {
        continue;
      }
      CAPTURE(path);
      const ShownAnswer answer =
          visit.operation(operation["tags"].at(0).text(), operation["operationId"].text())
              .execute();
      CAPTURE(answer.body);
      CHECK(answer.status >= 200);
      CHECK(answer.status < 300);
      CHECK(answer.documented);
      ++executed;
    }
  }
  CHECK(executed >= 14);
  CHECK(visit.browser.complaints() == "");
}

TEST_CASE("writes can be asked for late, once, or only of a version that was seen") {
  Visit visit;
  Operation create = visit.operation("servers", "createServer");
  const ShownAnswer late = create.fill("Prefer", "respond-async").execute();
  check_status(late, 202);
  const ShownAnswer outcome = visit.operation("operations", "getOperation")
                                  .fill("id", late.json()["id"].text())
                                  .fill("Vsim-Min-Sequence", late.header("vsim-sequence"))
                                  .execute();
  check_status(outcome, 200);
  CHECK(outcome.json()["status"].text() == "SUCCEEDED");

  create.fill("Prefer", "wait=20").fill("Idempotency-Key", "50% off");
  const ShownAnswer first = create.execute();
  check_status(first, 201);
  const ShownAnswer second = create.execute();
  check_status(second, 201);
  const std::string id = first.json()["id"].text();
  CHECK(second.json()["id"].text() == id);

  Operation get = visit.operation("servers", "getServer");
  get.fill("id", id).fill("Vsim-Min-Sequence", first.header("vsim-sequence"));
  const ShownAnswer seen = get.execute();
  check_status(seen, 200);
  CHECK(seen.header("etag") == "\"1\"");

  Operation act = visit.operation("servers", "actOnServer");
  act.fill("id", id).fill("If-Match", "\"1\"");
  const ShownAnswer stopped = act.execute();
  check_status(stopped, 200);
  get.fill("Vsim-Min-Sequence", stopped.header("vsim-sequence")).fill("If-None-Match", "\"2\"");
  check_status(get.execute(), 304);  // nothing of what has stopped grows by itself
  check_status(get.fill("at", seen.json()["created_at"].text()).execute(), 200);
  check_status(act.body(R"({"action":"start"})").execute(), 412);
}

TEST_CASE("servers can be listed by tag and page by page") {
  Visit visit;
  Operation create = visit.operation("servers", "createServer");
  check_status(create.execute(), 201);
  check_status(
      create.body(R"({"name":"b","region":"eu-west-1","type":"t2.micro","profile":"instant"})")
          .execute(),
      201);

  Operation list = visit.operation("servers", "listServers");
  const ShownAnswer page = list.fill("limit", "1").pick("status", "RUNNING").execute();
  check_status(page, 200);
  CHECK(page.json()["total"].integer() == 2);
  const ShownAnswer next = list.fill("cursor", page.json()["next_cursor"].text()).execute();
  check_status(next, 200);
  CHECK(next.json()["items"].at(0)["tags"]["team"].text() == "blue");

  visit.open_page();
  const ShownAnswer tagged =
      visit.operation("servers", "listServers").fill("tags", R"({"tag.team":"blue"})").execute();
  check_status(tagged, 200);
  CHECK(tagged.json()["total"].integer() == 1);
}

TEST_CASE("a key given to Authorize opens what its role may do") {
  Visit visit;
  const std::string key = visit.fleet.add_key("clicker", "caller");
  harness::HttpClient client = visit.fleet.client();
  REQUIRE(harness::eventually([&] { return client.get("/types").status == 401; }));
  Operation create = visit.operation("servers", "createServer");
  check_status(create.execute(), 401);
  visit.authorize(key);
  check_status(create.execute(), 201);
  check_status(visit.operation("clock", "changeClock").execute(), 403);
}
