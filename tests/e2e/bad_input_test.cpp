// Goal: every bad request gets its 4xx, with a detail that says what to change; never a 500, never
// a dropped connection.
// Method: one row a request: what is sent, the status and code that must come. After every row the
// same connection, or a new one where the server said so, must still serve.

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;

namespace {

struct Row {
  std::string what;
  std::string method;
  std::string path;
  std::string body;
  int status;
  std::string code;
  HttpHeaders headers = {};
};

const std::string unknown_id = "00000000-0000-4000-8000-000000000000";

void check_problem(const HttpAnswer& answer, int status, const std::string& code) {
  CHECK_MESSAGE(answer.status == status, describe(answer));
  CHECK_MESSAGE(answer.header("Content-Type").find("application/problem+json") == 0,
                answer.header("Content-Type"));
  const harness::Json problem = answer.json();
  CHECK_MESSAGE(problem["code"].text() == code, describe(answer));
  CHECK(problem["status"].integer() == status);
  CHECK_FALSE(problem["title"].text().empty());
  CHECK_FALSE(problem["type"].text().empty());
  CHECK_MESSAGE(problem["detail"].text().size() > 10, describe(answer));
  CHECK(problem["request_id"].text() == answer.header("X-Request-Id"));
}

void check_rows(harness::Fleet& fleet, const std::vector<Row>& rows) {
  HttpClient client = fleet.client();
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const HttpAnswer answer = client.request(row.method, row.path, row.body, row.headers);
    check_problem(answer, row.status, row.code);
    CHECK(client.get("/healthz").status == 200);
  }
}

std::string create_with(const std::string& members) {
  return R"({"name":"n","region":"us-east-1","type":"t2.micro")" + members + "}";
}

/// A create whose body has exactly this many bytes, most of them blanks.
std::string create_of_size(std::size_t bytes) {
  const std::string body = create_with("");
  return body + std::string(bytes - body.size(), ' ');
}

harness::Fleet& fleet() {
  static harness::Fleet shared;
  return shared;
}

}  // namespace

