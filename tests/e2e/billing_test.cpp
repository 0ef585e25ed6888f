// Goal: a bill that can be checked by hand, to the last digit, however it is asked for: thirty
// days, a month's border, a minimum, a changed scale, watermarks; and whose parts always add up.
// Method: a clock that stands still between advances; sums of the shown decimals as integers.

#include <algorithm>
#include <map>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/seed.h"
#include "tests/harness/servers.h"

using e2e::advance;
using e2e::clock_of;
using e2e::day;
using e2e::event_of;
using e2e::hour;
using e2e::moment;
using e2e::second;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

struct Frozen {
  explicit Frozen(harness::Settings more = {}) : fleet(options(std::move(more))) {}
  static harness::FleetOptions options(harness::Settings settings) {
    settings["TIME_SCALE"] = e2e::standing_still;
    return {.settings = std::move(settings)};
  }
  harness::Fleet fleet;
  HttpClient client = fleet.client();
};

std::string text_of(HttpClient& client, const std::string& query, const std::string& accept = {}) {
  const HttpAnswer answer =
      client.get("/billing" + query, accept.empty() ? harness::HttpHeaders{}
                                                    : harness::HttpHeaders{{"Accept", accept}});
  if (answer.status != 200) {
    throw harness::UnexpectedAnswer("GET /billing" + query + ": " + describe(answer));
  }
  CHECK(answer.header("Content-Type").find(accept.empty() ? "application/json" : accept) == 0);
  return answer.body;
}

Json bill(HttpClient& client, const std::string& query) {
  return Json::parse(text_of(client, query));
}

std::int64_t billed(HttpClient& client, const std::string& query) {
  return bill(client, query)["total"]["billed_seconds"].integer();
}

std::int64_t began(const Json& server) { return moment(server["last_started_at"].text()); }

/// Seconds, of which the last begun one counts whole.
std::int64_t whole_seconds(std::int64_t milliseconds) {
  return (milliseconds + second - 1) / second;
}

/// A decimal of at most ten places, as 10,000,000,000ths.
std::int64_t parts_of(const std::string& decimal) {
  const std::size_t point = std::min(decimal.find('.'), decimal.size());
  std::string digits = decimal.substr(std::min(point + 1, decimal.size()));
  REQUIRE(digits.size() <= 10);
  digits.resize(10, '0');
  return std::stoll(decimal.substr(0, point)) * 10'000'000'000 + std::stoll(digits);
}

struct Line {
  std::int64_t seconds = 0;
  std::int64_t rate_seconds = 0;
  std::int64_t cost = 0;  // 10,000,000,000ths
};

struct Bill {
  std::map<std::string, Line> items;
  Line total;
};

/// The bill as CSV, whose parts must add up to its total.
Bill checked_csv(HttpClient& client, const std::string& window, const std::string& group) {
  const std::string csv =
      text_of(client, "?" + window + (window.empty() ? "" : "&") + "group_by=" + group, "text/csv");
  Bill read;
  Line sum;
  std::size_t at = csv.find("\r\n") + 2;
  CHECK(csv.substr(0, at) == group + ",billed_seconds,rate_seconds,cost\r\n");
  for (std::size_t end = csv.find("\r\n", at); end != std::string::npos;
       at = end + 2, end = csv.find("\r\n", at)) {
    std::vector<std::string> fields = {""};
    for (const char c : csv.substr(at, end - at)) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    REQUIRE(fields.size() == 4);
    const Line line{std::stoll(fields[1]), std::stoll(fields[2]), parts_of(fields[3])};
    if (fields[0] == "total") {
      CHECK(end + 2 == csv.size());
      read.total = line;
      break;
    }
    read.items[fields[0]] = line;
    sum = {sum.seconds + line.seconds, sum.rate_seconds + line.rate_seconds, sum.cost + line.cost};
  }
  CHECK(sum.seconds == read.total.seconds);
  CHECK(sum.rate_seconds == read.total.rate_seconds);
  CHECK(sum.cost == read.total.cost);
  return read;
}

}  // namespace

