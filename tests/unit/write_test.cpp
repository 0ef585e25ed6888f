// Goal: a write goes to the subjects of what it is about, and its hash depends on what was asked
// and on nothing else. Method: writes to a server, a pool and the clock, made from requests as
// values.

#include "api/write.h"

#include <doctest/doctest.h>

#include "schema/messages/message_headers.h"
#include "schema/messages/request_hash.h"

using namespace vsim;
using namespace vsim::api;

namespace {

const Region us{"us-east-1"};
const Region eu{"eu-west-1"};
const ServerId server{Uuid::parse("0198c0de-0000-7000-8000-000000000001").value()};
const CommandId command{Uuid::parse("0198c0de-0000-7000-8000-000000000002").value()};

Write made(const Write& asked, const char* method, const char* path) {
  HttpRequest request;
  request.method = method;
  return make_write({.request = request, .request_id = "request", .parameter = {}, .actor = "key"},
                    asked, path);
}

Write stop(const Region& region, std::string match = {}) {
  Write asked{.terms = {},
              .region = region,
              .server = server,
              .type = "stop",
              .payload = R"({"type":"stop"})"};
  asked.terms.id = command;
  asked.terms.match = std::move(match);
  return made(asked, "POST", "/servers/S/action");
}

Write create(const Region& region) {
  return made({.terms = {},
               .region = region,
               .server = server,
               .type = "create",
               .payload = R"({"type":"create"})"},
              "POST", "/servers");
}

/// What `scope` makes of Vsim-Account.
std::string account_told(const Scope& scope, std::string type) {
  HttpRequest request;
  request.method = "POST";
  const Write write = make_write({.request = request,
                                  .request_id = "request",
                                  .parameter = {},
                                  .actor = "key",
                                  .scope = scope},
                                 {.terms = {},
                                  .region = us,
                                  .server = server,
                                  .type = std::move(type),
                                  .payload = "{}",
                                  .account = scope.own},
                                 "/servers");
  return std::string(eventstore::find_header(headers_of(write, "", {}), "Vsim-Account"));
}

std::string header(const Write& write, std::string_view name) {
  return std::string(eventstore::find_header(headers_of(write, "", {}), name));
}

}  // namespace

TEST_CASE("a write to a server, a pool or the clock goes to the subjects of that") {
  const std::string id = server.to_string();
  CHECK(command_subject(stop(us)) == "vsim.cmd.us-east-1." + id);
  CHECK(waiting_filter(us, server, "stop") == "vsim.cmd.*." + id);
  CHECK(outcome_filter(stop(us)) == "vsim.evt.server.*." + id);

  const Write extend{.terms = {}, .region = us, .type = "extend_pool", .payload = "{}"};
  CHECK(command_subject(extend) == "vsim.cmd.us-east-1._pool");
  CHECK(waiting_filter(us, std::nullopt, "extend_pool") == "vsim.cmd.us-east-1._pool");
  CHECK(waiting_filter(us, std::nullopt, "lift_incident") == "vsim.cmd.us-east-1._region");
  CHECK(outcome_filter(extend) == "vsim.evt.pool.us-east-1");

  const Write advance{.terms = {}, .region = Region{"_sim"}, .type = "advance", .payload = "{}"};
  CHECK(command_subject(advance) == "vsim.cmd._sim.clock");
  CHECK(waiting_filter(advance.region, std::nullopt, "advance") == "vsim.cmd._sim.clock");
  CHECK(outcome_filter(advance) == "vsim.evt.clock");
}

TEST_CASE("the hash of a create holds its region, that of another write does not") {
  CHECK(create(us).request_hash != create(eu).request_hash);
  CHECK(stop(us).request_hash == stop(eu).request_hash);
  CHECK(create(us).request_hash ==
        messages::request_hash("POST", "/servers", "us-east-1\n{\"type\":\"create\"}"));
  CHECK(stop(us).request_hash ==
        messages::request_hash("POST", "/servers/S/action", R"({"type":"stop"})"));
  CHECK(stop(us, "\"3\"").request_hash ==
        messages::request_hash("POST", "/servers/S/action", R"({"type":"stop"})", "\"3\""));
}

TEST_CASE("a command bears who asked for it, under which request, and on which versions") {
  Write write = stop(us, "\"3\"");
  write.terms.only_at = {3};
  namespace name = messages::header;
  CHECK(header(write, name::command_id) == command.to_string());
  CHECK(header(write, name::message_id) == command.to_string());
  CHECK(header(write, name::actor) == "key");
  CHECK(header(write, name::correlation_id) == "request");
  CHECK(header(write, name::request_hash) == write.request_hash);
  CHECK(header(write, name::if_match) == "\"3\"");
  CHECK(header(write, name::reply_to).empty());
  CHECK(is_another_request("other", write));
  CHECK_FALSE(is_another_request(write.request_hash, write));
  CHECK_FALSE(is_another_request("", write));
}

TEST_CASE(
    "a command is told in whose name it is; what always was of the default account is as it was") {
  const Scope of_team{.only = "team-a", .own = "team-a"};
  const Scope of_default{.only = "default", .own = "default"};
  const Scope of_operator{.only = std::nullopt, .own = "default"};
  CHECK(account_told(of_team, "create") == "team-a");
  CHECK(account_told(of_default, "create").empty());
  CHECK(account_told(of_operator, "create").empty());
  CHECK(account_told(of_team, "stop") == "team-a");
  CHECK(account_told(of_default, "stop") == "default");
  CHECK(account_told(of_operator, "stop").empty());
}