TEST_CASE("bodies of creates that are malformed, of wrong types or out of range are refused") {
  const std::string name_128(128, 'n');
  const auto named = [](const std::string& name) {
    return R"({"name":)" + harness::json_quoted(name) +
           R"(,"region":"us-east-1","type":"t2.micro"})";
  };
  const auto bad = [](const std::string& what, const std::string& body) {
    return Row{what, "POST", "/servers", body, 400, "invalid_request"};
  };
  check_rows(
      fleet(),
      {
          bad("no JSON", "create a server"),
          bad("half an object", R"({"name":"n","region":)"),
          bad("two objects", create_with("") + create_with("")),
          bad("an array", "[]"),
          bad("a text", "\"create\""),
          bad("null", "null"),
          bad("nothing but blanks", "   "),
          bad("deep nesting", std::string(10'000, '[')),
          bad("a broken escape", named("x").insert(10, "\\q")),
          bad("no UTF-8", R"({"name":")"
                          "\xff\xfe"
                          R"(","region":"us-east-1","type":"t2.micro"})"),
          bad("no name", R"({"region":"us-east-1","type":"t2.micro"})"),
          bad("no region", R"({"name":"n","type":"t2.micro"})"),
          bad("no type", R"({"name":"n","region":"us-east-1"})"),
          bad("a number as name", R"({"name":7,"region":"us-east-1","type":"t2.micro"})"),
          bad("null as name", R"({"name":null,"region":"us-east-1","type":"t2.micro"})"),
          bad("a list as region", R"({"name":"n","region":[],"type":"t2.micro"})"),
          bad("an object as type", R"({"name":"n","region":"us-east-1","type":{}})"),
          bad("an empty name", named("")),
          bad("a name of 129 characters", named(name_128 + "n")),
          bad("a line break in the name", named("a\nb")),
          bad("a NUL in the name", R"({"name":"a\u0000b","region":"us-east-1","type":"t2.micro"})"),
          bad("an escape sequence in the name", named("a\x1b[31mb")),
          bad("a number as profile", create_with(R"(,"profile":1)")),
          bad("a list as tags", create_with(R"(,"tags":["a"])")),
          bad("a number as tag", create_with(R"(,"tags":{"a":1})")),
          bad("a negative idle timeout", create_with(R"(,"idle_timeout_seconds":-1)")),
          bad("a fraction as idle timeout", create_with(R"(,"idle_timeout_seconds":1.5)")),
          bad("a negative lease", create_with(R"(,"lease_seconds":-1)")),
          bad("a fraction as lease", create_with(R"(,"lease_seconds":1.5)")),
          bad("a lease beyond all limits", create_with(R"(,"lease_seconds":315360001)")),
          bad("an endless idle timeout", create_with(R"(,"idle_timeout_seconds":1e300)")),
      });
  HttpClient client = fleet().client();
  const HttpAnswer longest = client.post("/servers", named(name_128));
  CHECK_MESSAGE(longest.status == 201, describe(longest));
  // 128 characters, not bytes.
  std::string umlauts;
  for (int i = 0; i < 128; ++i) {
    umlauts += "\u00fc";
  }
  CHECK(client.post("/servers", named(umlauts)).status == 201);
}

TEST_CASE("what is mistyped in a body or a query is refused with what was meant: issue 12, 9") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string action = "/servers/" + id + "/action";
  const std::string lease = "/servers/" + id + "/lease";
  const std::string pool = "/regions/us-east-1/addresses";
  struct Mistyped {
    std::string method;
    std::string path;
    std::string body;
    std::string expected;
  };
  for (const auto& [method, path, body, expected] : std::initializer_list<Mistyped>{
           {"POST", "/servers", create_with(R"(,"tag":{"team":"a"})"),
            R"("tag" is not known here; the nearest name is "tags")"},
           {"POST", "/server", create_with(R"(,"idle_timeout":60)"),
            R"(the nearest name is "idle_timeout_seconds")"},
           {"POST", "/servers", create_with(R"(,"Profile":"ec2")"),
            R"(the nearest name is "profile")"},
           {"POST", "/servers", create_with(R"(,"instance_type":"t2.small")"), "and not both"},
           {"POST", "/servers", create_with(R"(,"tags":{"team":"a","team":"b"})"),
            R"("team" is given twice)"},
           {"POST", "/servers", create_with(R"(,"name":"n")"), R"("name" is given twice)"},
           {"POST", action, R"({"action":"stop","force":true})", R"(there is only "action")"},
           {"POST", action, R"({"action":"stop","action":"start"})", R"("action" is given twice)"},
           {"POST", action, R"({"action":"extend_lease"})", "must be start, stop, reboot or"},
           {"POST", lease, R"({"lease_seconds":60})", R"(there is only "extend_seconds")"},
           {"POST", lease, R"({"extend_seconds":1,"extend_seconds":2})", "is given twice"},
           {"POST", lease, R"({"extend_seconds":0})", "must be 1 to 315360000"},
           {"POST", lease, R"({"extend_seconds":315360001})", "must be 1 to 315360000"},
           {"POST", lease, R"({"extend_seconds":"60"})", R"("extend_seconds")"},
           {"POST", lease, "{}", R"("extend_seconds")"},
           {"POST", pool, R"({"cidr":"10.0.0.0/24","region":"us-east-1"})", R"("region" is not)"},
           {"POST", pool, R"({"first":"10.0.0.1","lst":"10.0.0.9"})",
            R"(the nearest name is "last")"},
           {"POST", "/clock", R"({"advance":60})", R"(the nearest name is "advance_seconds")"},
           {"POST", "/clock", R"({"scale":1,"scale":2})", R"("scale" is given twice)"},
           {"POST", "/clock", R"({"scale":0.0000009})", "scale must be 0.000001 to 1000000"},
           {"POST", "/clock", R"({"scale":1e-308})", "scale must be 0.000001 to 1000000"},
           {"POST", "/clock?untill=settled", R"({"scale":1})", "there is nothing to give"},
           {"POST", "/servers?untl=settled", create_with(""), R"(the nearest name is "until")"},
           {"DELETE", "/servers/" + id + "?wait=1", "", "there are until, account"},
           {"GET", "/servers?regoin=us-east-1", "", R"(the nearest name is "region")"},
           {"GET", "/servers?tag=x", "", R"(the nearest name is "tag.KEY")"},
           {"GET", "/servers/" + id + "?At=x", "", R"(the nearest name is "at")"},
           {"GET", "/servers/" + id + "/logs?befor=1", "", R"(the nearest name is "before")"},
           {"GET", "/operations?server=" + id, "", R"(the nearest name is "server_id")"},
           {"GET", "/operations/" + id + "?x=1", "", "there are until, account"},
           {"GET", "/billing?form=x", "", R"(the nearest name is "from")"},
           {"GET", "/regions?x=1", "", R"(there is only "at")"},
           {"GET", "/types?x=1", "", "there is nothing to give"},
           {"GET", "/clock?x=1", "", "there is nothing to give"}}) {
    CAPTURE(path);
    CAPTURE(body);
    const HttpAnswer answer = client.request(method, path, body);
    check_problem(answer, 400, "invalid_request");
    CHECK_MESSAGE(answer.json()["detail"].text().find(expected) != std::string::npos,
                  harness::describe(answer));
  }
  CHECK(newest_version(client, id) == 1);
}

