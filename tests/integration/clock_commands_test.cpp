// Goal: POST /clock answers when what fell due by the change can be read, not before; late is 202,
// and what no worker could carry out is refused at once. Method: a real broker and a real Postgres
// without workers; the test plays the worker and the projector, by rows in `operations` and
// `clock`.

#include "api/clock_commands.h"

#include <memory>

#include <doctest/doctest.h>

#include "eventstore/clock_watch.h"
#include "eventstore/jetstream_store.h"
#include "eventstore/streams.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/migrations.h"
#include "tests/harness/database.h"
#include "tests/harness/json.h"
#include "tests/harness/private_nats.h"
#include "tests/harness/private_postgres.h"

using namespace vsim;
using namespace vsim::api;
using namespace std::chrono_literals;
using eventstore::Broker;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

Instant at(const char* text) { return messages::parse_instant(text).value(); }

/// The API's side of the clock, on servers of its own. The log's clock begins at `start` and stands
/// still, as good as.
struct Ground {
  explicit Ground(Instant start) {
    const auto streams = messages::load_streams_definition(schema_dir);
    REQUIRE(eventstore::ensure_streams(*broker, streams.value(), "EVENTS"));
    REQUIRE(read_model::apply_migrations(database_url, schema_dir));
    const ClockEvent started{1, start, std::nullopt, {}, ClockStarted{0.000001, 7}};
    const eventstore::Append event{std::string(messages::clock_subject),
                                   messages::encode(started, SimClock{}),
                                   {},
                                   std::nullopt};
    REQUIRE(events.append({&event, 1}));
    REQUIRE(eventstore::measure(*broker, "EVENTS", wall));
    clock.refresh();
  }

  HttpResponse post(const std::string& body, const std::string& prefer, const char* key = nullptr) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/clock";
    request.body = body;
    request.headers = {{"Prefer", prefer}};
    if (key != nullptr) {
      request.headers.emplace_back("Idempotency-Key", key);
    }
    const auto answer = commands.change({request, "request", {}, "api"});
    if (answer) {
      return *answer;
    }
    HttpResponse refused;
    refused.status = answer.error().status();
    refused.body = answer.error().detail;
    return refused;
  }

  /// The command that waits, taken out of the queue and carried out, as far as can be read.
  void carry_out(const char* simulated_at) {
    const auto command = publisher.find_waiting(std::string(messages::clock_command_subject));
    REQUIRE(command);
    REQUIRE(*command);
    const auto header = [&](const char* name) {
      return std::string(eventstore::find_header((*command)->headers, name));
    };
    harness::query(database_url,
                   "INSERT INTO vsim.operations VALUES ('" + header("Vsim-Command-Id") + "', " +
                       std::to_string((*command)->sequence) +
                       ", 9, 3, NULL, now(), 'SUCCEEDED', 'advance', '_sim', '', '', '" +
                       header("Vsim-Request-Hash") + "', 'api', '', NULL, 'default')");
    harness::query(database_url,
                   "INSERT INTO vsim.clock (sequence, simulated_at, stored_at_ns, scale, seed, "
                   "version, deadlines_applied) VALUES (9, '" +
                       std::string(simulated_at) + "', 0, 0.000001, 7, 2, '2026-03-01T00:00:00Z')");
    REQUIRE(broker->api("$JS.API.STREAM.PURGE.COMMANDS", "{}"));
  }

  void apply_deadlines(const char* through) {
    harness::query(database_url,
                   "UPDATE vsim.clock SET deadlines_applied = '" + std::string(through) + "'");
  }

  harness::PrivateNats nats;
  std::string database_url = harness::PrivatePostgres::shared().create_database();
  std::unique_ptr<Broker> broker =
      std::move(Broker::connect({.url = nats.url(), .name = "api", .send_at_once = true}).value());
  telemetry::Metrics metrics;
  eventstore::CommandPublisher publisher{*broker, "COMMANDS"};
  eventstore::JetStreamStore queue{*broker, *broker, "COMMANDS"};
  eventstore::JetStreamStore events{*broker, *broker, "EVENTS"};
  read_model::ConnectionPool pool{database_url, 4};
  eventstore::BrokerClock wall;
  SimulatedClock clock{events, *broker, wall};
  OutcomeInbox inbox{*broker, metrics};
  ReadSide read_side{pool, [this] { return inbox.stopped(); }};
  LogSide log_side{publisher, queue, events};
  CommandGateway gateway{publisher, log_side, read_side, inbox, metrics};
  ClockCommands commands{gateway, read_side, clock, [this] { return inbox.stopped(); }};
};

std::string status_of(const HttpResponse& answer) {
  return harness::Json::parse(answer.body)["status"].text();
}

}  // namespace

TEST_CASE("a change is answered when what fell due by it can be read, and is 202 until then") {
  Ground ground(at("2026-03-01T00:00:00Z"));
  const std::string body = R"({"advance_seconds":60})";
  const auto async = ground.post(body, "respond-async", "key");
  CHECK(async.status == 202);
  CHECK(status_of(async) == "PENDING");

  ground.carry_out("2026-03-01T00:01:00Z");
  ground.apply_deadlines("2026-03-01T00:00:59.999Z");
  const auto late = ground.post(body, "wait=0", "key");
  CHECK(late.status == 202);
  CHECK(status_of(late) == "PENDING");  // what was asked for is not done yet
  const std::string* location = late.header("Location");
  REQUIRE(location != nullptr);
  CHECK_MESSAGE(location->ends_with("?until=settled"), *location);

  ground.apply_deadlines("2026-03-01T00:01:00Z");
  const auto done = ground.post(body, "wait=0", "key");
  CHECK(done.status == 200);
  CHECK(done.body == R"({"now":"2026-03-01T00:01:00.000Z","scale":1e-06,"seed":7,)"
                     R"("deadlines_applied":"2026-03-01T00:01:00.000Z"})");
  CHECK(ground.publisher.find_waiting(std::string(messages::clock_command_subject)).value() ==
        std::nullopt);
}

TEST_CASE("an advance past the last year is refused, and nothing is appended for it") {
  Ground ground(at("8995-01-01T00:00:00Z"));
  const auto beyond = ground.post(R"({"advance_seconds":315576000})", "respond-async");
  CHECK(beyond.status == 400);
  CHECK(beyond.body.find("year 8999") != std::string::npos);
  CHECK_FALSE(ground.publisher.find_waiting(std::string(messages::clock_command_subject)).value());
  CHECK(ground.post(R"({"advance_seconds":31557600})", "respond-async").status == 202);
}
