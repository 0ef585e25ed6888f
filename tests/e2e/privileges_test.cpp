// Goal: each user of the broker and each role of Postgres can do what it needs, and no more.
// Method: one fleet without API and workers, so that nothing else acts. Tables of acts, each tried
// by the stock nats CLI or by SQL. What is refused must be refused by the broker's own words, and
// EVENTS must be afterwards what it was, settings included.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/child_process.h"
#include "tests/harness/database.h"
#include "tests/harness/fleet.h"
#include "tests/harness/json.h"

using harness::Fleet;
using harness::Output;

namespace {

struct Act {
  std::string user;
  std::string subject;  // a request to it
  std::string body = {};
};

const std::string server_id = "11111111-1111-4111-8111-111111111111";

Fleet& fleet() {
  static Fleet shared({.apis = 0, .workers = 0});
  return shared;
}

Output request(const Act& act, const std::string& wait_max = "1s") {
  return fleet().nats_cli_as(
      act.user, {"req", act.subject, act.body, "--raw", "--no-context", "--timeout=" + wait_max});
}

bool refused(const std::string& user, const std::string& what, const std::string& subject) {
  const std::string log = harness::read_file(fleet().nats().log_path());
  return log.find(fmt::format("user:{}\" - {} Violation - Subject \"{}\"", user, what, subject)) !=
         std::string::npos;
}

// Everything about EVENTS that an act could change: settings, ends, number of messages.
std::string state_of_events() {
  const Output info = fleet().nats_cli_as("admin", {"stream", "info", "EVENTS", "--json"});
  REQUIRE_MESSAGE(info.ending.clean(), info.text);
  const auto json = harness::Json::parse(info.text);
  return fmt::format("{} {} {} {}", info.text.substr(0, info.text.find("\"created\"")),
                     json["state"]["first_seq"].integer(), json["state"]["last_seq"].integer(),
                     json["state"]["messages"].integer());
}

std::string stream_config(const std::string& name, const std::string& more) {
  return fmt::format(R"({{"name":"{}","retention":"limits","storage":"file"{}}})", name, more);
}

const std::string republishing =
    R"(,"subjects":["side.>"],"republish":{"src":"side.>","dest":"vsim.evt.>"})";

const std::vector<Act> forbidden = {
    {"api", "vsim.evt.server.us-east-1." + server_id, "{}"},
    {"api", "vsim.evt.clock", "{}"},
    {"api", "vsim.evt.faults", "{}"},
    {"api", "vsim.evt.region.us-east-1", "{}"},
    {"api", "vsim.report.other", "{}"},
    {"api", "vsim.journal.us-east-1." + server_id, "{}"},
    {"api", "vsim.dlq._other", "{}"},
    {"api", "_INBOX_operator.x", "{}"},
    {"api", "$JS.API.STREAM.PURGE.COMMANDS"},
    {"api", "$JS.API.STREAM.PURGE.EVENTS"},
    {"api", "$JS.API.STREAM.DELETE.EVENTS"},
    {"api", "$JS.API.STREAM.MSG.DELETE.EVENTS", R"({"seq":1})"},
    {"api", "$JS.API.STREAM.UPDATE.COMMANDS", stream_config("COMMANDS", republishing)},
    {"api", "$JS.API.STREAM.CREATE.SIDE", stream_config("SIDE", republishing)},
    {"api", "$JS.API.CONSUMER.CREATE.EVENTS.x", "{}"},
    {"api", "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.commands", "{}"},
    {"api", "$JS.ACK.COMMANDS.commands.1.1.1.1.0", "+ACK"},

    {"worker", "$JS.API.STREAM.PURGE.EVENTS"},
    {"worker", "$JS.API.STREAM.DELETE.EVENTS"},
    {"worker", "$JS.API.STREAM.MSG.DELETE.EVENTS", R"({"seq":1})"},
    {"worker", "$JS.API.STREAM.UPDATE.EVENTS", stream_config("EVENTS", R"(,"max_msgs":1)")},
    {"worker", "$JS.API.STREAM.RESTORE.EVENTS", "{}"},
    {"worker", "$JS.API.STREAM.CREATE.SIDE", stream_config("SIDE", republishing)},
    {"worker", "$JS.API.STREAM.PURGE.COMMANDS"},
    {"worker", "$JS.API.STREAM.DELETE.COMMANDS"},
    {"worker", "$JS.API.CONSUMER.DELETE.COMMANDS.commands"},
    {"worker", "vsim.cmd.us-east-1.a.b", "{}"},

    {"operator", "vsim.evt.server.us-east-1." + server_id, "{}"},
    {"operator", "vsim.evt.clock", "{}"},
    {"operator", "vsim.evt.faults", "{}"},
    {"operator", "vsim.evt.region.us-east-1", "{}"},
    {"operator", "vsim.report.clock", "{}"},
    {"operator", "vsim.journal.us-east-1." + server_id, "{}"},
    {"operator", "$JS.API.STREAM.PURGE.EVENTS"},
    {"operator", "$JS.API.STREAM.DELETE.EVENTS"},
    {"operator", "$JS.API.STREAM.MSG.DELETE.EVENTS", R"({"seq":1})"},
    {"operator", "$JS.API.STREAM.UPDATE.EVENTS",
     stream_config("EVENTS", R"(,"max_age":1000000000)")},
    {"operator", "$JS.API.STREAM.RESTORE.EVENTS", "{}"},
    {"operator", "$JS.API.STREAM.RESTORE.SIDE", "{}"},
    {"operator", "$JS.API.STREAM.CREATE.EVENTS", stream_config("EVENTS", "")},
    {"operator", "$JS.API.STREAM.CREATE.SIDE", stream_config("SIDE", republishing)},
    {"operator", "$JS.API.STREAM.UPDATE.DEAD_LETTERS",
     stream_config("DEAD_LETTERS", R"(,"republish":{"src":"vsim.dlq.>","dest":"vsim.evt.>"})")},
    {"operator", "$JS.API.STREAM.DELETE.COMMANDS"},
    {"operator", "$JS.API.CONSUMER.DELETE.COMMANDS.commands"},
};

const std::vector<Act> allowed = {
    {"api", "vsim.cmd.us-east-1." + server_id, R"({"type":"stop"})"},
    {"api", "vsim.cmd._sim.faults", R"({"type":"lift_faults"})"},
    {"api", "vsim.cmd.us-east-1._region", R"({"type":"lift_incident"})"},
    {"api", "$JS.API.STREAM.INFO.EVENTS"},
    {"api", "$JS.API.CONSUMER.INFO.COMMANDS.commands"},
    {"api", "$JS.API.DIRECT.GET.EVENTS", R"({"last_by_subj":"vsim.evt.clock"})"},
    {"api", "$JS.API.DIRECT.GET.COMMANDS", R"({"last_by_subj":"vsim.cmd.>"})"},

    {"worker", "vsim.cmd.eu-west-1." + server_id, R"({"type":"retire"})"},
    {"worker", "$JS.API.STREAM.INFO.COMMANDS"},
    {"worker", "$JS.API.DIRECT.GET.EVENTS", R"({"last_by_subj":"vsim.evt.clock"})"},
    {"worker", "$JS.API.STREAM.MSG.DELETE.COMMANDS", R"({"seq":1})"},
    {"worker", "vsim.dlq._other", "what nobody could read"},

    {"operator", "vsim.cmd.us-east-1." + server_id, R"({"type":"stop"})"},
    {"operator", "$JS.API.STREAM.PURGE.COMMANDS"},
    {"operator", "$JS.API.STREAM.MSG.DELETE.DEAD_LETTERS", R"({"seq":1})"},
    {"operator", "$JS.API.CONSUMER.PAUSE.COMMANDS.commands",
     R"({"pause_until":"2100-01-01T00:00:00Z"})"},
    {"operator", "$JS.API.CONSUMER.PAUSE.COMMANDS.commands", "{}"},
    {"operator", "$JS.API.STREAM.MSG.GET.EVENTS", R"({"seq":1})"},
    {"operator", "$JS.API.STREAM.LIST"},

    {"admin", "$JS.API.STREAM.CREATE.SIDE", stream_config("SIDE", R"(,"subjects":["side.>"])")},
    {"admin", "$JS.API.STREAM.DELETE.SIDE"},
};

struct Ear {
  std::string user;
  std::string subject;
  bool may = false;
};

const std::vector<Ear> ears = {
    {"api", "_INBOX_api.x", true},
    {"api", "_INBOX_operator.>"},
    {"api", "_INBOX_worker.>"},
    {"api", "_INBOX.>"},
    {"api", "vsim.cmd.>"},
    {"api", ">"},
    {"worker", "_INBOX_worker.x", true},
    {"worker", "_INBOX_api.>"},
    {"worker", "_INBOX_operator.>"},
    {"worker", "vsim.cmd.>"},
    {"worker", ">"},
    {"operator", "_INBOX.x", true},
    {"operator", "_INBOX_operator.x", true},
    {"operator", "vsim.cmd.>", true},
    {"operator", "$JS.EVENT.ADVISORY.>", true},
    {"operator", "_INBOX_api.>"},
    {"operator", "_INBOX_worker.>"},
    {"operator", "vsim.evt.>"},
    {"operator", ">"},
};

}  // namespace

