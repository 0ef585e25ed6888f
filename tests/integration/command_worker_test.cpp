// Goal: no state of the system costs a command its outcome: what cannot be decided now is not
// counted as a failed delivery, and reaches a worker that can decide it at once (issue 12, S3, S4).
// Method: the shipped streams on a real nats-server, with an ack wait of a second where it matters;
// a log that refuses since it is full; clocks that are not measured any more.

#include "workers/command_worker.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include <doctest/doctest.h>

#include "eventstore/broker_facts.h"
#include "eventstore/jetstream_store.h"
#include "eventstore/streams.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"
#include "tests/integration/sample_log.h"

using namespace vsim;
using namespace vsim::eventstore;
using namespace std::chrono_literals;
using harness::eventually;
using samples::some_uuid;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";
const std::string stop_it = R"({"type":"stop"})";

std::string with(std::string text, const std::string& what, const std::string& other) {
  const auto place = text.find(what);
  REQUIRE(place != std::string::npos);
  return text.replace(place, what.size(), other);
}

struct Streams {
  harness::PrivateNats nats;
  std::unique_ptr<Broker> broker = connect();
  std::string definition;
  JetStreamStore log{*broker, *broker, "EVENTS"};

  explicit Streams(std::chrono::seconds ack_wait = 30s)
      : definition(with(messages::load_streams_definition(schema_dir).value(), "30000000000",
                        std::to_string(std::chrono::nanoseconds(ack_wait).count()))) {
    REQUIRE(ensure_streams(*broker, definition, "EVENTS"));
    const ClockEvent started{1, Instant{}, std::nullopt, {"seed", {}}, ClockStarted{1, 7}};
    append(std::string(messages::clock_subject), messages::encode(started, SimClock{}));
  }

  std::unique_ptr<Broker> connect() const {
    return std::move(Broker::connect({nats.url(), "test", 2s, true}).value());
  }
  void append(const std::string& subject, const std::string& payload) {
    const Append event{subject, payload, {}, std::nullopt};
    REQUIRE(log.append(std::span(&event, 1)));
  }
  /// A full log takes nothing more.
  void set_full(bool full) {
    const auto last = log.last_sequence().value();
    const auto limited =
        with(definition, R"("max_msgs": -1)", R"("max_msgs": )" + std::to_string(last));
    REQUIRE(ensure_streams(*broker, full ? limited : definition, "EVENTS"));
  }
  Sequence publish(std::uint64_t server, const Headers& headers = {}) {
    const CommandPublisher publisher(*broker, "COMMANDS");
    const auto subject = messages::server_command(samples::us, ServerId{some_uuid(server)});
    return publisher.publish(subject, stop_it, headers).value().sequence;
  }
  ConsumerFacts consumer() const {
    return consumer_facts(*broker, messages::commands_stream, messages::commands_consumer).value();
  }
  std::uint64_t in(std::string_view stream) const {
    return stream_facts(*broker, stream).value().messages;
  }
  std::size_t outcomes_of(std::uint64_t server) {
    return log.load_history(messages::any_events_of(ServerId{some_uuid(server)}))->size();
  }
};

/// A worker process' deciding part.
struct Worker {
  Streams& streams;
  std::unique_ptr<Broker> connection = streams.connect();
  JetStreamStore store{*connection, *connection, "EVENTS"};
  BrokerClock wall;
  Catalogue catalogue = messages::load_catalogue(schema_dir).value();
  telemetry::Metrics metrics;
  workers::FleetView view{store, wall, [] { return read_model::FleetSnapshot{}; }};
  workers::ReapedServers reaped{metrics};
  workers::AppendCosts costs{metrics};
  workers::DecisionTools tools{
      .store = store, .view = view, .catalogue = catalogue, .reaped = reaped, .costs = costs};
  workers::DeadLetters letters{*connection, metrics};
  workers::Burial burial{tools, letters};
  CommandQueue queue{*connection, "COMMANDS", "commands"};
  workers::CommandWorker role{queue, tools, letters, burial, *connection, metrics};
  std::atomic<bool> measures = true;
  std::jthread clock;
  std::jthread following;
  std::jthread working;

  explicit Worker(Streams& its, std::chrono::nanoseconds silent_max = 1min)
      : streams(its), wall({.silent_max = silent_max}) {
    clock = std::jthread([this](std::stop_token stop) { keep_measuring(stop); });
    following = std::jthread([this](std::stop_token stop) { view.run(stop); });
    working = std::jthread([this](std::stop_token stop) { role.run(stop); });
  }
  void keep_measuring(std::stop_token stop) {
    for (; !stop.stop_requested(); std::this_thread::sleep_for(50ms)) {
      if (measures) {
        measure();
      }
    }
  }
  void measure() {
    const auto asked_at = BootClock::now();
    const auto facts = stream_facts(*connection, "EVENTS");
    if (facts) {
      wall.learn(asked_at, facts->answered_at, BootClock::now());
    }
  }
  bool shows(const std::string& metric) const {
    return metrics.text().find(metric) != std::string::npos;
  }
};

/// Until these many are acknowledged and gone.
bool is_empty(const Streams& streams) {
  return eventually([&] { return streams.in("COMMANDS") == 0; });
}

/// For as long as `ack_waits` of a second; false as soon as it does not hold.
bool holds_for(std::chrono::seconds ack_waits, const std::function<bool()>& holds) {
  return !eventually([&] { return !holds(); }, ack_waits, 100ms);
}

}  // namespace

