// Goal: with keys on, every route asks who is there and lets each role do its part and no more; a
// key added or revoked counts without a restart; without keys only this machine is served; events
// name who acted, and nothing anywhere holds a key's text.
// Method: every route by every kind of caller, as a table; the file of the keys changed, broken and
// removed under running requests; APIs started on other addresses; logs, pages and files searched.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/served_routes.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using namespace std::chrono_literals;
using e2e::expect;
using harness::eventually;
using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Json;

namespace {

const std::string no_server = "11111111-2222-4333-8444-555555555555";

enum class Needs { nothing, reader, caller, operator_ };

struct Route {
  std::string method;
  std::string pattern;
  Needs needs;
  std::string body = {};  // refused as such, once the key is good: nothing happens
};

const std::vector<Route> routes = {
    {"GET", "/servers/{id}", Needs::reader},
    {"GET", "/servers", Needs::reader},
    {"POST", "/servers", Needs::caller, "{}"},
    {"POST", "/server", Needs::caller, "{}"},
    {"DELETE", "/servers/{id}", Needs::caller},
    {"POST", "/servers/{id}/action", Needs::caller, "{}"},
    {"POST", "/servers/{id}/lease", Needs::caller, "{}"},
    {"POST", "/servers/{id}/release", Needs::caller, "{}"},
    {"GET", "/servers/{id}/logs", Needs::reader},
    {"GET", "/operations/{id}", Needs::reader},
    {"GET", "/operations", Needs::reader},
    {"GET", "/regions", Needs::reader},
    {"GET", "/regions/{region}", Needs::reader},
    {"GET", "/types", Needs::reader},
    {"GET", "/profiles", Needs::reader},
    {"GET", "/profiles/{name}", Needs::reader},
    {"POST", "/regions/{region}/addresses", Needs::operator_, "{}"},
    {"PUT", "/regions/{region}/incident", Needs::operator_, "{}"},
    {"DELETE", "/regions/{region}/incident", Needs::operator_},
    {"GET", "/regions/{region}/incidents", Needs::reader},
    {"GET", "/warm-pools", Needs::reader},
    {"GET", "/warm-pools/{name}", Needs::reader},
    {"PUT", "/warm-pools/{name}", Needs::caller, "{}"},
    {"DELETE", "/warm-pools/{name}", Needs::caller},
    {"POST", "/warm-pools/{name}/acquire", Needs::caller, "{}"},
    {"GET", "/clock", Needs::reader},
    {"POST", "/clock", Needs::operator_, "{}"},
    {"GET", "/faults", Needs::reader},
    {"PUT", "/faults", Needs::operator_, "{}"},
    {"DELETE", "/faults", Needs::operator_},
    {"GET", "/billing", Needs::reader},
    {"GET", "/events", Needs::reader},
    {"GET", "/healthz", Needs::nothing},
    {"GET", "/readyz", Needs::nothing},
    {"GET", "/openapi.json", Needs::nothing},
    {"GET", "/console/", Needs::nothing},
    {"GET", "/console/{file}", Needs::nothing},
    {"GET", "/swagger/{file}", Needs::nothing},
    {"GET", "/metrics", Needs::reader},
};

const std::vector<std::string> role_names = {"", "reader", "caller", "operator"};

HttpHeaders bearer(const std::string& key) { return {{"Authorization", "Bearer " + key}}; }

std::string path_of(const Route& route) {
  std::string path = route.pattern;
  for (const auto& [word, value] : {std::pair<std::string, std::string>{"{id}", no_server},
                                    std::pair<std::string, std::string>{"{file}", "index.html"},
                                    std::pair<std::string, std::string>{"{region}", "us-east-1"}}) {
    path = e2e::filled(path, word, value);
  }
  return path == "/events" ? path + "?limit=1" : path;  // a stream has no end
}

/// Until the running API has seen what the file says now.
bool answers(HttpClient& client, int status, const HttpHeaders& headers) {
  return eventually([&] { return client.get("/types", headers).status == status; });
}

std::string add_key(Fleet& fleet, const std::string& name, const std::string& role) {
  const std::string key = fleet.add_key(name, role);
  HttpClient client = fleet.client();
  REQUIRE(answers(client, 200, bearer(key)));
  REQUIRE(answers(client, 401, {}));
  return key;
}

void check_unauthorized(const HttpAnswer& answer, bool with_key) {
  INFO(describe(answer));
  CHECK(answer.status == 401);
  CHECK(answer.code() == "unauthorized");
  CHECK(answer.header("Content-Type") == "application/problem+json");
  CHECK(answer.header("WWW-Authenticate") ==
        std::string("Bearer realm=\"vsim\"") + (with_key ? ", error=\"invalid_token\"" : ""));
}

void check_forbidden(const HttpAnswer& answer, const Route& route) {
  INFO(describe(answer));
  const std::string& role = role_names[static_cast<std::size_t>(route.needs)];
  CHECK(answer.status == 403);
  CHECK(answer.code() == "forbidden");
  CHECK(answer.json()["detail"].text().starts_with(
      fmt::format("{} {} needs the role {};", route.method, route.pattern, role)));
  CHECK(answer.header("WWW-Authenticate").ends_with("scope=\"" + role + "\""));
}

std::size_t times_in(const std::string& text, const std::string& what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++times;
  }
  return times;
}

