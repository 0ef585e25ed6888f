// Goal: what is of one account is for another as if it were not there: seen, counted, billed and
// changed by its own callers and by operators alone. Method: every route by a caller of the
// account, one of another, an operator, and an operator who names one, as a table that holds all
// routes; the answers to another's ids compared with those to ids that nothing has, also while
// commands wait; commands typed in the name of an account; bills and lists added up.

#include <csignal>
#include <map>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/served_routes.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using e2e::filled;
using harness::describe;
using harness::eventually;
using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Json;

namespace {

enum class About {
  server,     // one, by its id
  operation,  // one, by its id
  create,
  list,        // of servers or operations, under "items"
  warm_pools,  // list of them
  warm_pool,   // one, by its name
  assigned,    // a server that was acquired from one
  bill,        // a sum
  events,      // of its servers, pools and commands
  nobody,      // the fleet, or the service itself: the same for all, and takes no account
};

struct Route {
  std::string method;
  std::string pattern;
  About about;
  std::string body = {};
};

const std::vector<Route> routes = {
    {"GET", "/servers/{id}", About::server},
    {"GET", "/servers/{id}/logs", About::server},
    {"GET", "/servers", About::list},
    {"POST", "/servers", About::create},
    {"POST", "/server", About::create},
    {"POST", "/servers/{id}/action", About::server, R"({"action":"reboot"})"},
    {"POST", "/servers/{id}/lease", About::server, R"({"extend_seconds":60})"},
    {"DELETE", "/servers/{id}", About::server},
    {"GET", "/operations/{id}", About::operation},
    {"GET", "/operations", About::list},
    {"GET", "/billing", About::bill},
    {"GET", "/events", About::events},
    {"GET", "/regions", About::nobody},
    {"GET", "/regions/{region}", About::nobody},
    {"GET", "/types", About::nobody},
    {"GET", "/profiles", About::nobody},
    {"GET", "/profiles/{name}", About::nobody},
    {"POST", "/regions/{region}/addresses", About::nobody, "{}"},
    {"PUT", "/regions/{region}/incident", About::nobody, "{}"},
    {"DELETE", "/regions/{region}/incident", About::nobody},
    {"GET", "/regions/{region}/incidents", About::nobody},
    {"GET", "/clock", About::nobody},
    {"POST", "/clock", About::nobody, "{}"},
    {"GET", "/faults", About::nobody},
    {"PUT", "/faults", About::nobody, "{}"},
    {"DELETE", "/faults", About::nobody},
    {"GET", "/metrics", About::nobody},
    {"GET", "/healthz", About::nobody},
    {"GET", "/readyz", About::nobody},
    {"GET", "/openapi.json", About::nobody},
    {"GET", "/console/", About::nobody},
    {"GET", "/console/{file}", About::nobody},
    {"GET", "/swagger/{file}", About::nobody},
    // Last: what keeps pools filled goes on by itself, and shows in lists.
    {"PUT", "/warm-pools/{name}", About::warm_pool,
     R"({"region":"us-east-1","type":"t2.micro","profile":"instant","target":1})"},
    {"GET", "/warm-pools/{name}", About::warm_pool},
    {"GET", "/warm-pools", About::warm_pools},
    {"POST", "/warm-pools/{name}/acquire", About::warm_pool, "{}"},
    {"POST", "/servers/{id}/release", About::assigned, "{}"},
    {"DELETE", "/warm-pools/{name}", About::warm_pool},
};

/// Two teams and an operator, each with a server that has been there for a while.
struct Ground {
  Fleet fleet;
  HttpClient client = fleet.client();
  std::map<std::string, std::string> keys;
  std::map<std::string, std::string> servers;
  std::map<std::string, std::string> operations;

