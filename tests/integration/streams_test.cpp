// Goal: `vsimctl migrate` can be run at any time, and what the broker keeps is what the definition
// says. Method: the shipped definition on a real nats-server, made twice, and after losses.

#include "eventstore/streams.h"

#include <doctest/doctest.h>

#include "eventstore/broker_facts.h"
#include "eventstore/command_queue.h"
#include "eventstore/direct_get.h"
#include "eventstore/jetstream_store.h"
#include "eventstore/server_info.h"
#include "schema/messages/catalogue_files.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"

using namespace vsim;
using namespace vsim::eventstore;

namespace {

const std::string stop = R"({"type":"stop"})";

struct Ground {
  harness::PrivateNats nats;
  std::unique_ptr<Broker> broker = std::move(Broker::connect({nats.url(), "test"}).value());
  std::string definition = messages::load_streams_definition(VSIM_SOURCE_DIR "/schema").value();

  Result<void> ensure() { return ensure_streams(*broker, definition, "EVENTS"); }
  std::string info(const std::string& stream) {
    return broker->api("$JS.API.STREAM.INFO." + stream, "").value();
  }
  void append_something() {
    JetStreamStore log(*broker, *broker, "EVENTS");
    const Append event{"vsim.evt.clock", "{}", {}, std::nullopt};
    REQUIRE(log.append(std::span(&event, 1)));
  }
  CommandPublisher publisher() { return CommandPublisher(*broker, "COMMANDS"); }
  Accepted publish(const std::string& subject) {
    return publisher().publish(subject, stop, {}).value();
  }
};

/// The next delivery, as soon as the connection allows.
Delivery take_one(CommandQueue& queue) {
  std::vector<Delivery> taken;
  REQUIRE(harness::eventually(
      [&] {
        taken = queue.take(1, std::chrono::milliseconds(50)).value_or(std::vector<Delivery>{});
        return !taken.empty();
      },
      std::chrono::seconds(15)));
  return taken.front();
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("streams are made as defined, and making them again changes nothing") {
  Ground ground;
  for (int run = 0; run < 2; ++run) {
    const auto made = ground.ensure();
    REQUIRE_MESSAGE(made, made.error().detail);
    const auto events = ground.info("EVENTS");
    CHECK(holds(events, R"("allow_atomic":true)"));
    CHECK(holds(events, R"("allow_batched":true)"));
    CHECK(holds(events, R"("deny_purge":true)"));
    CHECK(holds(events, R"("deny_delete":true)"));
    CHECK(holds(events, R"("compression":"s2")"));
    const auto commands = ground.info("COMMANDS");
    CHECK(holds(commands, R"("retention":"workqueue")"));
    CHECK(holds(commands, R"("discard_new_per_subject":true)"));
    CHECK(holds(commands, R"("republish")"));
    CHECK(holds(ground.info("JOURNAL"), R"("persist_mode":"async")"));
  }
  CHECK(ground.publish("vsim.cmd.us-east-1.a").sequence == 1);
}

TEST_CASE("a queue that was lost begins above every sequence that the log may know") {
  Ground ground;
  REQUIRE(ground.ensure());
  ground.append_something();
  const auto before = ground.publish("vsim.cmd.us-east-1.a").sequence;
  REQUIRE(ground.broker->api("$JS.API.STREAM.DELETE.COMMANDS", ""));
  // Twice: what was made with a first sequence can be made sure of again.
  for (int run = 0; run < 2; ++run) {
    const auto made = ground.ensure();
    REQUIRE_MESSAGE(made, made.error().detail);
  }
  const auto after = ground.publish("vsim.cmd.us-east-1.a").sequence;
  CHECK(after > before + 1'000'000'000'000);
  CHECK(ground.publish("vsim.cmd.us-east-1.b").sequence == after + 1);
}

TEST_CASE("a queue that is made anew begins no lower than what the log is known to hold") {
  for (const Sequence above : {Sequence{1}, Sequence{6'000'000'000'000'000}}) {
    Ground ground;
    REQUIRE(ground.ensure());
    ground.append_something();
    REQUIRE(ground.broker->api("$JS.API.STREAM.DELETE.COMMANDS", ""));
    REQUIRE(ensure_streams(*ground.broker, ground.definition, "EVENTS", [&] { return above; }));
    const auto first = ground.publish("vsim.cmd.us-east-1.a").sequence;
    CHECK(first >= above);
    CHECK((first == above) == (above > 1));  // else at the time
  }
}

TEST_CASE("no queue is made anew while nobody tells whether the log is empty") {
  Ground ground;
  REQUIRE(ground.ensure());
  ground.append_something();
  REQUIRE(ground.broker->api("$JS.API.STREAM.DELETE.COMMANDS", ""));
  CHECK_FALSE(ensure_streams(*ground.broker, ground.definition, "SILENT"));
  CHECK_FALSE(ground.broker->api("$JS.API.STREAM.INFO.COMMANDS", ""));
}

TEST_CASE("the log is not searched for a queue that is there, or for the very first") {
  Ground ground;
  const FirstSequence fails = [] { return fail(Error::Kind::unknown, "was searched"); };
  CHECK(ensure_streams(*ground.broker, ground.definition, "EVENTS", fails));
  ground.append_something();
  CHECK(ensure_streams(*ground.broker, ground.definition, "EVENTS", fails));
  REQUIRE(ground.broker->api("$JS.API.STREAM.DELETE.COMMANDS", ""));
  CHECK_FALSE(ensure_streams(*ground.broker, ground.definition, "EVENTS", fails));
}

TEST_CASE("one command waits for a server, whatever its id, and the next is refused") {
  Ground ground;
  REQUIRE(ground.ensure());
  ground.publish("vsim.cmd.us-east-1.a");
  const CommandPublisher publisher(*ground.broker, "COMMANDS");
  const auto second = publisher.publish("vsim.cmd.us-east-1.a", stop, {});
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == PublishError::Kind::slot_taken);
  CHECK(publisher.find_waiting("vsim.cmd.*.a").value()->payload == stop);
  CHECK_FALSE(publisher.find_waiting("vsim.cmd.*.b").value());

  CommandQueue queue(*ground.broker, "COMMANDS", "commands");
  const auto taken = queue.take(10, std::chrono::seconds(5)).value();
  REQUIRE(taken.size() == 1);
  CHECK(taken.front().deliveries == 1);
  CHECK_FALSE(publisher.publish("vsim.cmd.us-east-1.a", stop, {}));  // delivered, not acked
  queue.ack(taken.front());
  ground.broker->flush();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!publisher.publish("vsim.cmd.us-east-1.a", stop, {})) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
  }
}

TEST_CASE("an ack that the broker's death has lost frees the slot soon after its return") {
  Ground ground;
  REQUIRE(ground.ensure());
  CommandQueue queue(*ground.broker, "COMMANDS", "commands");
  for (const bool terminated : {false, true}) {
    CAPTURE(terminated);
    const std::string subject = terminated ? "vsim.cmd.us-east-1.b" : "vsim.cmd.us-east-1.a";
    ground.publish(subject);
    const auto taken = take_one(queue);
    ground.nats.process().terminate();  // its disk knows of the delivery then
    if (terminated) {
      queue.terminate(taken, "never again");
    } else {
      queue.ack(taken);
    }
    ground.nats.restart();
    CHECK_MESSAGE(harness::eventually(
                      [&] {
                        (void)queue.take(1, std::chrono::milliseconds(50));
                        return !ground.publisher().find_waiting(subject).value_or(Message{});
                      },
                      std::chrono::seconds(15)),
                  "the consumer's ack wait is 30 s");
  }
}

TEST_CASE("what was sent ahead is given back by release(), and comes again after it") {
  Ground ground;
  REQUIRE(ground.ensure());
  for (const std::string server : {"a", "b", "c"}) {
    ground.publish("vsim.cmd.us-east-1." + server);
  }
  CommandQueue queue(*ground.broker, "COMMANDS", "commands");
  const auto mine = take_one(queue);
  REQUIRE(harness::eventually(
      [&] { return consumer_facts(*ground.broker, "COMMANDS", "commands").value().in_hand == 3; }));
  queue.release();
  CommandQueue other(*ground.broker, "COMMANDS", "commands");
  for (int i = 0; i < 2; ++i) {  // the ack wait is 30 s
    const auto taken = take_one(other);
    CHECK(taken.deliveries == 2);
    CHECK(taken.message.subject != mine.message.subject);
    other.ack(taken);
  }
  other.release();
  queue.ack(mine);
  ground.publish("vsim.cmd.us-east-1.d");
  CHECK(take_one(queue).message.subject == "vsim.cmd.us-east-1.d");
}

TEST_CASE("what was sent ahead stays in hand by ask_for_no_more(), and comes with the next take") {
  Ground ground;
  REQUIRE(ground.ensure());
  for (const std::string server : {"a", "b", "c"}) {
    ground.publish("vsim.cmd.us-east-1." + server);
  }
  CommandQueue queue(*ground.broker, "COMMANDS", "commands");
  std::vector<Delivery> taken = {take_one(queue)};
  const auto facts = [&] { return consumer_facts(*ground.broker, "COMMANDS", "commands").value(); };
  REQUIRE(harness::eventually([&] { return facts().in_hand == 3; }));
  queue.ask_for_no_more();
  ground.publish("vsim.cmd.us-east-1.d");
  CHECK(facts().in_hand == 3);
  auto ahead = queue.take(10, std::chrono::milliseconds(50)).value();
  std::move(ahead.begin(), ahead.end(), std::back_inserter(taken));
  REQUIRE(taken.size() == 3);
  for (const auto& delivery : taken) {
    CHECK(delivery.deliveries == 1);
  }
  CHECK(take_one(queue).message.subject == "vsim.cmd.us-east-1.d");
}

TEST_CASE("a follower whose consumer the broker has forgotten makes another (20, D.19)") {
  Ground ground;
  REQUIRE(ground.ensure());
  ground.append_something();
  JetStreamStore log(*ground.broker, *ground.broker, "EVENTS");
  const auto follower = log.follow(0);
  const auto next = [&] {
    const auto messages = follower->next(10, std::chrono::milliseconds(100));
    return messages ? messages->size() : 0;
  };
  REQUIRE(harness::eventually([&] { return next() == 1; }));
  const std::string names = ground.broker->api("$JS.API.CONSUMER.NAMES.EVENTS", "").value();
  const auto begin = names.find("\"consumers\":[\"") + 14;
  const auto name = names.substr(begin, names.find('"', begin) - begin);
  // As for a process that is stopped for long: its requests end, and then its consumer.
  REQUIRE(harness::eventually(
      [&] {
        const auto facts = consumer_facts(*ground.broker, "EVENTS", name);
        return facts && facts->pulls_waiting == 0;
      },
      std::chrono::seconds(40)));
  REQUIRE(ground.broker->api("$JS.API.CONSUMER.DELETE.EVENTS." + name, ""));
  ground.append_something();
  CHECK(harness::eventually([&] { return next() == 1; }, std::chrono::seconds(30)));
}

TEST_CASE("an ack is not said again to a queue that was made anew") {
  Ground ground;
  REQUIRE(ground.ensure());
  CommandQueue queue(*ground.broker, "COMMANDS", "commands");
  ground.publish("vsim.cmd.us-east-1.a");
  queue.ack(take_one(queue));
  ground.broker->flush();
  ground.nats.restart_empty();
  REQUIRE(harness::eventually([&] { return ground.ensure().has_value(); }));
  // The same place of the stream and of the consumer, another command.
  REQUIRE(ground.publish("vsim.cmd.us-east-1.b").sequence == 1);
  CHECK(take_one(queue).message.subject == "vsim.cmd.us-east-1.b");
  (void)queue.take(1, std::chrono::milliseconds(50));
  CHECK(ground.publisher().find_waiting("vsim.cmd.us-east-1.b").value());
}

TEST_CASE("the same message id is stored once, also under another server's subject") {
  Ground ground;
  REQUIRE(ground.ensure());
  const CommandPublisher publisher(*ground.broker, "COMMANDS");
  const Headers id = {{"Nats-Msg-Id", "one"}};
  const auto first = publisher.publish("vsim.cmd.us-east-1.a", stop, id).value();
  CHECK_FALSE(first.duplicate);
  const auto again = publisher.publish("vsim.cmd.eu-west-1.a", stop, id).value();
  CHECK(again.duplicate);
  CHECK(again.sequence == first.sequence);
}

TEST_CASE("a broker's version is compared as numbers, not as text") {
  CHECK(version_at_least("2.15.0", 2, 15));
  CHECK(version_at_least("2.100.1", 2, 15));
  CHECK(version_at_least("3.0.0", 2, 15));
  CHECK_FALSE(version_at_least("2.9.25", 2, 15));
  CHECK_FALSE(version_at_least("2.14.9", 2, 15));
  CHECK_FALSE(version_at_least("", 2, 15));
}