void replace_keys_file(Fleet& fleet, const std::string& text) {
  harness::write_file(fleet.keys_file() + ".test", text);
  std::filesystem::rename(fleet.keys_file() + ".test", fleet.keys_file());
}

/// An API of its own beside the fleet's.
struct OtherApi {
  harness::ScratchDir folder{"other-api"};
  std::uint16_t port = harness::free_port();
  harness::ChildProcess process;

  OtherApi(const Fleet& fleet, const std::string& host, const harness::Settings& more = {}) {
    harness::ChildOptions child;
    child.argv = {harness::product_program("vsim-api")};
    child.environment = fleet.environment_of("api");
    for (const auto& [name, value] : more) {
      child.environment[name] = value;
    }
    child.environment["HTTP_ADDR"] = fmt::format("{}:{}", host, port);
    child.unset = {"PORT", "ALLOW_NO_KEYS"};
    child.log_path = folder.path() + "/log";
    process = harness::ChildProcess::spawn(child);
  }
  bool says(const std::string& text) {
    return eventually([&] { return times_in(harness::read_file(process.log_path()), text) > 0; });
  }
  void check_refused(const std::string& why) {
    const auto ending = process.wait(10s);
    REQUIRE(ending);
    CHECK(ending->code == 2);
    CHECK_MESSAGE(says(why), harness::read_file(process.log_path()));
  }
};

}  // namespace

