// Goal: a log whose states, versions or times are not what its events make of it is found out, at
// the first message. Method: a log that follows the rules, then one message more that does not.

#include "ops/vsimctl/log/log_fold.h"

#include <functional>

#include <doctest/doctest.h>

#include "eventstore/find_last.h"
#include "eventstore/memory_store.h"
#include "tests/integration/sample_log.h"

using namespace vsim;
using namespace vsim::vsimctl;

namespace {

/// The first difference in the log; empty when there is none.
std::string fold(eventstore::MemoryStore& store, std::size_t ended_states_max = 20'000) {
  LogFold fold(store, ended_states_max);
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

TEST_CASE("what comes after a server's end is checked, its state kept or read again") {
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  samples::fill(log, 0, 0);
  std::vector<samples::Sample> ended;
  for (std::uint32_t i = 0; i < 5; ++i) {
    ended.push_back(log.create(samples::us, samples::blueprint("web", {0xC0A80A01 + i})));
    log.record(ended.back(), ServerStarted{Status::pending});
    log.record(ended.back(), ServerTerminated{Status::running, TerminationReason::user, ""});
  }
  for (int round = 0; round < 2; ++round) {
    for (samples::Sample& sample : ended) {
      log.record(sample, CommandRejected{{RejectionCode::invalid_transition, "it has ended"}},
                 log.next_cause("stop"));
    }
  }
  for (const std::size_t kept : {2U, 5U, 10U, 20'000U}) {
    CAPTURE(kept);
    CHECK(fold(store, kept) == "");
  }
  samples::Sample wrong = ended.front();
  wrong.state.server->blueprint.name = "wet";
  log.record(wrong, CommandPurged{}, log.next_cause("stop"));
  for (const std::size_t kept : {2U, 5U, 10U, 20'000U}) {
    CAPTURE(kept);
    CHECK(fold(store, kept).find("expected \"web\", found \"wet\"") != std::string::npos);
  }
}

TEST_CASE("a state that the event does not make is reported with its member") {
  Ground ground;
  ground.append_wrong(R"("name":"web-)", R"("name":"wet-)");
  const auto complaint = fold(ground.store);
  CHECK(complaint.find("message " + std::to_string(ground.store.last_sequence().value())) == 0);
  CHECK(complaint.find("state.name: expected \"web-0\", found \"wet-0\"") != std::string::npos);
}

TEST_CASE("an outcome of a build that knew no last change is no difference, a wrong one is") {
  // The newest outcome names a change before it: without that it is what an older build wrote.
  const auto complaint_with = [](const std::string& in_place) {
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
  CHECK(complaint_with("") == "");
  CHECK(complaint_with(R"("last_change":{"version":0,"at":"2026-01-01T00:00:00.000Z"},)")
            .find("last_change") != std::string::npos);
}

TEST_CASE("a version that leaves a gap is reported") {
  Ground ground;
  ground.servers.front().state.version += 1;
  ground.append_wrong("PURGED", "PURGED");
  CHECK(fold(ground.store).find(": version: expected ") != std::string::npos);
}

TEST_CASE("gaps in a pool's and the clock's versions, and a bill that goes back, are reported") {
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
            .find("pool of us-east-1: version: expected 3, found 9") != std::string::npos);
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

TEST_CASE("deadlines_applied that passes a deadline of its part of the log is reported (D84)") {
  struct Said {
    std::chrono::milliseconds before_due{0};
    std::optional<StreamSequence> log_through;
    bool has_started = false;
  };
  // The clock's first event, the claim, and as message 3 the event that sets the deadline.
  const auto complaint = [](const Said& said) {
    eventstore::MemoryStore store;
    samples::SampleLog log(store);
    log.start_clock(1, 1);
    auto server = log.create(samples::us, samples::blueprint("web", {0xC0A80A01}));
    const auto due = due_of(server.state).value();
    if (said.has_started) {
      log.record(server, ServerStarted{Status::pending});
    }
    log.apply_deadlines({due - said.before_due, said.log_through});
    return fold(store);
  };
  CHECK(complaint({.log_through = 3}).find("message 4 of EVENTS, clock version 2: all that was") ==
        0);
  CHECK(complaint({.log_through = 3}).find("message 3 set for server") != std::string::npos);
  CHECK(complaint({.before_due = std::chrono::milliseconds(1), .log_through = 3}) == "");
  CHECK(complaint({.log_through = 2}) == "");  // stored after the timekeeper had looked
  CHECK(complaint({.log_through = 3, .has_started = true}) == "");
  CHECK(complaint({}) == "");  // of a build that did not say
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

namespace {

const Ipv4 some_ip{0xC0A80A01};
const Ipv4 other_ip{0xC0A80A02};
const ServerTerminated terminated{Status::running, TerminationReason::user, {}};

/// A log that is written message by message.
struct Hand {
  eventstore::MemoryStore store;
  samples::SampleLog log{store};

  static samples::Sample server(std::uint64_t number) {
    return {ServerId{samples::some_uuid(number)}, samples::us, {}};
  }

  void claim(const samples::Sample& server, Ipv4 ip = some_ip) {
    log.append(messages::address_events(samples::us, ip),
               messages::encode(AddressClaimed{samples::us, ip, server.id, log.now()}));
  }

  void provision(samples::Sample& server, Ipv4 ip = some_ip) {
    log.record(server, ServerProvisioned{samples::blueprint("web", ip)}, log.next_cause("create"));
  }

  void reject(samples::Sample& server) {
    log.record(server, CommandRejected{{RejectionCode::no_free_address, "none"}},
               log.next_cause("create"));
  }
};

}  // namespace

TEST_CASE("an address that two living servers have is reported with both and their messages (D6)") {
  Hand hand;
  auto first = Hand::server(1);
  auto second = Hand::server(2);
  hand.claim(first);
  hand.provision(first);
  hand.claim(second);
  hand.provision(second);
  const auto complaint = fold(hand.store);
  CHECK(complaint.find("message 4 of EVENTS, server " + second.id.to_string()) == 0);
  CHECK(complaint.find("192.168.10.1 of us-east-1, which server " + first.id.to_string() +
                       " has since message 2") != std::string::npos);
}

TEST_CASE("an address passes on when its server is terminated, and is another one elsewhere") {
  Hand hand;
  auto first = Hand::server(1);
  auto second = Hand::server(2);
  hand.claim(first);
  hand.provision(first);
  hand.log.record(first, terminated);
  hand.claim(second);
  hand.provision(second);
  auto abroad = hand.log.create(samples::eu, samples::blueprint("web", some_ip));
  CHECK(fold(hand.store) == "");
}

TEST_CASE("a server that is created with an address that it has not claimed is reported") {
  const auto complaint_after = [](const std::function<void(Hand&, samples::Sample&)>& before) {
    Hand hand;
    auto server = Hand::server(1);
    auto other = Hand::server(2);
    before(hand, server);
    hand.provision(server);
    hand.claim(other, other_ip);
    const auto last = hand.store.last_sequence().value();
    const auto complaint = fold(hand.store);
    CHECK(complaint.find("message " + std::to_string(last)) == 0);
    CHECK(complaint.find("message " + std::to_string(last - 1) + ": server " +
                         server.id.to_string() +
                         " is created with 192.168.10.1 of us-east-1, which it has not claimed") !=
          std::string::npos);
    return complaint;
  };
  complaint_after([](Hand&, samples::Sample&) {});
  complaint_after([](Hand& hand, samples::Sample& server) { hand.claim(server, other_ip); });
  // Its claim was void when the outcome came, and is not the message before this one.
  complaint_after([](Hand& hand, samples::Sample& server) {
    hand.claim(server);
    hand.reject(server);
  });
  complaint_after([](Hand& hand, samples::Sample& server) {
    hand.reject(server);
    hand.claim(server);
    hand.claim(Hand::server(3), other_ip);
  });
  const auto complaint = complaint_after([](Hand& hand, samples::Sample& server) {
    hand.claim(server);
    hand.claim(Hand::server(3));
  });
  CHECK(complaint.find("message 2 claims it for server " + Hand::server(3).id.to_string()) !=
        std::string::npos);
}

TEST_CASE("void claims and the order of older builds are no difference") {
  Hand hand;
  auto first = Hand::server(1);
  auto second = Hand::server(2);
  auto third = Hand::server(3);
  hand.claim(first, other_ip);  // the worker is killed; the create is delivered again
  hand.claim(second);
  hand.reject(second);
  hand.claim(first);
  hand.provision(first);
  hand.claim(second, other_ip);  // a worker that wakes up late
  hand.claim(third, other_ip);
  hand.provision(third, other_ip);
  hand.log.record(first, terminated);
  // Event and claim in one batch, in the order of older builds and of today, behind an outcome.
  hand.provision(second);
  hand.claim(second);
  hand.log.record(second, terminated);
  auto fourth = Hand::server(4);
  hand.reject(fourth);
  hand.claim(fourth);
  hand.provision(fourth);
  CHECK(fold(hand.store) == "");
}