TEST_CASE("addresses that no server can have are in no pool: issue 12, 4") {
  HttpClient client = fleet().client();
  const std::string pool = "/regions/us-east-1/addresses";
  for (const char* body :
       {R"({"cidr":"0.0.0.0/24"})", R"({"cidr":"127.0.0.0/24"})", R"({"cidr":"127.0.0.1/32"})",
        R"({"cidr":"169.254.169.254/32"})", R"({"cidr":"224.0.0.0/24"})",
        R"({"cidr":"255.255.255.255/32"})", R"({"first":"126.255.255.255","last":"127.0.0.0"})",
        R"({"first":"223.255.255.255","last":"224.0.0.0"})"}) {
    CAPTURE(body);
    const HttpAnswer answer = client.post(pool, body);
    check_problem(answer, 400, "invalid_request");
    CHECK(answer.json()["detail"].text().find("no server can have") != std::string::npos);
  }
  for (const char* body :
       {R"({"cidr":"126.255.255.255/32"})", R"({"cidr":"128.0.0.0/32"})",
        R"({"first":"1.0.0.0","last":"1.0.0.0"})", R"({"cidr":"223.255.255.255/32"})"}) {
    CAPTURE(body);
    CHECK(client.post(pool, body).status == 200);
  }
}

TEST_CASE("what does not exist is refused with its code") {
  const auto create = [](const std::string& region, const std::string& type,
                         const std::string& profile) {
    return R"({"name":"n","region":")" + region + R"(","type":")" + type + R"(","profile":")" +
           profile + R"("})";
  };
  const std::string action = R"({"action":"stop"})";
  check_rows(fleet(),
             {
                 {"region", "POST", "/servers", create("mars-1", "t2.micro", "standard"), 422,
                  "unknown_region"},
                 {"type", "POST", "/servers", create("us-east-1", "m9.huge", "standard"), 422,
                  "unknown_type"},
                 {"profile", "POST", "/servers", create("us-east-1", "t2.micro", "slow"), 422,
                  "unknown_profile"},
                 {"server", "GET", "/servers/" + unknown_id, "", 404, "not_found"},
                 {"server's logs", "GET", "/servers/" + unknown_id + "/logs", "", 404, "not_found"},
                 {"server to stop", "POST", "/servers/" + unknown_id + "/action", action, 404,
                  "not_found"},
                 {"server to delete", "DELETE", "/servers/" + unknown_id, "", 404, "not_found"},
                 {"operation", "GET", "/operations/" + unknown_id, "", 404, "not_found"},
                 {"pool", "POST", "/regions/mars-1/addresses", R"({"cidr":"10.0.0.0/24"})", 422,
                  "unknown_region"},
                 {"path", "GET", "/nothing", "", 404, "not_found"},
                 {"root", "GET", "/", "", 404, "not_found"},
             });
}

TEST_CASE("ids, limits and filters that are malformed or out of range are refused") {
  const std::string servers = "/servers?";
  const std::string logs = "/servers/" + unknown_id + "/logs?";
  std::vector<Row> rows;
  for (const std::string& query : {servers + "limit=0",
                                   servers + "limit=201",
                                   servers + "limit=-1",
                                   servers + "limit=x",
                                   servers + "limit=",
                                   servers + "limit=99999999999999999999",
                                   servers + "limit=1.5",
                                   servers + "limit=05",
                                   servers + "limit=%205",
                                   servers + "limit=+5",
                                   servers + "limit=%2B5",
                                   servers + "offset=00",
                                   servers + "offset=-0",
                                   servers + "limit=5&limit=6",
                                   servers + "offset=-1",
                                   servers + "offset=x",
                                   servers + "cursor=nonsense",
                                   servers + "status=ASLEEP",
                                   servers + "name=%zz",
                                   servers + "name=%00",
                                   servers + "colour=red",
                                   logs + "limit=0",
                                   logs + "limit=1001",
                                   logs + "before=x",
                                   logs + "before=01",
                                   std::string("/operations?before=01"),
                                   std::string("/operations?limit=0"),
                                   std::string("/operations?limit=201"),
                                   std::string("/servers/17"),
                                   std::string("/servers/not-a-uuid"),
                                   "/servers/" + unknown_id + "0",
                                   std::string("/operations/17"),
                                   "/servers/" + std::string(36, 'g')}) {
    rows.push_back({query, "GET", query, "", 400, "invalid_request"});
  }
  for (const std::string& id : {std::string("17"), std::string("x.y"), std::string("*")}) {
    rows.push_back({"stop " + id, "POST", "/servers/" + id + "/action", R"({"action":"stop"})", 400,
                    "invalid_request"});
    rows.push_back({"delete " + id, "DELETE", "/servers/" + id, "", 400, "invalid_request"});
  }
  check_rows(fleet(), rows);
  HttpClient client = fleet().client();
  CHECK(client.get("/servers?limit=1").status == 200);
  CHECK(client.get("/servers?limit=200").status == 200);
}