TEST_CASE("every route lets in who has the role it needs, and nobody else") {
  Fleet fleet;
  const std::string revoked = add_key(fleet, "gone", "operator");
  const std::vector<std::string> keys = {"", add_key(fleet, "r", "reader"),
                                         add_key(fleet, "c", "caller"),
                                         add_key(fleet, "o", "operator")};
  expect(0, fleet.vsimctl({"keys", "revoke", "gone", "--yes"}));
  HttpClient client = fleet.client();
  REQUIRE(answers(client, 401, bearer(revoked)));
  const std::string wrong = "vsim_" + std::string(43, 'A');
  for (const Route& route : routes) {
    CAPTURE(route.method);
    CAPTURE(route.pattern);
    const auto ask = [&](const HttpHeaders& headers) {
      return client.request(route.method, path_of(route), route.body, headers);
    };
    if (route.needs == Needs::nothing) {
      CHECK(ask({}).status == ask(bearer(keys[3])).status);
      CHECK(ask(bearer(wrong)).status != 401);
      continue;
    }
    check_unauthorized(ask({}), false);
    check_unauthorized(ask(bearer(wrong)), true);
    check_unauthorized(ask(bearer(revoked)), true);
    for (std::size_t role = 1; role < keys.size(); ++role) {
      CAPTURE(role_names[role]);
      const HttpAnswer answer = ask(bearer(keys[role]));
      if (role < static_cast<std::size_t>(route.needs)) {
        check_forbidden(answer, route);
      } else {
        INFO(describe(answer));
        CHECK(answer.status != 401);
        CHECK(answer.status != 403);
        CHECK(answer.status < 500);
      }
    }
  }
  std::set<std::string> listed;
  int roles_too_small = 0;  // for all routes
  for (const Route& route : routes) {
    listed.insert(route.method + " " + route.pattern);
    roles_too_small += std::max(0, static_cast<int>(route.needs) - 1);
  }
  const std::string metrics = client.get("/metrics", bearer(keys[1])).body;
  CHECK_MESSAGE(e2e::served_routes(metrics) == listed, "a route is missing in the table above");
  const auto refused = [&](const std::string& reason) {
    return harness::metric_sum(metrics, "vsim_http_unauthorized_total", reason);
  };
  CHECK(refused("no_key") >= 16);
  CHECK(refused("unknown_key") >= 32);
  CHECK(refused("role") == roles_too_small);
}

TEST_CASE("without a key not even what does not exist is revealed") {
  Fleet fleet;
  const std::string key = add_key(fleet, "r", "reader");
  HttpClient client = fleet.client();
  check_unauthorized(client.get("/nothing"), false);
  check_unauthorized(client.request("PUT", "/servers"), false);
  check_unauthorized(client.request("OPTIONS", "/servers"), false);
  CHECK(client.request("HEAD", "/servers").status == 401);
  CHECK(client.get("/nothing", bearer(key)).status == 404);
  CHECK(client.request("PUT", "/servers", "", bearer(key)).status == 405);
  CHECK(client.request("OPTIONS", "/servers", "", bearer(key)).status == 204);
  CHECK(client.request("HEAD", "/servers", "", bearer(key)).status == 200);
}

TEST_CASE("a key counts as RFC 6750 writes it, whole, and in no other form") {
  Fleet fleet;
  const std::string key = add_key(fleet, "r", "reader");
  HttpClient client = fleet.client();
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "Bearer   "}) {
    CHECK(client.get("/types", {{"authorization", scheme + key}}).status == 200);
  }
  for (const std::string& other : {"Basic " + key, key, std::string("Digest x")}) {
    CAPTURE(other);
    check_unauthorized(client.get("/types", {{"Authorization", other}}), false);
  }
  const std::string hash =
      Json::parse(harness::read_file(fleet.keys_file()))["keys"].at(0)["sha256"].text();
  for (const std::string& other :
       {std::string(), key + "A", key.substr(0, key.size() - 1), key.substr(5), hash, key + " x",
        "\"" + key + "\"", std::string(4000, 'A')}) {
    CAPTURE(other);
    check_unauthorized(client.get("/types", bearer(other)), true);
  }
  check_unauthorized(
      client.get("/types", {{"Authorization", "Bearer x"}, {"Authorization", "Bearer " + key}}),
      true);
}

TEST_CASE("keys come and go without a restart, and requests under way notice nothing") {
  Fleet fleet;
  const std::string steady = add_key(fleet, "steady", "reader");
  std::atomic<bool> stop{false};
  std::atomic<int> asked{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, client = fleet.client()]() mutable {
      while (!stop) {
        refused += client.get("/types", bearer(steady)).status == 200 ? 0 : 1;
        ++asked;
      }
    });
  }
  HttpClient client = fleet.client();
  for (const char* name : {"a", "b", "c"}) {
    const std::string key = add_key(fleet, name, "reader");
    expect(0, fleet.vsimctl({"keys", "revoke", name, "--yes"}));
    CHECK(answers(client, 401, bearer(key)));
  }
  stop = true;
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(asked > 10);
  CHECK(refused == 0);
  const pid_t pid = fleet.api().pid();
  CHECK(fleet.api().running());
  CHECK(fleet.api().pid() == pid);
  expect(0, fleet.vsimctl({"keys", "revoke", "steady", "--yes"}));
  CHECK(answers(client, 401, bearer(steady)));
  CHECK(client.get("/healthz").status == 200);
}