  Ground() {
    keys["team-a"] = fleet.add_key("a", "caller", "team-a");
    keys["team-b"] = fleet.add_key("b", "caller", "team-b");
    keys["default"] = fleet.add_key("d", "caller");
    keys["reader"] = fleet.add_key("r", "reader", "team-a");
    keys["operator"] = fleet.add_key("o", "operator");
    REQUIRE(eventually([&] {  // keys are on, and the last one made is known
      return client.get("/types").status == 401 && as("operator", "GET", "/types").status == 200;
    }));
    for (const std::string who : {"team-a", "team-b", "default"}) {
      const HttpAnswer made = create(who, "first");
      servers[who] = made.json()["id"].text();
      operations[who] = newest_operation(who);
    }
  }

  HttpAnswer as(const std::string& who, const std::string& method, const std::string& path,
                const std::string& body = {}, HttpHeaders more = {}) {
    more.emplace_back("Authorization", "Bearer " + keys.at(who));
    return client.request(method, path, body, more);
  }
  HttpAnswer create(const std::string& who, const std::string& name, const std::string& query = "",
                    const HttpHeaders& more = {}) {
    HttpAnswer made = as(who, "POST", "/servers" + query,
                         harness::create_body({.name = name, .profile = "instant"}), more);
    INFO(describe(made));
    REQUIRE(made.status == 201);
    return made;
  }
  std::string newest_operation(const std::string& who) {
    const HttpAnswer list = as(who, "GET", "/operations?limit=1");
    return list.json()["items"].at(0)["id"].text();
  }
  std::set<std::string> ids(const std::string& who, const std::string& path) {
    std::set<std::string> ids;
    const HttpAnswer list = as(who, "GET", path);
    INFO(describe(list));
    REQUIRE(list.status == 200);
    for (const Json& item : list.json()["items"].elements()) {
      ids.insert(item["id"].text());
    }
    if (list.json().has("total")) {
      CHECK(list.json()["total"].integer() == static_cast<std::int64_t>(ids.size()));
    }
    return ids;
  }