TEST_CASE("bodies of actions and pool extensions are checked") {
  HttpClient client = fleet().client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string action = "/servers/" + id + "/action";
  const std::string pool = "/regions/us-east-1/addresses";
  std::vector<Row> rows;
  for (const char* body : {"", "{}", R"({"action":"explode"})", R"({"action":1})", R"(["stop"])",
                           R"({"action":"create"})", R"({"action":""})"}) {
    rows.push_back({std::string("action ") + body, "POST", action, body, 400, "invalid_request"});
  }
  for (const char* body :
       {"", "{}", R"({"cidr":"10.0.0.0"})", R"({"cidr":"10.0.0.0/33"})",
        R"({"cidr":"10.0.0.1/24"})", R"({"cidr":"300.0.0.0/24"})", R"({"cidr":"0.0.0.0/0"})",
        R"({"first":"10.0.0.9"})", R"({"first":"10.0.0.9","last":"10.0.0.1"})",
        R"({"cidr":"::1/128"})", R"({"cidr":7})", R"({"cidr":"10.0.0.0/012"})",
        R"({"cidr":"10.0.0.0/+24"})", R"({"cidr":"10.0.0.0/ 24"})", R"({"cidr":"10.0.00.0/24"})",
        R"({"first":"10.0.0.01","last":"10.0.0.9"})"}) {
    rows.push_back({std::string("pool ") + body, "POST", pool, body, 400, "invalid_request"});
  }
  check_rows(fleet(), rows);
  CHECK(newest_version(client, id) == 1);
}

TEST_CASE("waits and sequences that are no numbers in range are refused: issue 12, 4") {
  const std::string create = create_with("");
  const auto preferring = [](const std::string& value) { return HttpHeaders{{"Prefer", value}}; };
  const auto header = [](const std::string& name, const std::string& value) {
    return HttpHeaders{{name, value}};
  };
  check_rows(
      fleet(),
      {
          {"wait=61", "POST", "/servers", create, 400, "invalid_request", preferring("wait=61")},
          {"wait=-1", "POST", "/servers", create, 400, "invalid_request", preferring("wait=-1")},
          {"wait=010", "POST", "/servers", create, 400, "invalid_request", preferring("wait=010")},
          {"wait=+1", "POST", "/servers", create, 400, "invalid_request", preferring("wait=+1")},
          {"wait=-0", "POST", "/servers", create, 400, "invalid_request", preferring("wait=-0")},
          {"wait=x", "POST", "/servers", create, 400, "invalid_request", preferring("wait=x")},
          {"a sequence that is none", "GET", "/servers", "", 400, "invalid_request",
           header("Vsim-Min-Sequence", "yesterday")},
          {"a sequence with zeros in front", "GET", "/servers", "", 400, "invalid_request",
           header("Vsim-Min-Sequence", "EVENTS:01")},
          {"two sequences",
           "GET",
           "/servers",
           "",
           400,
           "invalid_request",
           {{"Vsim-Min-Sequence", "EVENTS:1"}, {"Vsim-Min-Sequence", "EVENTS:2"}}},
          {"an empty sequence", "GET", "/servers", "", 400, "invalid_request",
           header("Vsim-Min-Sequence", "")},
      });
}

