// Goal: the files of Swagger UI and of the console are served as a browser wants them, those and
// nothing else.
// Method: the files that the document lists are asked for, and names that are none of them, in the
// ways in which people try to get at other files; raw answers. A browser is in tests/browser.

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

harness::FleetOptions with_swagger() {
  return {.settings = {{"SWAGGER_DIR", harness::swagger_dir()}}};
}

Json listed_files(HttpClient& client) {
  const Json document = client.get("/openapi.json").json();
  return document["paths"]["/swagger/{file}"]["parameters"].at(0)["schema"]["enum"];
}

std::string type_of(const std::string& name) {
  const std::string suffix = name.substr(name.rfind('.'));
  if (suffix == ".png") {
    return "image/png";
  }
  return (suffix == ".js" ? "text/javascript" : "text/" + suffix.substr(1)) + "; charset=utf-8";
}

}  // namespace

TEST_CASE("each file that the document lists is served with its type, as it is on the disk") {
  harness::Fleet fleet(with_swagger());
  HttpClient client = fleet.client();
  for (const Json& file : listed_files(client).elements()) {
    CAPTURE(file.text());
    const HttpAnswer answer = client.get("/swagger/" + file.text());
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    CHECK(answer.header("Content-Type") == type_of(file.text()));
    CHECK(answer.header("X-Content-Type-Options") == "nosniff");
    const std::string policy = answer.header("Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none'; script-src 'self';"));
    CHECK(policy.find("unsafe") == std::string::npos);
    const std::string fetched = harness::read_file(harness::swagger_dir() + "/" + file.text());
    const std::string own =
        harness::read_file(harness::source_dir() + "/schema/http/swagger/" + file.text());
    CHECK(fetched.empty() != own.empty());
    CHECK(answer.body == fetched + own);
  }
}

TEST_CASE("who has a file gets 304, and the head alone when he asks for the head") {
  harness::Fleet fleet(with_swagger());
  HttpClient client = fleet.client();
  const std::string path = "/swagger/swagger-ui-bundle.js";
  const HttpAnswer whole = client.get(path);
  const std::string tag = whole.header("ETag");
  CHECK(tag.size() > 2);
  CHECK(whole.header("Cache-Control") == "no-cache");
  const HttpAnswer known = client.get(path, {{"If-None-Match", tag}});
  CHECK(known.status == 304);
  CHECK(known.body.empty());
  CHECK(known.header("ETag") == tag);
  CHECK(client.get(path, {{"If-None-Match", "\"another\""}}).status == 200);
  CHECK(client.get(path, {{"If-None-Match", "no tag"}}).status == 400);
  CHECK(client.get("/swagger/index.html").header("ETag") != tag);
  const HttpAnswer head = client.request("HEAD", path);
  CHECK(head.status == 200);
  CHECK(head.header("Content-Length") == std::to_string(whole.body.size()));
  CHECK(head.header("ETag") == tag);
}

TEST_CASE("other names and other methods find nothing") {
  harness::Fleet fleet(with_swagger());
  HttpClient client = fleet.client();
  for (const std::string path :
       {"/swagger", "/swagger/", "/swagger/pin", "/swagger/LICENSE", "/swagger/INDEX.HTML",
        "/swagger/index.html/", "/swagger/./index.html", "/swagger//index.html",
        "/swagger/../openapi.json", "/swagger/..", "/swagger/%2e%2e",
        "/swagger/..%2f..%2fREADME.md", "/swagger/%2e%2e%2fopenapi.json",
        "/swagger/..%5copenapi.json", "/swagger/%2fetc%2fpasswd", "//etc/passwd",
        "/swagger/index.html%00.js", "/swagger/swagger-ui-bundle.js.map"}) {
    CAPTURE(path);
    const HttpAnswer answer = client.get(path);
    CHECK_MESSAGE((answer.status == 404 || answer.status == 400), describe(answer));
    CHECK(answer.header("Content-Type") == "application/problem+json");
  }
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH"}) {
    CAPTURE(method);
    const HttpAnswer answer = client.request(method, "/swagger/index.html", "{}");
    CHECK_MESSAGE(answer.status == 405, describe(answer));
    CHECK(answer.header("Allow") == "GET, HEAD, OPTIONS");
  }
}

TEST_CASE("the console's page, scripts and style sheets are served, and nothing beside them") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const HttpAnswer page = client.get("/console/");
  REQUIRE_MESSAGE(page.status == 200, describe(page));
  CHECK(page.body == client.get("/console/index.html").body);
  CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.header("Content-Security-Policy").find("unsafe") == std::string::npos);
  for (const std::string name : {"app.js", "pages.js", "base.css"}) {
    CAPTURE(name);
    const HttpAnswer file = client.get("/console/" + name);
    CHECK(file.header("Content-Type") == type_of(name));
    CHECK(file.body == harness::read_file(harness::source_dir() + "/schema/http/console/" + name));
    CHECK(client.get("/console/" + name, {{"If-None-Match", file.header("ETag")}}).status == 304);
  }
  for (const std::string path :
       {"/console/README.md", "/console", "/console/%2e%2e%2fopenapi.json", "/console/start.js"}) {
    CHECK_MESSAGE(client.get(path).status == 404, path);
  }
}

TEST_CASE("an API without the files says so, and one with some of them missing does not start") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const HttpAnswer answer = client.get("/swagger/index.html");
  CHECK(answer.status == 404);
  CHECK(answer.code() == "not_found");
  CHECK(answer.json()["detail"].text().find("SWAGGER_DIR") != std::string::npos);

  const harness::ScratchDir folder("swagger");
  harness::ChildOptions child;
  child.argv = {harness::product_program("vsim-api")};
  child.environment = fleet.environment_of("api");
  child.environment["SWAGGER_DIR"] = folder.path();
  child.environment["HTTP_ADDR"] = "127.0.0.1:" + std::to_string(harness::free_port());
  const harness::Output output = harness::run_program(child);
  CHECK(output.ending.code == 2);
  CHECK(output.text.find("SWAGGER_DIR: " + folder.path()) != std::string::npos);
  CHECK(output.text.find("ops/up") != std::string::npos);
}