TEST_CASE("what a user of the broker does not need is refused, and EVENTS stays as it was") {
  const std::string before = state_of_events();
  for (const Act& act : forbidden) {
    CAPTURE(act.user);
    CAPTURE(act.subject);
    const Output answer = request(act, "300ms");
    CHECK_MESSAGE(answer.text.find("{\"") == std::string::npos, answer.text);  // no answer
    CHECK(refused(act.user, "Publish", act.subject));
  }
  CHECK(state_of_events() == before);
  CHECK(fleet().nats_cli_as("admin", {"stream", "info", "SIDE"}).ending.code != 0);
}

TEST_CASE("what a user of the broker needs is allowed") {
  for (const Act& act : allowed) {
    CAPTURE(act.user);
    CAPTURE(act.subject);
    const Output answer = request(act);
    CHECK_MESSAGE(answer.ending.clean(), answer.text);
    CHECK_MESSAGE(answer.text.find("\"error\"") == std::string::npos, answer.text);
    CHECK_FALSE(refused(act.user, "Publish", act.subject));
  }
}

TEST_CASE("nobody listens to what is meant for another") {
  for (const Ear& ear : ears) {
    CAPTURE(ear.user);
    CAPTURE(ear.subject);
    fleet().nats_cli_as(ear.user, {"sub", ear.subject, "--wait=300ms"});
    CHECK(refused(ear.user, "Subscription", ear.subject) == !ear.may);
  }
}