TEST_CASE("thirty days at 0.01 USD an hour are 2592000 seconds and 7.2 USD") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  const Json server = create_server(client, {.profile = "instant"});
  const std::string id = server["id"].text();
  const auto start = began(server);
  advance(client, 30 * day);
  const HttpAnswer stopped = act(client, id, "stop");
  REQUIRE_MESSAGE(stopped.status == 200, describe(stopped));
  for (const Json& shown : {stopped.json(), get_server(client, id)}) {
    CHECK(shown["accrued_seconds"].integer() == 2'592'000);
    CHECK(shown["live_uptime_seconds"].integer() == 2'592'000);
    CHECK(shown["accrued_cost"].number() == 7.2);
    CHECK(shown["live_cost"].number() == 7.2);
  }
  advance(client, day);  // by then it is reaped; the bill stopped with the stop
  const std::string window = "from=" + e2e::rfc3339(start);
  const std::string sum = R"("billed_seconds":2592000,"rate_seconds":259200000,"cost":7.2})";
  const std::string now = e2e::rfc3339(start + 31 * day);
  CHECK(text_of(client, "?" + window) ==
        R"({"from":")" + e2e::rfc3339(start) + R"(","to":")" + now + R"(","as_of":")" + now +
            R"(","final_until":")" + now +
            R"(","group_by":"region","items":[{"region":"us-east-1",)" + sum + R"(],"total":{)" +
            sum + "}");
  CHECK(text_of(client, "?group_by=server&" + window, "text/csv") ==
        "server,billed_seconds,rate_seconds,cost\r\n" + id +
            ",2592000,259200000,7.2\r\ntotal,2592000,259200000,7.2\r\n");

  const Bill days = checked_csv(client, window, "day");
  CHECK(days.items.size() == (start % day == 0 ? 30 : 31));
  CHECK(days.items.begin()->first == e2e::rfc3339(start).substr(0, 10));
  CHECK(days.items.begin()->second.seconds == whole_seconds(day - start % day));
  CHECK(std::next(days.items.begin())->second.seconds == 86'400);
  CHECK(days.total.cost == parts_of("7.2"));
  CHECK(billed(client, "?" + window + "&to=" + e2e::rfc3339(start)) == 0);
}

TEST_CASE("an hour at 0.01 USD in sixty steps is exactly 0.01 USD") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  std::int64_t before = 0;
  for (int minute = 1; minute <= 60; ++minute) {
    advance(client, 60 * second);
    const Json server = get_server(client, id);
    CHECK(server["live_uptime_seconds"].integer() == 60 * minute);
    CHECK(server["accrued_seconds"].integer() >= before);
    before = server["accrued_seconds"].integer();
  }
  CHECK(get_server(client, id)["live_cost"].number() == 0.01);
  const Json terminated = act(client, id, "terminate").json();  // while it runs
  CHECK(terminated["status"].text() == "TERMINATED");
  CHECK(terminated["accrued_cost"].number() == 0.01);
  CHECK(bill(client, "?from=2020-01-01T00:00:00Z")["total"]["cost"].number() == 0.01);
}

TEST_CASE("a period is cut at the month's border, which belongs to the second month") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  const Json server = create_server(client, {.type = "t2.small", .profile = "instant"});
  const auto start = began(server);
  const auto border = e2e::next_month(start);
  const auto length = border - start + 5 * day + 1500;  // over a second into the sixth day
  advance(client, length);
  REQUIRE(act(client, server["id"].text(), "stop").status == 200);
  const std::string edge = e2e::rfc3339(border);
  const auto first = billed(client, "?to=" + edge);
  CHECK(first == whole_seconds(border - start));
  CHECK(first == billed(client, "?from=" + e2e::rfc3339(start) + "&to=" + edge));
  const auto rest = billed(client, "");  // this month so far
  CHECK(rest == billed(client, "?from=" + edge));
  CHECK(first + rest == whole_seconds(length));
  CHECK(first + rest == get_server(client, server["id"].text())["live_uptime_seconds"].integer());
  const Bill days = checked_csv(client, "", "day");
  CHECK(days.items.begin()->first == edge.substr(0, 10));
  CHECK(days.items.size() == 6);
}

