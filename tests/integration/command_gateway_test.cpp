// Goal: a write is stored exactly once and answered with its own outcome: when the projector's
// message is lost, when the broker has forgotten or half forgotten a command, when the slot is not
// free yet. Method: a real broker and a real Postgres without workers; the test plays the worker
// and the projector, by rows in `operations` and purges of the queue.

#include "api/command_gateway.h"

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "eventstore/jetstream_store.h"
#include "eventstore/streams.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"
#include "schema/messages/uuid.h"
#include "schema/read_model/migrations.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"
#include "tests/harness/private_postgres.h"

using namespace vsim;
using namespace vsim::api;
using namespace std::chrono_literals;
using eventstore::Broker;

namespace {

using Clock = std::chrono::steady_clock;

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";
const Region us{"us-east-1"};
const Region eu{"eu-west-1"};

/// The API's write side, on servers of its own.
struct Ground {
  Ground() {
    const auto streams = messages::load_streams_definition(schema_dir);
    REQUIRE(eventstore::ensure_streams(*broker, streams.value(), "EVENTS"));
    REQUIRE(read_model::apply_migrations(database_url, schema_dir));
  }

  /// A stop of a server, as the API would submit it.
  static Write submission(const CommandId& id, const ServerId& server, const Region& region = us,
                          bool keyed = false) {
    Write made;
    made.terms.id = id;
    made.terms.keyed = keyed;
    made.region = region;
    made.server = server;
    made.type = "stop";
    made.payload = R"({"type":"stop"})";
    made.request_hash = "hash of " + region.name;
    made.request_id = "request";
    made.actor = "api";
    return made;
  }

  /// The outcome can be read from now on.
  void decide(const Write& command, StreamSequence sequence,
              const std::string& status = "SUCCEEDED", StreamSequence event = 9) const {
    harness::query(database_url,
                   "DELETE FROM vsim.operations WHERE id = '" + command.id().to_string() + "'");
    harness::query(database_url, "INSERT INTO vsim.operations VALUES ('" +
                                     command.id().to_string() + "', " + std::to_string(sequence) +
                                     ", " + std::to_string(event) + ", 3, NULL, now(), '" + status +
                                     "', 'stop', 'us-east-1', '', '', '" + command.request_hash +
                                     "', 'api', '', NULL, 'default')");
  }

  std::string message_id(const Write& command) const {
    const auto stored = waiting(command);
    REQUIRE(stored);
    return std::string(eventstore::find_header(stored->headers, messages::header::message_id));
  }

  std::optional<eventstore::Message> waiting(const Write& command) const {
    return publisher.find_waiting(command_subject(command)).value();
  }