TEST_CASE("the API writes no event by naming the log as the place for the broker's answer") {
  const std::string before = state_of_events();
  const std::string log = "--reply=vsim.evt.server.us-east-1." + server_id;
  for (const Act& act : std::vector<Act>{
           {"api", "vsim.cmd.us-east-1." + server_id, R"({"type":"stop"})"},
           {"api", "$JS.API.STREAM.INFO.EVENTS"},
           {"api", "$JS.API.DIRECT.GET.COMMANDS", R"({"last_by_subj":"vsim.cmd.>"})"}}) {
    CAPTURE(act.subject);
    CHECK(fleet().nats_cli_as("api", {"pub", act.subject, act.body, log}).ending.clean());
  }
  // The command is there, so the answers have been given.
  CHECK(request({"api", "$JS.API.DIRECT.GET.COMMANDS", R"({"last_by_subj":"vsim.cmd.>"})"})
            .text.find("stop") != std::string::npos);
  CHECK(state_of_events() == before);
}

TEST_CASE("an operator's consumer that would deliver into the log delivers nothing") {
  const std::string before = state_of_events();
  REQUIRE(request({"operator", "vsim.dlq._other", "forged"}).ending.clean());
  request({"operator", "$JS.API.CONSUMER.CREATE.DEAD_LETTERS.forger",
           R"({"stream_name":"DEAD_LETTERS","config":{"name":"forger",)"
           R"("deliver_subject":"vsim.evt.pool.us-east-1","deliver_policy":"all",)"
           R"("ack_policy":"none"}})"});
  const Output info = request({"admin", "$JS.API.CONSUMER.INFO.DEAD_LETTERS.forger"});
  REQUIRE_MESSAGE(info.text.find(R"("num_pending":1)") != std::string::npos, info.text);
  CHECK(state_of_events() == before);
}

TEST_CASE("without a password, or with a wrong one, the broker lets nobody in") {
  const std::string place = fmt::format("127.0.0.1:{}", fleet().nats().port());
  for (const std::string who : {"", "api@", "api:secret-of-worker@", "admin:@", "nobody:x@"}) {
    CAPTURE(who);
    const Output answer =
        fleet().nats_cli({"--server=nats://" + who + place, "pub", "vsim.cmd.a.b", "x"});
    CHECK(answer.ending.code != 0);
    CHECK_MESSAGE(answer.text.find("Authorization Violation") != std::string::npos, answer.text);
  }
  const Output migration =
      fleet().vsimctl({"migrate", "--nats-url=nats://admin:secret-of-api@" + place});
  CHECK(migration.ending.code == 1);
  CHECK_MESSAGE(migration.text.find("password in NATS_URL is wrong") != std::string::npos,
                migration.text);
}