  /// An answer to the id of another is the one to an id that nothing has, to the letter.
  void check_hidden(const std::string& who, const Route& route, const std::string& id,
                    const HttpHeaders& more = {}) {
    const auto ask = [&](const std::string& of) {
      return as(who, route.method, filled(route.pattern, "{id}", of), route.body, more);
    };
    const std::string nothing = harness::random_uuid();
    const HttpAnswer hidden = ask(id);
    const HttpAnswer unknown = ask(nothing);
    INFO(describe(hidden));
    CHECK(hidden.status == unknown.status);
    CHECK(hidden.code() == unknown.code());
    CHECK(filled(hidden.json()["detail"].text(), id, "ID") ==
          filled(unknown.json()["detail"].text(), nothing, "ID"));
    CHECK(hidden.json().members().size() == unknown.json().members().size());
    const auto names = [](const HttpAnswer& answer) {
      std::vector<std::string> all;
      for (const auto& [name, value] : answer.headers) {
        all.push_back(name);
      }
      return all;
    };
    CHECK(names(hidden) == names(unknown));
  }
};

void check_one(Ground& ground, const Route& route, const std::string& own,
               const std::string& other) {
  const auto path = filled(route.pattern, "{id}", own);
  ground.check_hidden("team-a", route, other);
  CHECK(
      ground.as("team-a", route.method, filled(route.pattern, "{id}", other), route.body).status ==
      404);
  CHECK(ground.as("operator", route.method, path + "?account=team-b", route.body).status == 404);
  CHECK(ground.as("team-a", route.method, path + "?account=team-b", route.body).status == 403);
  for (const auto& [who, query] : {std::pair<std::string, std::string>{"team-a", ""},
                                   {"team-a", "?account=team-a"},
                                   {"operator", ""},
                                   {"operator", "?account=team-a"}}) {
    const HttpAnswer answer = ground.as(who, route.method, path + query, route.body);
    INFO(describe(answer));
    CHECK(answer.status == 200);
  }
}

void check_create(Ground& ground, const Route& route) {
  const auto create = [&](const std::string& who, const std::string& query) {
    return ground.as(who, "POST", route.pattern + query,
                     harness::create_body({.name = "made", .profile = "instant"}));
  };
  CHECK(create("team-a", "").json()["account"].text() == "team-a");
  CHECK(create("default", "").json()["account"].text() == "default");
  CHECK(create("operator", "").json()["account"].text() == "default");
  CHECK(create("operator", "?account=team-b").json()["account"].text() == "team-b");
  CHECK(create("team-a", "?account=team-b").status == 403);
  CHECK(create("operator", "?account=Team+B").status == 400);
}

void check_list(Ground& ground, const Route& route) {
  const auto everything = ground.ids("operator", route.pattern);
  std::size_t of_all = 0;
  std::set<std::string> together;
  for (const std::string who : {"team-a", "team-b", "default"}) {
    const auto own = ground.ids(who, route.pattern);
    CHECK(!own.empty());
    CHECK(own == ground.ids("operator", route.pattern + "?account=" + who));
    of_all += own.size();
    together.insert(own.begin(), own.end());
  }
  CHECK(of_all == together.size());
  CHECK(together == everything);
  CHECK(ground.ids("reader", route.pattern) == ground.ids("team-a", route.pattern));
  CHECK(ground.ids("operator", route.pattern + "?account=nobody").empty());
  CHECK(ground.as("team-a", "GET", route.pattern + "?account=team-b").status == 403);
}

void check_bill(Ground& ground) {
  const auto cost = [&](const std::string& who, const std::string& query) {
    const HttpAnswer bill = ground.as(who, "GET", "/billing?to=2999-01-01T00:00:00Z" + query);
    INFO(describe(bill));
    REQUIRE(bill.status == 200);
    return bill.json()["total"]["rate_seconds"].integer();
  };
  CHECK(cost("operator", "&account=nobody") == 0);
  CHECK(cost("team-a", "") > 0);
  CHECK(cost("operator", "&account=team-a") >= cost("team-a", ""));
  CHECK(ground.as("team-a", "GET", "/billing?account=team-b").status == 403);
  const HttpAnswer grouped = ground.as("operator", "GET", "/billing?group_by=account");
  std::int64_t sum = 0;
  std::set<std::string> accounts;
  for (const Json& item : grouped.json()["items"].elements()) {
    accounts.insert(item["account"].text());
    sum += item["rate_seconds"].integer();
  }
  CHECK(accounts == std::set<std::string>{"default", "team-a", "team-b"});
  CHECK(sum == grouped.json()["total"]["rate_seconds"].integer());
  const HttpAnswer own = ground.as("team-a", "GET", "/billing?group_by=account");
  REQUIRE(own.json()["items"].size() == 1);
  CHECK(own.json()["items"].at(0)["account"].text() == "team-a");
}

/// Team a's pool, with a server that is ready.
void fill_warm_pool(Ground& ground) {
  const HttpAnswer set =
      ground.as("team-a", "PUT", "/warm-pools/ci",
                R"({"region":"us-east-1","type":"t2.micro","profile":"instant","target":1})");
  INFO(describe(set));
  REQUIRE(set.status == 200);
  CHECK(set.json()["account"].text() == "team-a");
  REQUIRE(eventually(
      [&] { return ground.as("team-a", "GET", "/warm-pools/ci").json()["ready"].integer() == 1; }));
}

/// The name is there in one account only: whoever is another's, or asks for another's, finds none.
void check_warm_pool(Ground& ground, const Route& route) {
  const auto path = filled(route.pattern, "{name}", "ci");
  const auto status = [&](const std::string& who, const std::string& query) {
    return ground.as(who, route.method, path + query, route.body).status;
  };
  if (route.method == "PUT") {  // makes it, for whoever asks
    const HttpAnswer of_b = ground.as("team-b", "PUT", "/warm-pools/theirs", route.body);
    CHECK(of_b.json()["account"].text() == "team-b");
    CHECK(ground.as("team-a", "GET", "/warm-pools/theirs").status == 404);
    CHECK(ground.as("operator", "DELETE", "/warm-pools/theirs?account=team-b").status == 200);
  } else {
    CHECK(status("team-b", "") == 404);
    CHECK(status("operator", "") == 404);  // the pools of his own account
    CHECK(status("operator", "?account=team-b") == 404);
  }
  CHECK(status("team-a", "?account=team-b") == 403);
  for (const auto& [who, query] :
       {std::pair<std::string, std::string>{"team-a", ""}, {"operator", "?account=team-a"}}) {
    fill_warm_pool(ground);
    CHECK(status(who, query) == 200);
  }
}

void check_warm_pools(Ground& ground, const Route& route) {
  fill_warm_pool(ground);
  const auto count = [&](const std::string& who, const std::string& query) {
    const HttpAnswer list = ground.as(who, "GET", route.pattern + query);
    INFO(describe(list));
    REQUIRE(list.status == 200);
    std::size_t pools = 0;
    for (const Json& pool : list.json()["items"].elements()) {
      pools += pool["name"].text() == "ci" ? 1 : 0;
    }
    return pools;
  };
  CHECK(count("team-a", "") == 1);
  CHECK(count("reader", "") == 1);
  CHECK(count("operator", "") == 1);
  CHECK(count("operator", "?account=team-a") == 1);
  CHECK(count("operator", "?account=team-b") == 0);
  CHECK(count("team-b", "") == 0);
  CHECK(ground.as("team-a", "GET", route.pattern + "?account=team-b").status == 403);
}

/// Only whose server it is gives it back, or an operator.
void check_assigned(Ground& ground, const Route& route) {
  const auto acquired = [&] {
    fill_warm_pool(ground);
    const HttpAnswer answer = ground.as("team-a", "POST", "/warm-pools/ci/acquire", "{}");
    INFO(describe(answer));
    REQUIRE(answer.status == 200);
    CHECK(answer.json()["account"].text() == "team-a");
    return answer.json()["id"].text();
  };
  const std::string id = acquired();
  ground.check_hidden("team-b", route, id);
  const auto path = filled(route.pattern, "{id}", id);
  CHECK(ground.as("operator", "POST", path + "?account=team-b", route.body).status == 404);
  CHECK(ground.as("team-a", "POST", path + "?account=team-b", route.body).status == 403);
  CHECK(ground.as("team-a", "POST", path, route.body).status == 200);
  const auto other = filled(route.pattern, "{id}", acquired());
  CHECK(ground.as("operator", "POST", other, route.body).status == 200);
}

void check_events(Ground& ground) {
  const auto servers = [&](const std::string& who, const std::string& query) {
    std::set<std::string> ids;
    const HttpAnswer page = ground.as(who, "GET", "/events?limit=200" + query);
    INFO(describe(page));
    REQUIRE(page.status == 200);
    for (const Json& event : page.json()["items"].elements()) {
      ids.insert(event["server_id"].is_null() ? "" : event["server_id"].text());
    }
    return ids;
  };
  for (const std::string who : {"team-a", "team-b", "default"}) {
    const auto own = servers(who, "");
    CHECK(own.contains(ground.servers[who]));
    CHECK(own == servers("operator", "&account=" + who));
    for (const auto& [other, server] : ground.servers) {
      CHECK(own.contains(server) == (other == who));
    }
  }
  CHECK(servers("reader", "") == servers("team-a", ""));
  CHECK(servers("operator", "&account=nobody").empty());
  CHECK(servers("operator", "").contains(""));
  CHECK(ground.as("team-a", "GET", "/events?account=team-b").status == 403);
}

void check_nobodys(Ground& ground, const Route& route) {
  const auto path =
      filled(filled(filled(route.pattern, "{region}", "us-east-1"), "{name}", "instant"), "{file}",
             "index.html");
  const auto status = [&](const std::string& who) {
    return ground.as(who, route.method, path, route.body).status;
  };
  CHECK(status("team-a") == status("team-b"));
  CHECK(status("team-a") == status("default"));
}

/// Types a stop in the name of the account; its operation once it is decided.
Json typed_stop(Ground& ground, const std::string& server, const std::string& account) {
  const auto before = ground.ids(account, "/operations");
  expect(0, ground.fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + server, R"({"type":"stop"})",
                                   "-H", "Vsim-Account:" + account}));
  Json operation;
  CHECK(eventually([&] {
    for (const std::string& id : ground.ids(account, "/operations")) {
      if (!before.contains(id)) {
        operation = ground.as(account, "GET", "/operations/" + id).json();
      }
    }
    return operation.has("status") && operation["status"].text() != "PENDING";
  }));
  return operation;
}