TEST_CASE("a started server costs its minimum, and by the second beyond that") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  // Of ec2 one launch in 200 fails.
  const std::string id =
      create_server(client, {.profile = "ec2", .tags = {{"vsim:create", "delay:25"}}})["id"].text();
  const auto boot = [&] {
    const Json server = get_server(client, id);
    advance(client, moment(server["due_at"].text()) - moment(clock_of(client)["now"].text()));
    return get_server(client, id);
  };
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 0);
  CHECK(boot()["status"].text() == "RUNNING");
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 60);
  advance(client, 10 * second);
  REQUIRE(act(client, id, "stop").status == 200);
  CHECK(get_server(client, id)["accrued_seconds"].integer() == 60);
  CHECK(boot()["status"].text() == "STOPPED");
  REQUIRE(act(client, id, "start").status == 200);
  CHECK(boot()["status"].text() == "RUNNING");
  advance(client, 61 * second + 1);
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 60 + 62);
  REQUIRE(act(client, id, "terminate").status == 200);
  CHECK(get_server(client, id)["accrued_seconds"].integer() == 60 + 62);
  CHECK(billed(client, "?from=2020-01-01T00:00:00Z") == 60 + 62);
}

TEST_CASE("a stop and a start at the same instant begin a new period and lose nothing") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  advance(client, 1500);
  for (int time = 0; time < 2; ++time) {
    REQUIRE(act(client, id, "stop").status == 200);
    REQUIRE(act(client, id, "start").status == 200);
  }
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 2);
  advance(client, 1500);
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 4);
  CHECK(billed(client, "?from=2020-01-01T00:00:00Z") == 4);
}

TEST_CASE("a change of scale in the middle of a period changes only how fast it is billed") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(client.post("/clock", R"({"scale":2000})").status == 200);
  std::int64_t live = 0;
  CHECK(harness::eventually([&] {
    const auto now = get_server(client, id)["live_uptime_seconds"].integer();
    CHECK(now >= live);
    live = now;
    return live >= 3600;
  }));
  REQUIRE(client.post("/clock", R"({"scale":0.000001})").status == 200);
  // It may be shown as of a moment before the change, as long as it is not known what came then.
  const auto stands = get_server(client, id)["live_uptime_seconds"].integer();
  CHECK(stands >= live);
  const Json stopped = act(client, id, "stop").json();
  const auto length =
      moment(event_of(client, id, "server_stopped")["timestamp"].text()) - began(stopped);
  CHECK(stopped["accrued_seconds"].integer() == whole_seconds(length));
  CHECK(stopped["live_uptime_seconds"].integer() == whole_seconds(length));
  CHECK(whole_seconds(length) >= stands);
  CHECK(billed(client, "?from=2020-01-01T00:00:00Z") == whole_seconds(length));
}

