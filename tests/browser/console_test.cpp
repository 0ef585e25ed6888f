// Goal: someone who has only the console's address can create a fleet, watch it boot, break it,
// move a month, read the bill, and find out why one server was terminated (issue 17). Method: by
// clicking, in a real browser that reaches nothing but this machine; what the page shows is
// compared with what the API answers.

#include "tests/browser/console.h"

#include <doctest/doctest.h>

using browser::by;
using browser::Console;
using harness::Json;

namespace {

/// Nothing is loaded from elsewhere, and nothing complained of.
void check_calm(Console& console) {
  CHECK(console.browser.requested().size() > 20);
  for (const std::string& url : console.browser.requested()) {
    CHECK_MESSAGE(url.starts_with(console.origin + "/"), url);
  }
  CHECK(console.browser.complaints() == "");
}

std::int64_t number_of(Console& console, const std::string& status) {
  return console.client.get("/servers?limit=1&status=" + status).json()["total"].integer();
}

}  // namespace

TEST_CASE("a fleet is created, boots, is asked for this and that, and ends, by clicking") {
  Console console;
  console.create("web", 5);
  console.wait_for_text("main .head", "5 servers");
  console.browser.wait_until(by("[data-region=us-east-1] canvas") +
                             "?.getAttribute('aria-label').includes('running')");
  console.browser.wait_until("document.querySelectorAll('.rows .s-RUNNING').length === 5");
  CHECK(number_of(console, "RUNNING") == 5);

  console.browser.click(console.row("web-2", "[data-action=stop]"));
  console.wait_for_row("web-2", ".said", "stop: done");
  console.wait_for_row("web-2", ".c-status", "Stopped");
  check_calm(console);  // before the browser itself complains of a 409

  console.browser.click(console.row("web-2", "[data-action=reboot]"));
  console.wait_for_row("web-2", ".said", "cannot reboot: the server is STOPPED");

  console.type("input[type=search]", "web-");
  console.browser.wait_until("location.hash.includes('find=web-')");
  console.click(".titles .pick input");
  console.wait_for_text(".selection", "5 selected");
  console.click("[data-all=terminate]");
  console.click("dialog [data-do=confirm]");
  console.wait_for_text(".outcome", "5 done, 0 under way, 0 refused");
  CHECK(number_of(console, "TERMINATED") == 5);
}

TEST_CASE("a server's page says why it ended, and what it was at any moment before") {
  Console console;
  const Json server = console.client
                          .post("/servers?until=settled",
                                R"({"name":"idle","region":"us-east-1","type":"t2.micro",)"
                                R"("profile":"instant","idle_timeout_seconds":7200})")
                          .json();
  const std::string path = "/servers/" + server["id"].text();
  console.client.post("/clock", R"({"advance_seconds":3600})");
  console.client.post(path + "/action", R"({"action":"stop"})");
  console.client.post("/clock", R"({"advance_seconds":36000})");

  console.click(".chip:last-child");
  console.wait_for_row("idle", ".c-status", "Terminated");
  console.browser.click(console.row("idle", ".c-name a"));
  console.wait_for_text(".why", "it was stopped for longer than its idle timeout");
  console.wait_for_text("main", "Terminated after standing idle too long");
  console.browser.wait_until("document.querySelectorAll('.timeline rect').length >= 3");
  console.browser.wait_until("document.querySelectorAll('.timeline .mark').length === 2");

  // As a drag of the handle does.
  console.browser.evaluate(
      "(slider => { slider.value = 400; slider.dispatchEvent(new "
      "Event('input')); })(" +
      by(".timeline input") + ")");
  console.wait_for_text(".halves h2", "As it was at");
  console.wait_for_text(".halves dd .status", "Running");
  check_calm(console);
}

TEST_CASE("time is moved on by a month, and the month's bill adds up to the API's own") {
  Console console;
  console.create("month", 3);
  console.go_to("clock");
  console.press("30 days");
  console.wait_for_text("main", "moved on by 30 d");
  console.go_to("bill");
  console.wait_for_text(".bill tfoot", "Total");
  const std::string month = console.browser.evaluate(by("input[type=month]") + ".value").text();
  const Json bill = console.client.get("/billing?from=" + month + "-01T00:00:00Z").json();
  const double shown = console.browser
                           .evaluate("Number(" + by(".bill tfoot td:last-child") +
                                     ".textContent.replace(/[$,]/g, ''))")
                           .number();
  CHECK(shown == doctest::Approx(bill["total"]["cost"].number()).epsilon(0.02));
  // Rows add up to the total, to the last digit that is shown.
  CHECK(console.browser
            .evaluate("(rows => { const cents = cell => Math.round(Number(cell.textContent"
                      ".replace(/[$,]/g, '')) * 10000); const last = row => cents(row.lastChild);"
                      "return rows.reduce((sum, row) => sum + last(row), 0) === last(" +
                      by(".bill tfoot tr") +
                      "); })([...document.querySelectorAll('.bill tbody tr')"
                      "])")
            .boolean());
  CHECK(console.browser.evaluate("document.querySelectorAll('.chart rect').length").integer() > 0);
  check_calm(console);
}

TEST_CASE("an outage is set on the regions' page, seen on the map, and lifted") {
  Console console;
  console.create("web", 2);
  console.go_to("regions");
  console.click("[data-region=us-east-1] [data-do=incident]");
  console.type("dialog input[name=reason]", "a fire");
  console.click("dialog button[type=submit]");
  console.wait_for_text("[data-region=us-east-1] .trouble", "a fire");
  console.go_to("fleet");
  console.wait_for_text("[data-region=us-east-1].troubled .trouble", "outage");
  console.wait_for_text(".chip:nth-child(3)", "Impaired2");
  console.go_to("regions");
  console.click("[data-region=us-east-1] [data-do=lift]");
  console.browser.wait_until("!" + by(".troubled"));
  check_calm(console);
}

TEST_CASE("the queue's page shows what waits and what was purged, the health's that all is well") {
  Console console;
  console.create("web", 2);
  console.go_to("health");
  console.wait_for_text("main", "Ready");
  console.browser.wait_until("document.querySelectorAll('.spark .stroke').length > 3");
  console.fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "10m", "-f"});
  const Json server = console.client.get("/servers?limit=1").json()["items"].at(0);
  console.client.request("POST", "/servers/" + server["id"].text() + "/action",
                         R"({"action":"stop"})",
                         {{"Content-Type", "application/json"}, {"Prefer", "respond-async"}});
  console.go_to("queue");
  console.wait_for_text(".figure", "paused until");
  console.wait_for_text("main .card td", "stop");
  console.wait_for_text("main .card code", "nats stream rmm COMMANDS ");
  console.fleet.nats_cli({"stream", "purge", "COMMANDS", "-f"});
  console.wait_for_text("main .card td .s-bad", "Purged");
  check_calm(console);
}