/// The worker decides by the name that a command bears, whoever sent it.
void check_typed(Ground& ground) {
  const std::string own = ground.servers["team-a"];
  for (const std::string account : {"team-b", "default"}) {
    const Json refused = typed_stop(ground, own, account);
    CHECK(refused["status"].text() == "REJECTED");
    CHECK(refused["code"].text() == "not_found");
    CHECK(refused["account"].text() == account);
    CHECK(ground.as("team-a", "GET", "/operations/" + refused["id"].text()).status == 404);
  }
  CHECK(typed_stop(ground, own, "team-a")["status"].text() == "SUCCEEDED");
}

/// A create in the queue.
void check_waiting(Ground& ground) {
  ::kill(ground.fleet.worker().pid(), SIGSTOP);
  const HttpAnswer waiting =
      ground.as("team-b", "POST", "/servers", harness::create_body({.profile = "instant"}),
                {{"Prefer", "respond-async"}});
  REQUIRE(waiting.status == 202);
  CHECK(waiting.json()["account"].text() == "team-b");
  const std::string to_come = waiting.json()["server_id"].text();
  const Route get{"GET", "/servers/{id}", About::server};
  const Route act{"POST", "/servers/{id}/action", About::server, R"({"action":"stop"})"};
  CHECK(ground.as("team-b", "GET", "/servers/" + to_come).json()["status"].text() == "PENDING");
  CHECK(ground.as("team-b", "POST", "/servers/" + to_come + "/action", act.body).status == 409);
  ground.check_hidden("team-a", get, to_come);
  ground.check_hidden("team-a", act, to_come);
  ground.check_hidden("team-a", {"GET", "/operations/{id}", About::operation},
                      waiting.json()["id"].text());
  ::kill(ground.fleet.worker().pid(), SIGCONT);
  CHECK(eventually([&] {
    return ground.as("team-b", "GET", "/servers/" + to_come).json()["status"].text() == "RUNNING";
  }));
}