TEST_CASE("what is accrued follows the watermarks, and nothing shown ever falls") {
  constexpr std::int64_t interval = 60 * second;
  Frozen frozen(harness::Settings{{"BILLING_INTERVAL", "60s"}});
  HttpClient& client = frozen.client;
  const Json server = create_server(client, {.profile = "instant"});
  const std::string id = server["id"].text();
  const auto start = began(server);
  CHECK(server["accrued_seconds"].integer() == 0);
  const auto check_accrued = [&](std::int64_t now) {
    const auto expected = whole_seconds(now / interval * interval - start);
    CHECK(harness::eventually(
        [&] { return get_server(client, id)["accrued_seconds"].integer() == expected; }));
    const Json shown = get_server(client, id);
    CHECK(shown["accrued_seconds"].integer() == expected);
    CHECK(shown["live_uptime_seconds"].integer() == whole_seconds(now - start));
    return expected;
  };
  advance(client, 90 * second);
  const auto accrued = check_accrued(start + 90 * second);

  // Neither the answer to a reboot nor a list knows less.
  const Json rebooted = act(client, id, "reboot").json();
  CHECK(rebooted["status"].text() == "RUNNING");
  CHECK(rebooted["accrued_seconds"].integer() == accrued);
  CHECK(rebooted["live_uptime_seconds"].integer() == 90);
  const Json list = client.get("/servers").json();
  CHECK(list["items"].at(0)["accrued_seconds"].integer() == accrued);

  // One watermark for a day that was missed, not one a minute.
  const auto watermarks = [&] {
    return std::stoll(harness::query_value(
        frozen.fleet.database_url(),
        "SELECT version FROM vsim.billing_watermarks WHERE region = 'us-east-1'"));
  };
  const auto before = watermarks();
  advance(client, day);
  check_accrued(start + 90 * second + day);
  CHECK(watermarks() - before <= 2);

  const Json stopped = act(client, id, "stop").json();
  CHECK(stopped["accrued_seconds"].integer() == 90 + 86'400);
  CHECK(stopped["live_uptime_seconds"].integer() == 90 + 86'400);
  advance(client, 100 * second);
  CHECK(get_server(client, id)["accrued_seconds"].integer() == 90 + 86'400);
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 90 + 86'400);
}

TEST_CASE("lives by chance: every grouping and every cut adds up to what the servers show") {
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  std::mt19937_64 chance(seed);
  const auto draw = [&](std::int64_t most) { return static_cast<std::int64_t>(chance() % most); };
  Frozen frozen;
  HttpClient& client = frozen.client;
  const auto start = moment(clock_of(client)["now"].text());
  std::vector<std::string> ids;
  const std::vector<std::string> profiles = {"instant", "standard", "ec2"};
  const std::vector<std::string> types = {"t2.micro", "t2.small", "t2.medium"};
  for (int i = 0; i < 12; ++i) {
    ids.push_back(create_server(client, {.region = draw(2) == 0 ? "us-east-1" : "eu-west-1",
                                         .type = types[draw(3)],
                                         .profile = profiles[draw(3)]})["id"]
                      .text());
  }
  for (int step = 0; step < 60; ++step) {
    const char* const actions[] = {"stop", "start", "start", "reboot", "terminate"};
    const int action = static_cast<int>(draw(step < 40 ? 4 : 5));
    act(client, ids[draw(12)], actions[action]);  // some are refused: their state is another
    if (draw(2) == 0) {
      advance(client, draw(3) == 0 ? draw(day) : draw(600 * second));
    }
  }
  const auto now = moment(clock_of(client)["now"].text());
  std::int64_t live = 0;
  const Bill servers = checked_csv(client, "from=" + e2e::rfc3339(start), "server");
  for (const std::string& id : ids) {
    const auto shown = get_server(client, id)["live_uptime_seconds"].integer();
    live += shown;
    CHECK((servers.items.contains(id) ? servers.items.at(id).seconds : 0) == shown);
  }
  CHECK(servers.total.seconds == live);
  const std::string border = e2e::rfc3339(start + draw(now - start + 1));
  for (const std::string group : {"region", "type", "server", "day"}) {
    CAPTURE(group);
    const Bill whole = checked_csv(client, "from=" + e2e::rfc3339(start), group);
    CHECK(whole.total.seconds == live);
    CHECK(whole.total.cost == servers.total.cost);
    const Bill head = checked_csv(client, "from=" + e2e::rfc3339(start) + "&to=" + border, group);
    const Bill tail = checked_csv(client, "from=" + border, group);
    CHECK(head.total.seconds + tail.total.seconds == live);
    CHECK(head.total.rate_seconds + tail.total.rate_seconds == whole.total.rate_seconds);
  }
}

TEST_CASE("a bill that cannot be made is refused with what to change") {
  Frozen frozen;
  HttpClient& client = frozen.client;
  const std::string now = clock_of(client)["now"].text();
  struct Row {
    std::string query;
    std::string expected;
  };
  for (const Row& row :
       std::vector<Row>{{"from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z", "from is after to"},
                        {"from=8000-01-01T00:00:00Z", "from is after to, which is now, " + now},
                        {"group_by=colour", "there are region, type, server, day and account"},
                        {"group_by=", "there are region, type, server, day and account"},
                        {"from=yesterday", "give a time in UTC such as"},
                        {"to=2026-02-30T00:00:00Z", "give a time in UTC such as"},
                        {"from=2026-02-01T00:00:00+01:00", "give a time in UTC such as"},
                        {"since=2026-02-01T00:00:00Z", "there are account, from, to, group_by"},
                        {"group_by=day&group_by=type", "given twice"}}) {
    CAPTURE(row.query);
    const HttpAnswer answer = client.get("/billing?" + row.query);
    CHECK_MESSAGE(answer.status == 400, describe(answer));
    CHECK(answer.code() == "invalid_request");
    CHECK_MESSAGE(answer.json()["detail"].text().find(row.expected) != std::string::npos,
                  describe(answer));
  }
  CHECK(client.post("/billing", "{}").status == 405);
  CHECK(billed(client, "?from=2020-01-01T00:00:00Z&to=8000-01-01T00:00:00Z") == 0);
  CHECK(text_of(client, "?group_by=type", "text/csv") ==
        "type,billed_seconds,rate_seconds,cost\r\ntotal,0,0,0\r\n");
}