TEST_CASE("a file that is gone, broken, empty or open to others leaves the keys as they were") {
  Fleet fleet;
  const std::string key = add_key(fleet, "steady", "reader");
  const std::string good = harness::read_file(fleet.keys_file());
  HttpClient client = fleet.client();
  const auto log = [&] { return harness::read_file(fleet.api().log_path()); };
  const auto keeps_keys = [&](const std::string& news, auto&& change) {
    CAPTURE(news);
    const std::size_t before = times_in(log(), news);
    change();
    CHECK(eventually([&] { return times_in(log(), news) == before + 1; }));
    CHECK(client.get("/types", bearer(key)).status == 200);
    CHECK(client.get("/types").status == 401);
  };
  const auto written = [&](const std::string& text) {
    return [&fleet, text] { replace_keys_file(fleet, text); };
  };
  keeps_keys("is gone", [&] { std::filesystem::remove(fleet.keys_file()); });
  keeps_keys("no JSON: A string", written(good.substr(0, good.size() / 2)));
  keeps_keys(R"(\"keys\" must be an array)", written("{}"));
  keeps_keys("the keys can be read again", written(good));
  keeps_keys("no JSON: Empty", written(""));
  keeps_keys("the keys can be read again", written(good));
  keeps_keys("chmod 600", [&] { ::chmod(fleet.keys_file().c_str(), 0666); });
  CHECK(times_in(log(), "is gone") == 1);  // logged once, however often it is seen
  replace_keys_file(fleet, R"({"keys":[]})");
  CHECK(answers(client, 401, bearer(key)));
}

TEST_CASE("a broken file refuses the start, and one without keys lets nobody in") {
  Fleet fleet;
  harness::write_file(fleet.keys_file(), "{");
  OtherApi broken(fleet, "127.0.0.1");
  broken.check_refused("KEYS_FILE: the keys cannot be read");
  replace_keys_file(fleet, R"({"keys":[]})");
  OtherApi empty(fleet, "127.0.0.1");
  HttpClient client(empty.port);
  REQUIRE(eventually([&] { return client.get("/readyz").status == 200; }));
  check_unauthorized(client.get("/servers"), false);
}

TEST_CASE("without keys an API serves this machine alone, with them any") {
  Fleet fleet;
  for (const char* host : {"0.0.0.0", "[::]", ""}) {
    CAPTURE(host);
    OtherApi refused(fleet, host);
    refused.check_refused("there are no keys");
    CHECK(refused.says("vsimctl keys add"));
    OtherApi unnamed(fleet, host, {{"KEYS_FILE", ""}});
    unnamed.check_refused("there are no keys");
  }
  OtherApi loopback(fleet, "localhost");
  CHECK(loopback.says("keys are off"));
  OtherApi allowed(fleet, "0.0.0.0", {{"ALLOW_NO_KEYS", "yes"}});
  CHECK(allowed.says("keys are off, as ALLOW_NO_KEYS says"));
  const std::string key = add_key(fleet, "r", "reader");
  for (const char* host : {"0.0.0.0", "[::]"}) {
    CAPTURE(host);
    OtherApi open(fleet, host);
    CHECK(open.says("keys are on"));
  }
  OtherApi open(fleet, "0.0.0.0");
  HttpClient client(open.port);
  CHECK(eventually([&] { return client.get("/types", bearer(key)).status == 200; }));
  check_unauthorized(client.get("/types"), false);
}