  /// Takes the command out of the queue, as a worker's ack or an operator's purge does.
  void remove(const Write& command) const {
    REQUIRE(broker->api("$JS.API.STREAM.PURGE.COMMANDS",
                        R"({"filter":")" + command_subject(command) + R"("})"));
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
  OutcomeInbox inbox{*broker, metrics};
  ReadSide read_side{pool, [this] { return inbox.stopped(); }};
  LogSide log_side{publisher, queue, events};
  CommandGateway gateway{publisher, log_side, read_side, inbox, metrics};
};

CommandId new_command() { return {messages::uuid_from_time()}; }
ServerId new_server() { return {messages::uuid_from_time()}; }

StreamSequence pending(const Reply<WriteResult>& reply) {
  REQUIRE(reply);
  REQUIRE(reply->operation.status == "PENDING");
  return reply->operation.command_sequence;
}

bool succeeded(const Reply<WriteResult>& reply) {
  REQUIRE(reply);
  return reply->operation.status == "SUCCEEDED";
}

bool replayed(const Reply<WriteResult>& reply) {
  REQUIRE(reply);
  return reply->replayed;
}

http::ProblemCode problem_of(const Reply<WriteResult>& reply) {
  REQUIRE_FALSE(reply);
  return reply.error().code;
}

std::chrono::milliseconds since(Clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
}

}  // namespace

TEST_CASE(
    "a write that waits is answered when the projector tells, and also when its word is lost") {
  Ground ground;
  for (const bool tells : {true, false}) {
    CAPTURE(tells);
    const auto command = Ground::submission(new_command(), new_server());
    std::jthread projector([&] {
      std::optional<eventstore::Message> stored;
      while (!stored) {
        stored = ground.waiting(command);
      }
      const auto reply_to = eventstore::find_header(stored->headers, messages::header::reply_to);
      CHECK_FALSE(reply_to.empty());
      ground.decide(command, stored->sequence);
      if (tells) {
        ground.broker->publish(std::string(reply_to), R"({"sequence":9})");
      }
    });
    const auto began = Clock::now();
    CHECK(succeeded(ground.gateway.carry_out(command, 10s)));
    CHECK(since(began) < 2s);
  }
}

TEST_CASE("past its patience a write is pending, and without any nobody is asked to tell") {
  Ground ground;
  const auto command = Ground::submission(new_command(), new_server());
  const auto began = Clock::now();
  const auto sequence = pending(ground.gateway.carry_out(command, 1s));
  CHECK(since(began) >= 1s);
  CHECK(ground.waiting(command)->sequence == sequence);

  const auto hasty = Ground::submission(new_command(), new_server());
  pending(ground.gateway.carry_out(hasty, 0s));
  CHECK(
      eventstore::find_header(ground.waiting(hasty)->headers, messages::header::reply_to).empty());
}

TEST_CASE("a repeat under one key finds the first, while it waits and when it is decided") {
  Ground ground;
  const auto command = Ground::submission(new_command(), new_server(), us, true);
  const auto first = pending(ground.gateway.carry_out(command, 0s));
  CHECK(pending(ground.gateway.carry_out(command, 0s)) == first);
  ground.decide(command, first);
  ground.remove(command);
  const auto repeat = ground.gateway.carry_out(command, 5s);
  CHECK(succeeded(repeat));
  CHECK(replayed(repeat));
  CHECK_FALSE(ground.waiting(command));
}

TEST_CASE("where any server will do a command goes to one, and leaves a taken slot at once: D95") {
  Ground ground;
  auto first = Ground::submission(new_command(), new_server(), us, true);
  first.any_server = true;
  const auto sequence = pending(ground.gateway.carry_out(first, 0s));
  auto repeat = first;
  repeat.server = new_server();
  const auto waiting = ground.gateway.carry_out(repeat, 0s);
  CHECK(pending(waiting) == sequence);
  CHECK(waiting->operation.server_id.empty());  // this request does not know which
  CHECK_FALSE(ground.waiting(repeat));

  auto misuse = repeat;
  misuse.request_hash = "of another request";
  CHECK(problem_of(ground.gateway.carry_out(misuse, 0s)) ==
        http::ProblemCode::idempotency_mismatch);
  auto other = Ground::submission(new_command(), *first.server);
  other.any_server = true;
  const auto began = Clock::now();
  CHECK(problem_of(ground.gateway.carry_out(other, 5s)) ==
        http::ProblemCode::operation_in_progress);
  CHECK(since(began) < 900ms);  // others are waited for for a second

  ground.remove(first);  // it is decided, and not yet to be read
  std::jthread projector([&] { ground.decide(first, sequence); });
  const auto answer = ground.gateway.carry_out(repeat, 9s);
  CHECK(succeeded(answer));
  CHECK(replayed(answer));
  CHECK_FALSE(ground.waiting(repeat));
}

TEST_CASE("a twin of a command that waits is given its outcome, and that is no repeat") {
  Ground ground;
  const auto command = Ground::submission(new_command(), new_server(), us, true);
  const auto first = pending(ground.gateway.carry_out(command, 0s));
  auto twin = std::async(std::launch::async, [&] { return ground.gateway.carry_out(command, 9s); });
  // It has looked once before it waits, and once while it waits.
  REQUIRE(harness::eventually([&] {
    const std::string text = ground.metrics.text();
    const std::string looks = "\nvsim_outcome_looks_total ";
    const auto at = text.find(looks);
    return at != std::string::npos && std::stoi(text.substr(at + looks.size())) >= 3;
  }));
  ground.decide(command, first);
  const auto answer = twin.get();
  CHECK(succeeded(answer));
  CHECK_FALSE(replayed(answer));
}

TEST_CASE("what was left undone is stored again under its key, once for each outcome") {
  for (const std::string status : {"PURGED", "DEAD_LETTERED"}) {
    CAPTURE(status);
    Ground ground;
    const auto command = Ground::submission(new_command(), new_server(), us, true);
    const std::string id = command.id().to_string();
    const auto first = pending(ground.gateway.carry_out(command, 0s));
    ground.remove(command);
    ground.decide(command, first, status, 9);
    const auto second = pending(ground.gateway.carry_out(command, 0s));
    CHECK(second > first);
    CHECK(ground.message_id(command) == id + "-after-9");
    CHECK(pending(ground.gateway.carry_out(command, 0s)) == second);  // a twin joins

    // The old outcome does not stand for the new copy; one of the new copy does.
    CHECK(pending(ground.gateway.carry_out(command, 1s)) == second);
    ground.decide(command, second, status, 11);
    const auto waited = ground.gateway.carry_out(command, 0s);  // waits in the queue still
    CHECK(pending(waited) == second);

    // Purged before anybody has noted it: the broker knows the copy's id.
    ground.remove(command);
    ground.decide(command, first, status, 9);
    CHECK(pending(ground.gateway.carry_out(command, 0s)) > second);
    CHECK(ground.message_id(command) == id + "-after-9-r1");

    ground.decide(command, second, "SUCCEEDED", 12);
    ground.remove(command);
    const auto repeat = ground.gateway.carry_out(command, 5s);
    CHECK(succeeded(repeat));
    CHECK(replayed(repeat));
    CHECK_FALSE(ground.waiting(command));
  }
}

TEST_CASE("a copy that an operator sent by hand, without its hash, is no misuse of the key") {
  Ground ground;
  auto command = Ground::submission(new_command(), new_server(), us, true);
  auto by_hand = command;
  by_hand.request_hash = "";
  const auto first = pending(ground.gateway.carry_out(by_hand, 0s));
  CHECK(pending(ground.gateway.carry_out(command, 0s)) == first);
  ground.remove(command);
  ground.decide(by_hand, first);
  CHECK(succeeded(ground.gateway.carry_out(command, 5s)));
}

TEST_CASE("one key for two regions is a misuse of the key, found in the queue and in the outcome") {
  Ground ground;
  const auto id = new_command();
  const auto server = new_server();
  const auto here = Ground::submission(id, server, us, true);
  const auto there = Ground::submission(id, server, eu, true);
  const auto first = pending(ground.gateway.carry_out(here, 0s));
  CHECK(problem_of(ground.gateway.carry_out(there, 1s)) == http::ProblemCode::idempotency_mismatch);
  ground.decide(here, first);
  ground.remove(here);
  CHECK(problem_of(ground.gateway.carry_out(there, 1s)) == http::ProblemCode::idempotency_mismatch);
}

TEST_CASE("a command that was purged is stored again, although the broker knows its id") {
  Ground ground;
  const auto command = Ground::submission(new_command(), new_server(), us, true);
  const auto first = pending(ground.gateway.carry_out(command, 0s));
  ground.remove(command);
  const auto second = pending(ground.gateway.carry_out(command, 0s));
  CHECK(second > first);
  const auto stored = ground.waiting(command);
  REQUIRE(stored);
  CHECK(eventstore::find_header(stored->headers, messages::header::message_id) ==
        command.id().to_string() + "-r1");
  CHECK(eventstore::find_header(stored->headers, messages::header::attempt) == "2");
}

TEST_CASE("an outcome that stands in the log alone keeps a repeat from being stored") {
  Ground ground;
  const auto server = new_server();
  const auto command = Ground::submission(new_command(), server, us, true);
  pending(ground.gateway.carry_out(command, 0s));
  ground.remove(command);
  Event event{{1,
               Instant{},
               Cause{command.id(), 1, command.request_hash},
               {"api", ""},
               CommandRejected{{RejectionCode::not_found, "no such server"}}},
              server,
              us};
  const std::string subject = messages::server_events(us, server);
  const eventstore::Append outcome{
      subject, messages::encode(event, evolve(State{}, event)), {}, std::nullopt};
  REQUIRE(ground.events.append({&outcome, 1}));
  CHECK(pending(ground.gateway.carry_out(command, 1s)) == 1);
  CHECK_FALSE(ground.waiting(command));
}

TEST_CASE("a slot that is freed a little late does not refuse the client that read the outcome") {
  Ground ground;
  const auto server = new_server();
  const auto first = Ground::submission(new_command(), server);
  const auto sequence = pending(ground.gateway.carry_out(first, 0s));
  const auto second = Ground::submission(new_command(), server);

  const auto refused = ground.gateway.carry_out(second, 0s);
  CHECK(problem_of(refused) == http::ProblemCode::operation_in_progress);
  CHECK(refused.error().operation_id == first.id().to_string());

  ground.decide(first, sequence);
  std::jthread worker([&] {
    std::this_thread::sleep_for(100ms);
    ground.remove(first);
  });
  CHECK(pending(ground.gateway.carry_out(second, 0s)) > sequence);
}

TEST_CASE("commands of the clock wait for their slot, one after the other") {
  Ground ground;
  const auto of_the_clock = [] {
    auto made = Ground::submission(new_command(), new_server());
    made.region = Region{std::string(messages::clock_region)};
    made.server.reset();
    made.type = "advance";
    made.payload = R"({"type":"advance","seconds":1})";
    return made;
  };
  const auto first = of_the_clock();
  const auto sequence = pending(ground.gateway.carry_out(first, 0s));
  std::jthread worker([&] {
    std::this_thread::sleep_for(100ms);
    ground.remove(first);
  });
  CHECK(pending(ground.gateway.carry_out(of_the_clock(), 0s)) > sequence);
}

TEST_CASE("a broker that is gone is reported at once, and the end of the process ends the waits") {
  Ground ground;
  const auto command = Ground::submission(new_command(), new_server());
  std::jthread end([&] {
    std::this_thread::sleep_for(300ms);
    ground.inbox.stop();
  });
  const auto began = Clock::now();
  pending(ground.gateway.carry_out(command, 30s));
  CHECK(since(began) < 5s);

  ground.nats.kill();
  const auto refused =
      ground.gateway.carry_out(Ground::submission(new_command(), new_server()), 5s);
  CHECK(problem_of(refused) == http::ProblemCode::unavailable);
  CHECK(refused.error().retry_after_seconds > 0);
}