TEST_CASE("wrong methods, content types and headers are refused") {
  const std::string create = create_with("");
  const HttpHeaders text = {{"Content-Type", "text/plain"}};
  const HttpHeaders form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto header = [](const std::string& name, const std::string& value) {
    return HttpHeaders{{name, value}};
  };
  check_rows(fleet(),
             {
                 {"PUT", "PUT", "/servers", create, 405, "method_not_allowed"},
                 {"PATCH", "PATCH", "/servers/" + unknown_id, create, 405, "method_not_allowed"},
                 {"DELETE of all", "DELETE", "/servers", "", 405, "method_not_allowed"},
                 {"GET of an action", "GET", "/servers/" + unknown_id + "/action", "", 405,
                  "method_not_allowed"},
                 {"POST to health", "POST", "/healthz", "{}", 405, "method_not_allowed"},
                 {"QUERY", "QUERY", "/servers?limit=5", "{}", 405, "method_not_allowed"},
                 {"a method in lower case", "get", "/servers", "", 405, "method_not_allowed"},
                 {"an unknown method at no path", "QUERY", "/nothing", "", 404, "not_found"},
                 {"text", "POST", "/servers", create, 415, "unsupported_media_type", text},
                 {"a form", "POST", "/servers", create, 415, "unsupported_media_type", form},
                 {"until=never", "POST", "/servers?until=never", create, 400, "invalid_request"},
                 {"a key too long", "POST", "/servers", create, 400, "invalid_request",
                  header("Idempotency-Key", std::string(256, 'k'))},
                 {"a key with a tab", "POST", "/servers", create, 400, "invalid_request",
                  header("Idempotency-Key", "a\tb")},
                 {"a key with one quote", "POST", "/servers", create, 400, "invalid_request",
                  header("Idempotency-Key", "\"a")},
                 {"two keys",
                  "POST",
                  "/servers",
                  create,
                  400,
                  "invalid_request",
                  {{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}}},
             });
  HttpClient client = fleet().client();
  CHECK(client.request("PUT", "/servers", "{}").header("Allow").find("POST") != std::string::npos);
  CHECK(client.post("/servers", create, {{"Content-Type", "application/json; charset=utf-8"}})
            .status == 201);
}

TEST_CASE("a body of 64 KiB is read, one byte more is 413") {
  HttpClient client = fleet().client();
  const HttpAnswer largest = client.post("/servers", create_of_size(64 * 1024));
  CHECK_MESSAGE(largest.status == 201, describe(largest));
  check_problem(client.post("/servers", create_of_size(64 * 1024 + 1)), 413, "payload_too_large");
  CHECK(fleet().client().get("/healthz").status == 200);
  check_problem(client.post("/servers", create_of_size(1024 * 1024)), 413, "payload_too_large");
  CHECK(fleet().client().get("/healthz").status == 200);
}

TEST_CASE("chunked bodies are read like others, and end at the same size") {
  HttpClient client = fleet().client();
  const std::string head =
      "POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  const std::string body = create_with(R"(,"profile":"instant")");
  const HttpAnswer two_chunks = client.raw(head + "5\r\n" + body.substr(0, 5) + "\r\n" + [&] {
    char size[16];
    std::snprintf(size, sizeof size, "%zx", body.size() - 5);
    return std::string(size);
  }() + "\r\n" + body.substr(5) + "\r\n0\r\n\r\n");
  CHECK_MESSAGE(two_chunks.status == 201, describe(two_chunks));

  const std::string chunk = "4000\r\n" + std::string(0x4000, ' ') + "\r\n";
  check_problem(fleet().client().raw(head + chunk + chunk + chunk + chunk + "1\r\n \r\n0\r\n\r\n"),
                413, "payload_too_large");
  CHECK(fleet().client().get("/healthz").status == 200);
}

TEST_CASE("bytes that are no HTTP do no harm, and a caller that leaves is not missed") {
  for (const char* bytes :
       {"hello\r\n\r\n", "GET\r\n\r\n", "\r\n\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET /servers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        "POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n"}) {
    CAPTURE(bytes);
    HttpClient client(fleet().api_port(), std::chrono::seconds(20));
    try {
      const HttpAnswer answer = client.raw(bytes);
      CHECK_MESSAGE(answer.status >= 400, describe(answer));
      CHECK_MESSAGE(answer.status < 500, describe(answer));
    } catch (const harness::Unreachable&) {
      // For what is no HTTP, closing the connection is an answer too.
    }
    CHECK(fleet().client().get("/healthz").status == 200);
  }
  {
    HttpClient leaves = fleet().client();
    leaves.send_only(
        "POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Content-Length: 5000\r\n\r\n{\"name\":");
  }
  const std::string long_header(100'000, 'h');
  try {
    const HttpAnswer answer = fleet().client().get("/servers", {{"X-Long", long_header}});
    CHECK_MESSAGE((answer.status >= 400 && answer.status < 500), describe(answer));
  } catch (const harness::Unreachable&) {
  }
  CHECK(fleet().client().get("/healthz").status == 200);
  CHECK(fleet().api().running());
}