TEST_CASE("events and operations name the key that acted") {
  Fleet fleet;
  const std::string ops = add_key(fleet, "ops@example.org", "operator");
  const std::string ci = add_key(fleet, "ci", "caller");
  HttpClient client = fleet.client();
  const HttpAnswer created =
      client.post("/servers", harness::create_body({.profile = "instant"}), bearer(ci));
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  const std::string id = created.json()["id"].text();
  const auto stop = client.post("/servers/" + id + "/action", R"({"action":"stop"})", bearer(ops));
  CHECK_MESSAGE(stop.status == 200, describe(stop));
  const Json logs = client.get("/servers/" + id + "/logs", bearer(ci)).json();
  CHECK(logs.at(0)["actor"].text() == "ops@example.org");
  CHECK(logs.at(1)["actor"].text() == "ci");
  const Json operations = client.get("/operations", bearer(ci)).json();
  CHECK(operations["items"].at(0)["actor"].text() == "ops@example.org");
  CHECK(operations["items"].at(1)["actor"].text() == "ci");
  HttpHeaders late = bearer(ci);
  late.emplace_back("Prefer", "respond-async");
  const HttpAnswer accepted = client.post("/servers", harness::create_body(), late);
  REQUIRE_MESSAGE(accepted.status == 202, describe(accepted));
  CHECK(accepted.json()["actor"].text() == "ci");

  CHECK(client.post("/clock", R"({"advance_seconds":60})", bearer(ops)).status == 200);
  CHECK(client.post("/regions/us-east-1/addresses", R"({"cidr":"10.9.0.0/30"})", bearer(ops))
            .status == 200);
  const auto last_of = [&](const std::string& subject) {
    const auto shown = fleet.nats_cli({"stream", "get", "EVENTS", "--last-for", subject});
    return shown.text;
  };
  const std::string server_event = last_of("vsim.evt.server.us-east-1." + id);
  CHECK_MESSAGE(times_in(server_event, R"("actor":"ops@example.org")") == 1, server_event);
  const std::string pool_event = last_of("vsim.evt.pool.us-east-1");
  CHECK_MESSAGE(times_in(pool_event, R"("actor":"ops@example.org")") == 1, pool_event);
}

TEST_CASE("a key's text stands nowhere but with its owner") {
  Fleet fleet({.settings = {{"LOG_LEVEL", "debug"}}});
  const std::string key = add_key(fleet, "o", "operator");
  HttpClient client = fleet.client();
  const HttpAnswer created = client.post("/servers", harness::create_body(), bearer(key));
  CHECK(created.status == 201);
  CHECK(client.get("/nothing", bearer(key)).status == 404);
  CHECK(client.get("/types", bearer(key + "x")).status == 401);
  CHECK(client.get("/types?limit=1", bearer(key)).status == 400);
  CHECK(client.post("/servers", "{", bearer(key)).status == 400);
  const std::string secret = key.substr(5);
  const auto folder = std::filesystem::path(fleet.keys_file()).parent_path();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      CAPTURE(entry.path().string());
      CHECK(times_in(harness::read_file(entry.path().string()), secret) == 0);
      ++files;
    }
  }
  CHECK(files >= 3);  // the file of the keys, the logs of API and worker
  CHECK(times_in(harness::read_file(fleet.api().log_path()), "/nothing") > 0);
  for (const char* path : {"/metrics", "/operations", "/servers"}) {
    CHECK(times_in(client.get(path, bearer(key)).body, secret) == 0);
  }
  CHECK(times_in(fleet.vsimctl({"keys", "list"}).text, secret) == 0);
  for (const char* stream : {"JOURNAL", "EVENTS"}) {
    const auto shown = fleet.nats_cli({"stream", "view", stream, "50"});
    CHECK(times_in(shown.text, secret) == 0);
  }
}

