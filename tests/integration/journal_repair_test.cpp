// Goal: JOURNAL holds every command that COMMANDS holds, also when the broker died between storing
// a command and republishing it; and a copy holds what republishing would have written. Method: the
// shipped streams on a real nats-server; what a crash would have lost is purged from JOURNAL.

#include "workers/janitor/journal_repair.h"

#include <doctest/doctest.h>

#include "eventstore/broker_facts.h"
#include "eventstore/command_queue.h"
#include "eventstore/direct_get.h"
#include "eventstore/jetstream_store.h"
#include "eventstore/streams.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"

using namespace vsim;
using namespace vsim::eventstore;
using namespace std::chrono_literals;

namespace {

struct Ground {
  harness::PrivateNats nats;
  std::unique_ptr<Broker> broker =
      std::move(Broker::connect({nats.url(), "test", 5000ms, true}).value());
  JetStreamStore queue{*broker, *broker, "COMMANDS", Retention::limited};
  JetStreamStore journal{*broker, *broker, "JOURNAL", Retention::limited};
  telemetry::Metrics metrics;
  workers::JournalRepair repair{
      queue, journal, [this] { return broker->reconnects(); },
      [this] { return stream_facts(*broker, "JOURNAL").value_or(StreamFacts{}).created; }, metrics};

  Ground() {
    const auto definition = messages::load_streams_definition(VSIM_SOURCE_DIR "/schema").value();
    REQUIRE(ensure_streams(*broker, definition, "EVENTS"));
  }
  Sequence publish(const std::string& region, int server, const Headers& headers) {
    const auto subject =
        "vsim.cmd." + region + ".00000000-0000-4000-8000-00000000000" + std::to_string(server);
    const CommandPublisher publisher(*broker, "COMMANDS");
    return publisher.publish(subject, R"({"type":"stop"})", headers).value().sequence;
  }
  bool journal_ends_at(Sequence last) {
    return harness::eventually([&] { return journal.last_sequence().value_or(0) == last; });
  }
};

CommandId id_of(const Message& message) {
  const auto decoded = messages::decode_command(message);
  REQUIRE_MESSAGE(decoded, decoded.error());
  return std::get<Command>(decoded->command).id;
}

}  // namespace

TEST_CASE("what JOURNAL lacks is copied once, with all that a replay needs") {
  Ground its;
  its.publish("us-east-1", 1, {});  // by hand: its id is made from its place and time
  its.publish("us-east-1", 2,
              {{"Nats-Msg-Id", "m-2"},
               {"Vsim-Command-Id", "11111111-2222-4333-8444-555555555555"},
               {"Vsim-Actor", "api"}});
  its.publish("eu-west-1", 3, {{"Nats-Msg-Id", "m-3"}});
  REQUIRE(its.journal_ends_at(3));
  CHECK(its.repair.repair().value() == 0);

  REQUIRE(its.broker->api("$JS.API.STREAM.PURGE.JOURNAL", R"({"seq":3})"));  // 1 and 2 are lost
  CHECK(its.repair.repair().value() == 2);
  CHECK(its.repair.repair().value() == 0);
  CHECK(its.journal_ends_at(5));

  const auto queued = its.queue.load_history("vsim.cmd.>").value();
  REQUIRE(queued.size() == 3);
  for (const auto& command : queued) {
    const auto copy =
        get_last(*its.broker, "JOURNAL", messages::journal_subject(command.subject)).value();
    REQUIRE(copy);
    const auto original = messages::original_of(*copy);
    CHECK(original.sequence == command.sequence);
    CHECK(original.subject == command.subject);
    CHECK(original.stored_at == command.stored_at);
    CHECK(original.payload == command.payload);
    CHECK(id_of(original) == id_of(command));
  }
}

TEST_CASE("repair runs once after a connect, and not before republishing had its time") {
  Ground its;
  its.publish("us-east-1", 1, {});
  REQUIRE(its.journal_ends_at(1));
  REQUIRE(its.broker->api("$JS.API.STREAM.PURGE.JOURNAL", ""));
  const std::chrono::steady_clock::time_point start{};
  REQUIRE(its.repair.run_if_due(start));
  CHECK(its.journal.last_sequence().value() == 1);
  REQUIRE(its.repair.run_if_due(start + 3s));
  CHECK(its.journal.last_sequence().value() == 2);
  REQUIRE(its.broker->api("$JS.API.STREAM.PURGE.JOURNAL", ""));
  REQUIRE(its.repair.run_if_due(start + 6s));
  CHECK(its.journal.last_sequence().value() == 2);
}

TEST_CASE("a JOURNAL that was made anew is given what waits, without a reconnect (20, D.19)") {
  Ground its;
  its.publish("us-east-1", 1, {});
  REQUIRE(its.journal_ends_at(1));
  const std::chrono::steady_clock::time_point start{};
  REQUIRE(its.repair.run_if_due(start));
  REQUIRE(its.repair.run_if_due(start + 3s));  // that of the start
  CHECK(its.journal.last_sequence().value() == 1);
  REQUIRE(its.broker->api("$JS.API.STREAM.DELETE.JOURNAL", ""));
  REQUIRE(its.repair.run_if_due(start + 4s));  // nothing to be seen yet
  const auto definition = messages::load_streams_definition(VSIM_SOURCE_DIR "/schema").value();
  REQUIRE(ensure_streams(*its.broker, definition, "EVENTS"));
  REQUIRE(its.repair.run_if_due(start + 5s));
  CHECK(its.journal.last_sequence().value() == 0);
  REQUIRE(its.repair.run_if_due(start + 8s));
  CHECK(its.journal.last_sequence().value() == 1);
}

TEST_CASE("JOURNAL is followed from its oldest message, also when older ones are gone") {
  Ground its;
  for (int server = 1; server <= 4; ++server) {
    its.publish("us-east-1", server, {});
  }
  REQUIRE(its.journal_ends_at(4));
  REQUIRE(its.broker->api("$JS.API.STREAM.PURGE.JOURNAL", R"({"seq":3})"));
  const auto follower = its.journal.follow(0);
  std::vector<Sequence> seen;
  REQUIRE(harness::eventually([&] {
    const auto next = follower->next(10, 100ms);
    REQUIRE_MESSAGE(next, next.error().detail);
    for (const auto& message : *next) {
      seen.push_back(message.sequence);
    }
    return seen.size() == 2;
  }));
  CHECK(seen == std::vector<Sequence>{3, 4});
}

TEST_CASE(
    "a copy that was sent again with its headers is distinguished from what it is a copy of") {
  Ground its;
  its.publish("us-east-1", 1, {});
  const auto again = its.publish("us-east-1", 2,
                                 {{"Nats-Sequence", "77"},
                                  {"Nats-Subject", "vsim.cmd.us-east-1.x"},
                                  {"Nats-Time-Stamp", "2026-03-01T12:00:00.123456789Z"}});
  const auto stored = get_at(*its.broker, "COMMANDS", again).value();
  REQUIRE(stored);
  CHECK(stored->sequence == again);
  CHECK(find_header(stored->headers, "Nats-Sequence") == "77");
  REQUIRE(its.journal_ends_at(2));
  const auto follower = its.journal.follow(1);
  std::vector<Message> copies;
  REQUIRE(harness::eventually([&] {
    copies = follower->next(10, 100ms).value_or(std::vector<Message>{});
    return copies.size() == 1;
  }));
  CHECK(messages::original_of(copies.front()).sequence == again);
  CHECK(id_of(messages::original_of(copies.front())) == id_of(*stored));
}
