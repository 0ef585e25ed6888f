// Goal: a log whose states, versions or times are not what its events make of it is found out, at
// the first message. Method: a log that follows the rules, then one message more that does not.

#include "ops/vsimctl/log/log_fold.h"

#include <doctest/doctest.h>

#include "eventstore/find_last.h"
#include "eventstore/memory_store.h"
#include "tests/integration/sample_log.h"

using namespace vsim;
using namespace vsim::vsimctl;

namespace {

/// The first difference in the log; empty when there is none.
std::string fold(eventstore::MemoryStore& store) {
  LogFold fold(store);
  for (eventstore::Sequence sequence = 1; sequence <= store.last_sequence().value(); ++sequence) {
    const auto message = store.load(sequence).value().value();
    auto logged = messages::decode_event(message);
    REQUIRE_MESSAGE(logged, logged.error());
    if (auto added = fold.add({sequence, message.stored_at, std::move(*logged)}); !added) {
      return added.error();
    }
  }
  return {};
}

struct Ground {
  eventstore::MemoryStore store;
  samples::SampleLog log{store};
  std::vector<samples::Sample> servers = samples::fill(log, 20, 600);

  /// An event of the first server, whose message says something else than it should.
  void append_wrong(const std::string& what, const std::string& with) {
    samples::Sample& sample = servers.front();
    Event event{
        {sample.state.version + 1, log.now(), log.next_cause("stop"), {"api", ""}, CommandPurged{}},
        sample.id,
        sample.region};
    std::string payload = messages::encode(event, evolve(sample.state, event));
    const auto at = payload.rfind(what);
    REQUIRE(at != std::string::npos);
    payload.replace(at, what.size(), with);
    log.append(messages::server_events(sample.region, sample.id), payload);
  }
};

}  // namespace

TEST_CASE("a log that follows the rules has no difference") {
  Ground ground;
  CHECK(fold(ground.store) == "");
}

TEST_CASE("a state that the event does not make is told with its member") {
  Ground ground;
  ground.append_wrong(R"("name":"web-)", R"("name":"wet-)");
  const auto told = fold(ground.store);
  CHECK(told.find("message " + std::to_string(ground.store.last_sequence().value())) == 0);
  CHECK(told.find("state.name: expected \"web-0\", found \"wet-0\"") != std::string::npos);
}

TEST_CASE("an outcome of a build that knew no last change is no difference, a wrong one is") {
  // The newest outcome names a change before it: without that it is what an older build wrote.
  const auto told_with = [](const std::string& in_place) {
    Ground ground;
    samples::Sample& sample = ground.servers.front();
    const Event event{{sample.state.version + 1,
                       ground.log.now(),
                       ground.log.next_cause("stop"),
                       {"api", ""},
                       CommandPurged{}},
                      sample.id,
                      sample.region};
    std::string payload = messages::encode(event, evolve(sample.state, event));
    const auto begin = payload.rfind("\"last_change\":{");
    REQUIRE(begin != std::string::npos);
    payload.replace(begin, payload.find("},", begin) + 2 - begin, in_place);
    ground.log.append(messages::server_events(sample.region, sample.id), payload);
    return fold(ground.store);
  };
  CHECK(told_with("") == "");
  CHECK(told_with(R"("last_change":{"version":0,"at":"2026-01-01T00:00:00.000Z"},)")
            .find("last_change") != std::string::npos);
}

TEST_CASE("a version that leaves a gap is told") {
  Ground ground;
  ground.servers.front().state.version += 1;
  ground.append_wrong("PURGED", "PURGED");
  CHECK(fold(ground.store).find(": version: expected ") != std::string::npos);
}

TEST_CASE("gaps in a pool's and the clock's versions, and a bill that goes back, are told") {
  const auto told_after = [](const std::string& subject, const std::string& payload) {
    Ground ground;
    ground.log.append(subject, payload);
    return fold(ground.store);
  };
  CHECK(told_after(
            messages::pool_events(samples::us),
            messages::encode(
                PoolEvent{{9, samples::some_time(), std::nullopt, {"api", ""}, {}}, samples::us},
                Pool{}))
            .find("pool of us-east-1: version: expected 2, found 9") != std::string::npos);
  CHECK(told_after(
            std::string(messages::clock_subject),
            messages::encode(
                ClockEvent{99, samples::some_time(), std::nullopt, {"api", ""}, ClockScaled{2}},
                SimClock{}))
            .find("clock: version: expected ") != std::string::npos);
  Ground ground;
  const auto last =
      ground.store.load_last(std::vector{messages::billing_events(samples::us)}).value().at(0);
  auto watermark = std::get<BillingWatermark>(messages::decode_event(last).value());
  watermark.version += 1;
  watermark.through -= std::chrono::seconds(1);
  ground.log.append(messages::billing_events(samples::us), messages::encode(watermark));
  CHECK(fold(ground.store).find("\"through\": expected ") != std::string::npos);
}

TEST_CASE("the first differing member of two objects is named by its path") {
  CHECK(first_difference(R"({"a":1,"b":{"c":2}})", R"({"a":1,"b":{"c":2}})") == "");
  CHECK(first_difference(R"({"a":1,"b":{"c":2}})", R"({"a":1,"b":{"c":3}})") ==
        "b.c: expected 2, found 3");
  CHECK(first_difference(R"({"a":1})", R"({"a":1,"d":[]})") == "d: expected nothing, found []");
}

TEST_CASE("the last early message of a subject is found, whatever lies between") {
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  for (int i = 0; i < 300; ++i) {
    log.append(i % 7 == 3 ? "s.a" : "s.b", std::to_string(i));
  }
  for (int bound = -1; bound <= 300; ++bound) {
    const auto found = eventstore::find_last(
        store, "s.a", [&](const eventstore::Message& m) { return std::stoi(m.payload) <= bound; });
    REQUIRE(found);
    const int expected = bound < 3 ? -1 : bound - (bound - 3) % 7;
    CHECK((*found ? std::stoi((*found)->payload) : -1) == expected);
  }
  CHECK(!eventstore::find_last(store, "s.c", [](const auto&) { return true; }).value());
}