TEST_CASE("vsimctl makes, shows and revokes keys, one of a name, in a file of its own") {
  Fleet fleet({.apis = 0, .workers = 0});
  CHECK(e2e::holds(expect(0, fleet.vsimctl({"keys", "list"})), "no keys"));
  const std::string first = fleet.add_key("ci", "caller");
  CHECK(first.size() == 48);
  struct stat about{};
  REQUIRE(::stat(fleet.keys_file().c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  const auto twice = expect(1, fleet.vsimctl({"keys", "add", "ci", "--role", "reader"}));
  CHECK(e2e::holds(twice, "there is a key ci already"));
  CHECK(fleet.add_key("ann", "reader") != first);
  const auto listed = expect(0, fleet.vsimctl({"keys", "list"}));
  CHECK(e2e::holds(listed, "ci    caller"));
  CHECK(e2e::holds(listed, "ann   reader"));
  CHECK_FALSE(e2e::holds(listed, first));
  const std::string before = harness::read_file(fleet.keys_file());
  const auto dry = expect(0, fleet.vsimctl({"keys", "revoke", "ci", "--dry-run"}));
  CHECK(e2e::holds(dry, "dry run: the key ci (caller) would be revoked"));
  CHECK(harness::read_file(fleet.keys_file()) == before);
  expect(0, fleet.vsimctl({"keys", "revoke", "ci", "--yes"}));
  const auto gone = expect(1, fleet.vsimctl({"keys", "revoke", "ci", "--yes"}));
  CHECK(e2e::holds(gone, "there is no key ci; vsimctl keys list shows them"));
  CHECK(fleet.add_key("ci", "reader") != first);

  harness::write_file(fleet.keys_file(), "{");
  const auto broken = expect(1, fleet.vsimctl({"keys", "add", "x", "--role", "reader"}));
  CHECK(e2e::holds(broken, "no JSON"));
  CHECK(harness::read_file(fleet.keys_file()) == "{");
}

TEST_CASE("a file takes its most keys, and not one more") {
  Fleet fleet({.apis = 0, .workers = 0});
  constexpr std::size_t api_keys_max = 1000;
  std::string text = "{\"keys\":[";
  for (std::size_t i = 1; i < api_keys_max; ++i) {
    text += fmt::format(R"({}{{"name":"key{}","role":"reader","sha256":"{:064x}","made_at":"{}"}})",
                        i == 1 ? "" : ",", i, i, "2026-01-01T00:00:00Z");
  }
  harness::write_file(fleet.keys_file(), text + "]}");
  ::chmod(fleet.keys_file().c_str(), 0600);
  CHECK_FALSE(fleet.add_key("last", "reader").empty());
  const auto refused = expect(1, fleet.vsimctl({"keys", "add", "one-more", "--role", "reader"}));
  CHECK(e2e::holds(refused, "there are 1000 keys, and no more may be; revoke one first"));
}

TEST_CASE("keys that are added at the same time are all there") {
  Fleet fleet({.apis = 0, .workers = 0});
  constexpr int count = 12;
  std::vector<harness::ChildProcess> adding;
  for (int i = 0; i < count; ++i) {
    harness::ChildOptions child;
    child.argv = {harness::product_program("vsimctl"),
                  "keys",
                  "add",
                  fmt::format("key{}", i),
                  "--role",
                  "reader"};
    child.environment = fleet.environment_of("operator");
    child.log_path = fmt::format("{}.out{}", fleet.keys_file(), i);
    adding.push_back(harness::ChildProcess::spawn(child));
  }
  for (auto& process : adding) {
    const auto ending = process.wait(20s);
    REQUIRE(ending);
    CHECK(ending->clean());
  }
  CHECK(Json::parse(harness::read_file(fleet.keys_file()))["keys"].size() == count);
}

TEST_CASE(
    "a lock on the keys' file that is never released is reported, not waited for without end") {
  Fleet fleet({.apis = 0, .workers = 0});
  fleet.add_key("first", "reader");
  const int lock = ::open((fleet.keys_file() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(lock, LOCK_EX) == 0);
  const auto refused = expect(1, fleet.vsimctl({"keys", "add", "second", "--role", "reader"}));
  CHECK_MESSAGE(e2e::holds(refused, "has held the lock"), refused);
  ::close(lock);
  CHECK_FALSE(fleet.add_key("second", "reader").empty());
}