/// A subject that has no server, only what became of a create.
void check_refused_create(Ground& ground) {
  const std::string nowhere = harness::random_uuid();
  expect(0, ground.fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + nowhere,
                                   R"({"type":"create","name":"x","instance_type":"none"})", "-H",
                                   "Vsim-Account:team-b"}));
  const Route logs{"GET", "/servers/{id}/logs", About::server};
  CHECK(eventually(
      [&] { return ground.as("team-b", "GET", "/servers/" + nowhere + "/logs").status == 200; }));
  ground.check_hidden("team-a", logs, nowhere);
}

}  // namespace

TEST_CASE("every route shows and changes what is of the caller's account, and an operator all") {
  Ground ground;
  std::set<std::string> listed;
  for (const Route& route : routes) {
    CAPTURE(route.method);
    CAPTURE(route.pattern);
    listed.insert(route.method + " " + route.pattern);
    switch (route.about) {
      case About::server: {
        // Each changes the server: it begins as it is asked for.
        const bool ends = route.method == "DELETE";
        const std::string own =
            ends ? ground.create("team-a", "ends").json()["id"].text() : ground.servers["team-a"];
        check_one(ground, route, own, ground.servers["team-b"]);
        break;
      }
      case About::operation:
        check_one(ground, route, ground.operations["team-a"], ground.operations["team-b"]);
        break;
      case About::create:
        check_create(ground, route);
        break;
      case About::list:
        check_list(ground, route);
        break;
      case About::warm_pools:
        check_warm_pools(ground, route);
        break;
      case About::warm_pool:
        check_warm_pool(ground, route);
        break;
      case About::assigned:
        check_assigned(ground, route);
        break;
      case About::bill:
        check_bill(ground);
        break;
      case About::events:
        check_events(ground);
        break;
      case About::nobody:
        check_nobodys(ground, route);
        break;
    }
  }
  const std::string metrics = ground.as("reader", "GET", "/metrics").body;
  CHECK_MESSAGE(e2e::served_routes(metrics) == listed, "a route is missing in the table above");
  const HttpAnswer untouched =
      ground.as("team-b", "GET", "/servers/" + ground.servers["team-b"] + "/logs");
  CHECK(untouched.json().size() == 1);  // not even a refusal
}

