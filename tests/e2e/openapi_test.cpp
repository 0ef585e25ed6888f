// Goal: /openapi.json is what the API does: the same routes both ways, and its examples work.
// Method: the routes that the API counts requests of are compared with the document's, and so are
// the states that a worker counts servers of; every example of a request is sent, and each answer
// has a documented status, type and the members that its schema requires.

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

struct Route {
  std::string method;  // in lower case, as the document has it
  std::string path;    // with its parameters in braces
  auto operator<=>(const Route&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Route& route) {
  return out << route.method << ' ' << route.path;
}

bool is_method(const std::string& name) {
  return std::set<std::string>{"get", "post", "put", "patch", "delete"}.contains(name);
}

std::set<Route> documented_routes(const Json& document) {
  std::set<Route> routes;
  for (const auto& [path, item] : document["paths"].members()) {
    for (const auto& [name, operation] : item.members()) {
      if (is_method(name)) {
        routes.insert({name, path});
      }
    }
  }
  return routes;
}

std::string label_of(const std::string& line, const std::string& name) {
  const std::string begin = name + "=\"";
  const auto from = line.find(begin) + begin.size();
  return line.substr(from, line.find('"', from) - from);
}

/// Every route has its counters from the start.
std::set<Route> served_routes(HttpClient& client) {
  std::set<Route> routes;
  std::istringstream lines(client.get("/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("vsim_http_requests_total{") && label_of(line, "route") != "none") {
      std::string method = label_of(line, "method");
      for (char& c : method) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
      routes.insert({method, label_of(line, "route")});
    }
  }
  return routes;
}

/// The states that a server can be in. Each has its count from the first look at Postgres on.
std::set<std::string> counted_states(const harness::Fleet& fleet) {
  std::set<std::string> states;
  std::istringstream lines(HttpClient(fleet.worker_port()).get("/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("vsim_servers{")) {
      states.insert(label_of(line, "status"));
    }
  }
  return states;
}

/// The words in capitals, which in a sentence are states.
std::set<std::string> states_in(const std::string& sentence) {
  std::set<std::string> states;
  std::string word;
  for (const char c : sentence + ".") {
    if (c >= 'A' && c <= 'Z') {
      word += c;
    } else if (!word.empty()) {
      states.insert(std::exchange(word, {}));
    }
  }
  return states;
}

/// Follows a "$ref" within the document.
const Json& resolved(const Json& document, const Json& node) {
  if (node.kind() != Json::Kind::object || !node.has("$ref")) {
    return node;
  }
  const Json* found = &document;
  std::istringstream names(node["$ref"].text().substr(2));
  for (std::string name; std::getline(names, name, '/');) {
    found = &(*found)[name];
  }
  return *found;
}

/// The members that the schema requires are there.
void check_members(const Json& document, const Json& schema, const Json& value) {
  const Json& rule = resolved(document, schema);
  if (rule.has("required")) {
    for (const Json& name : rule["required"].elements()) {
      CHECK_MESSAGE(value.has(name.text()), "the answer lacks ", name.text());
    }
  }
  if (rule.has("items") && value.size() > 0) {
    check_members(document, rule["items"], value.at(0));
  }
}

void check_answer(const Json& document, const Json& operation, const HttpAnswer& answer) {
  CAPTURE(describe(answer));
  const std::string status = std::to_string(answer.status);
  REQUIRE_MESSAGE(operation["responses"].has(status), "the status is not documented");
  const Json& response = resolved(document, operation["responses"][status]);
  for (const auto& [name, header] : response["headers"].members()) {
    const bool optional =
        name == "Preference-Applied" || name == "Idempotent-Replayed" || name == "Retry-After" ||
        (name == "Location" && answer.status == 409);  // of what has been superseded
    CHECK_MESSAGE((optional || !answer.header(name).empty()), "the answer lacks the header ", name);
  }
  if (!response.has("content")) {
    CHECK(answer.body.empty());
    return;
  }
  const std::string type = answer.header("Content-Type");
  const std::string plain = type.substr(0, type.find(';'));
  REQUIRE_MESSAGE(response["content"].has(plain), "the type is not documented");
  if (plain.ends_with("json")) {
    check_members(document, response["content"][plain]["schema"], Json::parse(answer.body));
  }
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

/// The JSON as text again.
std::string written(const Json& json) {
  switch (json.kind()) {
    case Json::Kind::object: {
      std::string text;
      for (const auto& [name, value] : json.members()) {
        text += (text.empty() ? "" : ",") + harness::json_quoted(name) + ":" + written(value);
      }
      return "{" + text + "}";
    }
    case Json::Kind::array: {
      std::string text;
      for (const Json& element : json.elements()) {
        text += (text.empty() ? "" : ",") + written(element);
      }
      return "[" + text + "]";
    }
    case Json::Kind::text:
      return harness::json_quoted(json.text());
    case Json::Kind::boolean:
      return json.boolean() ? "true" : "false";
    case Json::Kind::real:
      return std::to_string(json.number());
    case Json::Kind::integer:
      return std::to_string(json.integer());
    default:
      throw std::runtime_error("examples of requests hold no null");
  }
}

/// The one example, or each of the named ones.
std::vector<Json> examples_of(const Json& described) {
  if (described.has("example")) {
    return {described["example"]};
  }
  std::vector<Json> examples;
  if (described.has("examples")) {
    for (const auto& [name, example] : described["examples"].members()) {
      examples.push_back(example["value"]);
    }
  }
  return examples;
}

/// The parameters of the query string with their first examples. Those of most stand in the schema,
/// where Swagger UI does not take them for what is to be sent.
std::string example_query(const Json& document, const Json& operation) {
  std::string query;
  const auto add = [&query](const std::string& name, const std::string& value) {
    query += (query.empty() ? "?" : "&") + name + "=" + value;
  };
  if (!operation.has("parameters")) {
    return query;
  }
  for (const Json& one : operation["parameters"].elements()) {
    const Json& parameter = resolved(document, one);
    const Json& schema = parameter["schema"];
    if (parameter["in"].text() != "query") {
      continue;
    }
    if (schema.has("examples")) {
      add(parameter["name"].text(), schema["examples"].at(0).text());
    }
    for (const Json& example : examples_of(parameter)) {
      for (const auto& [name, value] : example.members()) {
        add(name, value.text());
      }
    }
  }
  return query;
}

/// What the example path needs: one server, the operation that made it.
struct Ground {
  harness::Fleet fleet{{.settings = {{"SWAGGER_DIR", harness::swagger_dir()}}}};
  HttpClient client = fleet.client();
  Json document = Json::parse(client.get("/openapi.json").body);
  std::string operation = random_operation();
  std::string server;

  std::string random_operation() {
    const HttpAnswer accepted =
        client.post("/servers", harness::create_body(), {{"Prefer", "respond-async"}});
    return accepted.json()["id"].text();
  }
  std::string new_server() {
    return harness::create_server(client, {.profile = "instant"})["id"].text();
  }
  HttpAnswer send(const Route& route, const std::string& body) {
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return client.request(method, path_of(route), body, {{"Content-Type", "application/json"}});
  }
  /// A pool with a server that is ready; the path of what is asked of it.
  std::string warm_pool(const std::string& path) {
    const std::string pool = "/warm-pools/ci";
    client.request("PUT", pool,
                   R"({"region":"us-east-1","type":"t2.micro","profile":"instant","target":2})",
                   {{"Content-Type", "application/json"}});
    harness::eventually([&] { return client.get(pool).json()["ready"].integer() > 0; });
    return replaced(path, "{name}", "ci");
  }
  std::string acquired_server() {
    return client.post(warm_pool("/warm-pools/{name}/acquire"), "{}").json()["id"].text();
  }
  /// Of /events a page: a stream has no end.
  HttpAnswer get(const std::string& path) {
    return client.get(path, {{"Accept", "application/json"}});
  }
  std::string path_of(const Route& route) {
    if (route.path.starts_with("/warm-pools/")) {
      return warm_pool(route.path);
    }
    if (route.path == "/servers/{id}/release") {
      return replaced(route.path, "{id}", acquired_server());
    }
    // What goes wrong there shall not befall the servers of the other examples.
    const bool troubles = route.path.find("/incident") != std::string::npos;
    std::string path = replaced(route.path, "{region}", troubles ? "eu-west-1" : "us-east-1");
    path = replaced(path, "{name}", "instant");
    path = replaced(path, "{file}", "index.html");
    if (route.method == "delete" && troubles) {
      client.request("PUT", path, R"({"delay_factor":2})", {{"Content-Type", "application/json"}});
    }
    return replaced(path, "{id}", path.starts_with("/operations") ? operation : new_server());
  }
};

}  // namespace

TEST_CASE("router and document name the same routes") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const HttpAnswer answer = client.get("/openapi.json");
  REQUIRE_MESSAGE(answer.status == 200, describe(answer));
  CHECK(answer.json()["openapi"].text() == "3.1.0");
  const auto documented = documented_routes(answer.json());
  const auto served = served_routes(client);
  for (const Route& route : served) {
    CAPTURE(route);
    CHECK_MESSAGE(documented.contains(route), "not in the document");
  }
  for (const Route& route : documented) {
    CAPTURE(route);
    CHECK_MESSAGE(served.contains(route), "not served");
  }
}

TEST_CASE("document and refusal of a wrong state name the states that there are") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  REQUIRE(harness::eventually([&] { return !counted_states(fleet).empty(); }));
  const auto states = counted_states(fleet);
  std::set<std::string> documented;
  const Json document = client.get("/openapi.json").json();
  for (const Json& state : document["components"]["schemas"]["Status"]["enum"].elements()) {
    documented.insert(state.text());
  }
  CHECK(documented == states);
  const HttpAnswer refused = client.get("/servers?status=no_such_state");
  REQUIRE_MESSAGE(refused.status == 400, describe(refused));
  CHECK(states_in(refused.json()["detail"].text()) == states);
}

TEST_CASE("each request and each answer has an example, with what its schema requires") {
  harness::Fleet fleet;
  const Json document = fleet.client().get("/openapi.json").json();
  const auto check = [&](const Json& content) {
    for (const auto& [type, body] : content.members()) {
      CAPTURE(type);
      const std::vector<Json> examples = examples_of(body);
      CHECK((type.starts_with("image/") || !examples.empty()));
      for (const Json& example : examples) {
        check_members(document, body["schema"], example);
      }
    }
  };
  for (const Route& route : documented_routes(document)) {
    CAPTURE(route);
    const Json& operation = document["paths"][route.path][route.method];
    if (operation.has("requestBody")) {
      check(operation["requestBody"]["content"]);
    }
    for (const auto& [status, named] : operation["responses"].members()) {
      CAPTURE(status);
      if (const Json& response = resolved(document, named); response.has("content")) {
        check(response["content"]);
      }
    }
  }
}

TEST_CASE("every example of a request works, and is answered as documented") {
  Ground ground;
  for (const Route& route : documented_routes(ground.document)) {
    CAPTURE(route);
    const Json& operation = ground.document["paths"][route.path][route.method];
    std::vector<HttpAnswer> answers;
    if (operation.has("requestBody")) {
      const Json& body = operation["requestBody"]["content"]["application/json"];
      for (const Json& example : examples_of(body)) {
        answers.push_back(ground.send(route, written(example)));
      }
    } else if (route.method == "delete") {
      answers.push_back(ground.client.del(ground.path_of(route)));
    } else {
      answers.push_back(ground.get(ground.path_of(route)));
    }
    CHECK(!answers.empty());
    for (const HttpAnswer& answer : answers) {
      CHECK_MESSAGE(answer.status < 300, describe(answer));
      check_answer(ground.document, operation, answer);
    }
  }
}

TEST_CASE("query parameters with their examples are taken, and others are refused") {
  Ground ground;
  for (const Route& route : documented_routes(ground.document)) {
    if (route.method != "get") {
      continue;
    }
    CAPTURE(route);
    const Json& operation = ground.document["paths"][route.path]["get"];
    const std::string path = ground.path_of(route);
    const std::string query = example_query(ground.document, operation);
    CAPTURE(query);
    const HttpAnswer answer = ground.get(path + query);
    CHECK_MESSAGE(answer.status == 200, describe(answer));
    check_answer(ground.document, operation, answer);
    // Files take any query, as servers of files do.
    const bool is_file = route.path.ends_with("{file}") || route.path == "/console/" ||
                         route.path == "/openapi.json";
    if (operation["responses"].has("400") && !is_file) {
      const HttpAnswer refused = ground.client.get(path + "?no_such_parameter=1");
      CHECK_MESSAGE(refused.status == 400, describe(refused));
      check_answer(ground.document, operation, refused);
    }
  }
}

TEST_CASE("who has no key, or too small a role, is refused as documented") {
  Ground ground;
  const harness::HttpHeaders reader = {
      {"Authorization", "Bearer " + ground.fleet.add_key("r", "reader")},
      {"Accept", "application/json"}};  // of /events a page: a stream has no end
  REQUIRE(harness::eventually([&] { return ground.client.get("/types").status == 401; }));
  for (const Route& route : documented_routes(ground.document)) {
    CAPTURE(route);
    const Json& operation = ground.document["paths"][route.path][route.method];
    const bool open = operation.has("security") && operation["security"].size() == 0;
    const std::string path =
        replaced(replaced(route.path, "{id}", ground.operation), "{file}", "x");
    std::string method = route.method;
    for (char& c : method) {
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    const HttpAnswer refused = ground.client.request(method, path);
    CHECK_MESSAGE((refused.status == 401) == !open, describe(refused));
    check_answer(ground.document, operation, refused);
    const bool greater = operation.has("security") && !open;  // than the reader that all name
    const HttpAnswer lesser = ground.client.request(method, path, "", reader);
    CHECK_MESSAGE((lesser.status == 403) == greater, describe(lesser));
    if (greater) {
      check_answer(ground.document, operation, lesser);
    }
  }
}

TEST_CASE("problems are documents of the documented kind") {
  Ground ground;
  const std::string id = ground.new_server();
  const std::string path = "/servers/" + id + "/action";
  const Json& acting = ground.document["paths"]["/servers/{id}/action"]["post"];
  const Json& creating = ground.document["paths"]["/servers"]["post"];
  check_answer(ground.document, acting, act(ground.client, id, "start"));
  check_answer(ground.document, acting, act(ground.client, id, "explode"));
  check_answer(ground.document, acting, act(ground.client, id, "stop", {{"If-Match", "\"99\""}}));
  check_answer(ground.document, acting, act(ground.client, harness::random_uuid(), "stop"));
  check_answer(ground.document, acting,
               ground.client.post(path, "{}", {{"Content-Type", "text/plain"}}));
  check_answer(ground.document, acting, ground.client.post(path, std::string(70'000, ' ')));
  check_answer(ground.document, creating,
               ground.client.post("/servers", harness::create_body({.region = "mars-1"})));
  check_answer(
      ground.document, creating,
      ground.client.post("/servers", harness::create_body(), {{"Prefer", "respond-async"}}));
  check_answer(ground.document, ground.document["paths"]["/servers/{id}"]["get"],
               ground.client.get("/servers/" + id, {{"If-None-Match", "*"}}));
}