TEST_CASE("a worker that loses the time gives back what it holds, and another gets it at once") {
  Streams streams;  // of 30 s
  Worker worker(streams, 3s);
  streams.publish(1);
  REQUIRE(is_empty(streams));
  streams.set_full(true);
  for (std::uint64_t server = 2; server <= 300; ++server) {
    streams.publish(server);
  }
  REQUIRE(eventually([&] { return streams.consumer().in_hand > 0; }));
  worker.measures = false;
  REQUIRE(eventually([&] { return !worker.wall.trouble().empty(); }));

  const auto other = streams.connect();
  CommandQueue others(*other, "COMMANDS", "commands");
  std::size_t taken = 0;
  const auto takes_all = [&] {
    taken += others.take(512, 100ms).value().size();
    return taken == 299;
  };
  CHECK_MESSAGE(eventually(takes_all, 20s), taken, " were taken");  // the ack wait is longer
  // And when it knows the time again, it takes what comes.
  worker.measures = true;
  streams.set_full(false);
  others.release();
  const auto before = streams.in("COMMANDS");
  streams.publish(301);
  CHECK(eventually([&] { return streams.outcomes_of(301) == 1; }));
  CHECK(before == 299);
}

TEST_CASE("a log that refuses for many ack waits costs no delivery, and buries nothing") {
  Streams streams(1s);
  Worker worker(streams);
  streams.publish(1);
  REQUIRE(is_empty(streams));
  streams.set_full(true);
  for (std::uint64_t server = 2; server <= 300; ++server) {
    streams.publish(server);
  }
  REQUIRE(eventually([&] { return streams.consumer().in_hand > 0; }));
  CHECK(holds_for(5s, [&] { return streams.consumer().redelivered == 0; }));
  streams.set_full(false);
  CHECK(is_empty(streams));
  CHECK(streams.in("DEAD_LETTERS") == 0);
  CHECK(streams.outcomes_of(300) == 1);
}

TEST_CASE("a command that this build cannot decide on stays in hand, and the others go on") {
  Streams streams(1s);
  const auto unreadable = messages::server_events(samples::us, ServerId{some_uuid(7)});
  streams.append(unreadable, R"({"type":"of a newer build"})");
  Worker worker(streams);
  streams.publish(7);
  REQUIRE(eventually([&] { return worker.shows("vsim_commands_held 1"); }));
  CHECK(holds_for(5s, [&] { return streams.consumer().redelivered == 0; }));
  streams.publish(1);
  CHECK(eventually([&] { return streams.in("COMMANDS") == 1; }));
  CHECK(streams.in("DEAD_LETTERS") == 0);
}

TEST_CASE("what an operator takes out of the queue is not held any more") {
  Streams streams;
  const auto unreadable = messages::server_events(samples::us, ServerId{some_uuid(7)});
  streams.append(unreadable, R"({"type":"of a newer build"})");
  Worker worker(streams);
  const auto place = streams.publish(7);
  REQUIRE(eventually([&] { return worker.shows("vsim_commands_held 1"); }));
  REQUIRE(CommandPublisher(*streams.broker, "COMMANDS").remove(place));
  CHECK(eventually([&] { return worker.shows("vsim_commands_held 0"); }, 30s));
  CHECK(streams.outcomes_of(7) == 1);  // only what was there
}

TEST_CASE("a ninth delivery is decided, a tenth is buried") {
  for (const std::uint64_t times : {9, 10}) {
    CAPTURE(times);
    Streams streams;
    streams.publish(1);
    CommandQueue queue(*streams.broker, "COMMANDS", "commands");
    for (std::uint64_t given = 1; given < times; ++given) {
      std::vector<Delivery> taken;
      REQUIRE(eventually([&] {
        taken = queue.take(1, 100ms).value();
        queue.ask_for_no_more();
        return taken.size() == 1;
      }));
      CHECK(taken.front().deliveries == given);
      queue.nak(taken.front(), 0ms);
    }
    streams.broker->flush();
    Worker worker(streams);
    REQUIRE(is_empty(streams));
    const bool is_buried = streams.in("DEAD_LETTERS") == 1;
    CHECK(streams.outcomes_of(1) == 1);
    CHECK((times == 10 ? is_buried : !is_buried));
  }
}

TEST_CASE("what is delivered again is handled in the other order each time") {
  // So that what comes along with a command that its workers die of has its turn before that one.
  // 300 are more than a worker takes at once.
  struct Case {
    bool falling;
    std::uint64_t commands;
  };
  for (const auto [falling, commands] : {Case{true, 9}, Case{false, 9}, Case{true, 300}}) {
    CAPTURE(falling);
    CAPTURE(commands);
    Streams streams;
    for (std::uint64_t server = 1; server <= commands; ++server) {
      streams.publish(server);
    }
    CommandQueue queue(*streams.broker, "COMMANDS", "commands");
    for (int round = 0; round < (falling ? 1 : 2); ++round) {
      std::vector<Delivery> taken;
      REQUIRE(eventually([&] {
        auto more = queue.take(commands, 100ms).value();
        std::move(more.begin(), more.end(), std::back_inserter(taken));
        return taken.size() == commands;
      }));
      queue.ask_for_no_more();
      for (const auto& delivery : taken) {
        queue.nak(delivery, 0ms);
      }
      streams.broker->flush();
    }
    Worker worker(streams);
    REQUIRE(is_empty(streams));
    std::vector<std::uint64_t> order;
    const auto events = streams.log.load_history("vsim.evt.server.>").value();
    for (const auto& event : events) {
      const auto target = messages::parse_server_events_subject(event.subject);
      for (std::uint64_t server = 1; server <= commands; ++server) {
        if (target->server == ServerId{some_uuid(server)}) {
          order.push_back(server);
        }
      }
    }
    CHECK(order.size() == commands);
    CHECK(std::is_sorted(order.begin(), order.end()) == !falling);
    CHECK(std::is_sorted(order.rbegin(), order.rend()) == falling);
  }
}