TEST_CASE("what is of another leaves no trace: repeats, tags, the past, typed commands, waiting") {
  Ground ground;
  const std::string theirs = ground.servers["team-b"];

  // The same key in two accounts makes two servers; in one it is a repeat.
  const HttpHeaders key = {{"Idempotency-Key", "order-7"}};
  const HttpAnswer made = ground.create("team-a", "keyed", "", key);
  const HttpAnswer of_b = ground.create("team-b", "keyed", "", key);
  CHECK(made.json()["id"].text() != of_b.json()["id"].text());
  CHECK(of_b.header("Idempotent-Replayed").empty());
  const HttpAnswer again = ground.create("operator", "keyed", "?account=team-a", key);
  CHECK(again.json()["id"].text() == made.json()["id"].text());
  CHECK(again.header("Idempotent-Replayed") == "true");

  // A tag that fits, a time of the past, a place in the log that is there: 404 all the same.
  expect(0, ground.fleet.vsimctl({"terminate", theirs, "--force", "--reason", "test", "--yes"}));
  const HttpAnswer ended = ground.as("team-b", "GET", "/servers/" + theirs);
  const HttpHeaders tag = {{"If-None-Match", ended.header("ETag")}};
  CHECK(ground.as("team-b", "GET", "/servers/" + theirs, "", tag).status == 304);
  const std::string past = "?at=" + ended.json()["created_at"].text();
  CHECK(ground.as("team-b", "GET", "/servers/" + theirs + past).status == 200);
  ground.check_hidden("team-a", {"GET", "/servers/{id}", About::server}, theirs, tag);
  ground.check_hidden("team-a", {"GET", "/servers/{id}" + past, About::server}, theirs);
  ground.check_hidden("team-a", {"DELETE", "/servers/{id}", About::server}, theirs,
                      {{"If-Match", ended.header("ETag")}, {"Idempotency-Key", "order-8"}});
  // The operator's command was in nobody's name: it is shown to whose server it was for.
  CHECK(ground.ids("team-b", "/operations?server_id=" + theirs).size() == 2);
  CHECK(ground.ids("team-a", "/operations?server_id=" + theirs).empty());

  check_typed(ground);
  check_waiting(ground);
  check_refused_create(ground);

  // All of it is what the log says.
  expect(0, ground.fleet.vsimctl({"verify"}));
  expect(0, ground.fleet.vsimctl({"rebuild", "--yes"}));
  CHECK(ground.as("team-b", "GET", "/servers").json()["total"].integer() ==
        static_cast<std::int64_t>(ground.ids("team-b", "/servers").size()));
  const auto keys = expect(0, ground.fleet.vsimctl({"keys", "list"}));
  CHECK(e2e::holds(keys, "team-a"));
}