TEST_CASE("vsim's own programs say that something is not permitted, not that it took too long") {
  const std::string before = state_of_events();
  const Output migration =
      fleet().vsimctl({"migrate", "--nats-url=" + fleet().nats().url("operator")});
  CHECK(migration.ending.code == 1);
  CHECK_MESSAGE(migration.text.find("STREAM.UPDATE.EVENTS: not permitted") != std::string::npos,
                migration.text);
  CHECK(state_of_events() == before);
}

namespace {

struct Statement {
  std::string role;
  std::string sql;
  bool may = false;
};

const std::vector<Statement> statements = {
    {"vsim_worker", "INSERT INTO vsim.regions VALUES ('us-east-1')", true},  // for what follows
    {"vsim_api", "SELECT count(*) FROM vsim.servers", true},
    {"vsim_api", "SELECT count(*) FROM vsim.operations", true},
    {"vsim_api", "SELECT count(*) FROM vsim.ip_pool", true},
    {"vsim_api", "INSERT INTO vsim.regions VALUES ('nowhere')"},
    {"vsim_api", "UPDATE vsim.servers SET name = 'x'"},
    {"vsim_api", "DELETE FROM vsim.server_events"},
    {"vsim_api", "TRUNCATE vsim.operations"},
    {"vsim_api", "DROP TABLE vsim.clock"},
    {"vsim_api", "ALTER TABLE vsim.servers ADD COLUMN x int"},
    {"vsim_api", "INSERT INTO vsim.ip_pool (region, ip) VALUES ('us-east-1', '192.168.99.1')"},
    {"vsim_api", "CREATE TABLE vsim.mine (x int)"},
    {"vsim_api", "CREATE TABLE public.mine (x int)"},
    {"vsim_api", "CREATE TEMP TABLE mine (x int)"},
    {"vsim_api", "CREATE SCHEMA mine"},
    {"vsim_api", "SET ROLE vsim_worker"},
    {"vsim_api", "ALTER ROLE vsim_operator PASSWORD 'x'"},
    {"vsim_api", "COPY vsim.servers TO PROGRAM 'cat'"},
    {"vsim_operator", "SELECT count(*) FROM vsim.servers", true},
    {"vsim_operator", "INSERT INTO vsim.ip_pool (region, ip) VALUES ('us-east-1', '10.8.0.1')",
     true},
    {"vsim_operator", "UPDATE vsim.ip_pool SET status = 'FREE'"},
    {"vsim_operator", "DELETE FROM vsim.ip_pool"},
    {"vsim_operator", "INSERT INTO operator.outbox (region, ip) VALUES ('us-east-1', '10.8.0.2')"},
    {"vsim_operator", "UPDATE vsim.servers SET name = 'x'"},
    {"vsim_operator", "DELETE FROM vsim.billing_periods"},
    {"vsim_operator", "TRUNCATE vsim.projection_checkpoint"},
    {"vsim_operator", "DROP SCHEMA vsim CASCADE"},
    {"vsim_operator", "CREATE SCHEMA mine"},
    {"vsim_operator", "CREATE ROLE another SUPERUSER"},
    {"vsim_operator", "SET ROLE vsim_worker; CREATE SCHEMA mine; DROP SCHEMA mine", true},
    {"vsim_worker", "CREATE ROLE another"},
    {"vsim_worker", "CREATE SCHEMA mine; DROP SCHEMA mine", true},
};

bool denied(const std::string& reason) {
  for (const std::string words : {"permission denied", "must be owner", "must be superuser"}) {
    if (reason.find(words) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("a role of Postgres may do what its program or person needs, and no more") {
  for (const Statement& statement : statements) {
    CAPTURE(statement.role);
    CAPTURE(statement.sql);
    std::string reason;
    try {
      harness::query(fleet().database_url(statement.role), statement.sql);
    } catch (const std::exception& error) {
      reason = error.what();
    }
    CAPTURE(reason);
    CHECK((statement.may ? reason.empty() : denied(reason)));
  }
}

TEST_CASE("what a rebuild makes anew can be read by the API and by operators without more") {
  harness::query(fleet().database_url(),
                 "CREATE SCHEMA vsim_next; CREATE TABLE vsim_next.t (x int)");
  for (const std::string role : {"vsim_api", "vsim_operator"}) {
    CHECK(harness::query_value(fleet().database_url(role), "SELECT count(*) FROM vsim_next.t") ==
          "0");
  }
}
