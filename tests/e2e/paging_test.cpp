// Goal: paging shows each server that was there all along once, whatever comes and goes meanwhile.
// Method: pages by cursor while others create, stop, start and terminate without end; what was
// there before and was left alone must be on the pages, and nothing twice. Paging continues after a
// rebuild and a restart.

#include <atomic>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpClient;
using harness::Json;

namespace {

/// Pages from the first to the last, followed by what each says of the next.
struct Pages {
  std::string path;       // with its query, up to the place of the next page
  std::string items;      // the member that holds the items
  std::string next;       // the member that tells the next place
  std::string parameter;  // that asks for it
};

const Pages servers_by_cursor{"/servers?limit=7", "items", "next_cursor", "cursor"};

std::string text_of(const Json& place) {
  return place.kind() == Json::Kind::text ? place.text() : std::to_string(place.integer());
}

/// The ids of all items of all pages, in their order, or of those from a place on.
std::vector<std::string> ids_of(HttpClient& client, const Pages& pages, std::string place = {}) {
  std::vector<std::string> ids;
  while (true) {
    const auto answer = client.get(pages.path + place);
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    const Json page = answer.json();
    for (const Json& item : page[pages.items].elements()) {
      ids.push_back(item["id"].text());
    }
    if (page[pages.next].is_null()) {
      return ids;
    }
    place = "&" + pages.parameter + "=" + text_of(page[pages.next]);
  }
}

void check_none_twice(const std::vector<std::string>& ids) {
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
}

void check_all_there(const std::vector<std::string>& ids, const std::set<std::string>& expected) {
  const std::set<std::string> seen(ids.begin(), ids.end());
  for (const std::string& id : expected) {
    CHECK_MESSAGE(seen.contains(id), id, " was there all along and is on no page");
  }
}

/// Servers come, change and go until it ends.
class Bustle {
 public:
  explicit Bustle(harness::Fleet& fleet) {
    for (int i = 0; i < 3; ++i) {
      threads_.emplace_back([&fleet, this](const std::stop_token& stop) {
        HttpClient client = fleet.client();
        while (!stop.stop_requested()) {
          const std::string id = create_server(client, {.profile = "instant"})["id"].text();
          act(client, id, "stop");
          act(client, id, "start");
          client.del("/servers/" + id);
          ++lives_;
        }
      });
    }
  }
  int lives() const { return lives_; }

 private:
  std::atomic<int> lives_{0};
  std::vector<std::jthread> threads_;
};

std::set<std::string> create_many(HttpClient& client, int count) {
  std::set<std::string> ids;
  for (int i = 0; i < count; ++i) {
    ids.insert(create_server(client, {.profile = "instant"})["id"].text());
  }
  return ids;
}

}  // namespace

TEST_CASE("pages of servers show each that stays once, while others come and go") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const auto running = create_many(client, 30);
  const auto stopped = create_many(client, 20);
  for (const std::string& id : stopped) {
    REQUIRE(act(client, id, "stop").status == 200);
  }
  Bustle bustle(fleet);
  Pages stopped_pages = servers_by_cursor;
  stopped_pages.path += "&status=STOPPED";
  for (const int enough = 60; bustle.lives() < enough;) {
    const auto all = ids_of(client, servers_by_cursor);
    check_none_twice(all);
    check_all_there(all, running);
    check_all_there(all, stopped);
    const auto some = ids_of(client, stopped_pages);
    check_none_twice(some);
    check_all_there(some, stopped);
  }
}

TEST_CASE("pages of operations show each once, while more are added") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(act(client, id, "reboot").status == 200);
  }
  std::set<std::string> operations;
  for (const Json& entry : client.get("/servers/" + id + "/logs").json().elements()) {
    operations.insert(entry["operation_id"].text());
  }
  REQUIRE(operations.size() == 21);
  Bustle bustle(fleet);
  const Pages of_operations{"/operations?limit=7", "items", "next_before", "before"};
  for (const int enough = 40; bustle.lives() < enough;) {
    const auto ids = ids_of(client, of_operations);
    check_none_twice(ids);
    check_all_there(ids, operations);
  }
}

TEST_CASE("pages of a log show each version once, while it grows") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (int rounds = 0; rounds < 5; ++rounds) {
    std::int64_t expected = get_server(client, id)["version"].integer();
    std::string before;
    while (expected > 0) {
      const auto page = client.get("/servers/" + id + "/logs?limit=3" + before).json().elements();
      REQUIRE_FALSE(page.empty());
      for (const Json& entry : page) {
        CHECK(entry["version"].integer() == expected--);
      }
      before = "&before=" + std::to_string(expected + 1);
      REQUIRE(act(client, id, "reboot").status == 200);  // not on the pages that follow
    }
  }
}

TEST_CASE("a page begun before a rebuild and a restart is gone on with") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const auto ids = create_many(client, 12);
  Pages pages = servers_by_cursor;
  pages.path = "/servers?limit=5";
  const auto first = client.get(pages.path).json();
  const auto rebuilt = fleet.vsimctl({"rebuild", "--yes"});
  REQUIRE_MESSAGE(rebuilt.ending.code == 0, rebuilt.text);
  fleet.api().terminate();
  fleet.start_api();
  fleet.wait_until_ready();
  create_server(client, {.profile = "instant"});
  std::vector<std::string> seen;
  for (const Json& item : first["items"].elements()) {
    seen.push_back(item["id"].text());
  }
  const auto rest = ids_of(client, pages, "&cursor=" + first["next_cursor"].text());
  seen.insert(seen.end(), rest.begin(), rest.end());
  CHECK(seen.size() == ids.size());
  CHECK(std::set<std::string>(seen.begin(), seen.end()) == ids);
}
