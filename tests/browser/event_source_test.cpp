// Goal: a browser's EventSource hears every event of GET /events once and in order, and comes again
// by itself after all parts were stopped.
// Method: a page of the API's own origin listens; what it has heard is compared with a page of the
// same events.

#include <string>

#include <doctest/doctest.h>

#include "tests/browser/visit.h"
#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"

using browser::Visit;

namespace {

/// Ids and types that the page has heard, "4 server_provisioned" and so on, as one text.
std::string heard(Visit& visit) { return visit.browser.evaluate("heard.join(', ')").text(); }

void create_and_hear(Visit& visit) {
  harness::HttpClient client = visit.fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  visit.browser.wait_until("servers.includes('" + id + "')", std::chrono::seconds(60));
}

}  // namespace

TEST_CASE("an EventSource hears each event once, also over a stop of everything") {
  Visit visit;
  visit.browser.evaluate(
      "heard = [], servers = [], source = new EventSource('/events?account=default'), "
      "['server_provisioned', 'address_claimed'].forEach(type => "
      "source.addEventListener(type, event => {"
      "heard.push(event.lastEventId + ' ' + event.type);"
      "const told = JSON.parse(event.data);"
      "if (told.server) servers.push(told.server.id); })), true");
  visit.browser.wait_until("source.readyState === EventSource.OPEN");
  create_and_hear(visit);

  CHECK(visit.fleet.api().terminate().clean());
  visit.browser.wait_until("source.readyState === EventSource.CONNECTING");
  visit.fleet.nats().restart();
  visit.fleet.postgres().restart();
  visit.fleet.start_api();
  visit.fleet.wait_until_ready();
  create_and_hear(visit);

  const harness::Json page = visit.fleet.client().get("/events?account=default&limit=200").json();
  std::string wanted;
  for (const harness::Json& event : page["items"].elements()) {
    wanted += (wanted.empty() ? "" : ", ") + std::to_string(event["sequence"].integer()) + " " +
              event["event"].text();
  }
  CHECK(heard(visit) == wanted);
}
