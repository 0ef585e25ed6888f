// Goal: the logs that builds have recorded are read by this one, and hold everything that a log may
// hold; no format changes without a new one. Method: each is folded as `vsimctl verify` folds it;
// what is read of the newest is written again, and has all members of the newest golden events.
// Then the same with a log that somebody has changed. tests/integration/golden_logs_test.cpp
// projects them.

#include "tests/golden/recorded_log.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "eventstore/memory_store.h"
#include "ops/vsimctl/log/log_fold.h"

using namespace vsim;
using namespace vsim::golden;

namespace {

using Logs = std::vector<RecordedLog>;

RecordedLog read(const std::string& path) {
  auto log = read_recorded_log(path);
  REQUIRE_MESSAGE(log, log.error());
  return std::move(*log);
}

RecordedLog newest() {
  REQUIRE_FALSE(recorded_logs().empty());
  return read(recorded_logs().back());
}

/// The first difference between the log and its own fold; empty when there is none.
std::string fold(const RecordedLog& log) {
  eventstore::MemoryStore none;  // all states are kept
  vsimctl::LogFold fold(none, log.size());
  for (const auto& message : log) {
    auto logged = messages::decode_event(message);
    REQUIRE_MESSAGE(logged, logged.error());
    if (auto added = fold.add({message.sequence, message.stored_at, std::move(*logged)}); !added) {
      return added.error();
    }
  }
  return {};
}

/// The first message that holds the text.
eventstore::Message& holding(RecordedLog& log, const std::string& text) {
  for (auto& message : log) {
    if (message.payload.find(text) != std::string::npos) {
      return message;
    }
  }
  FAIL("no message holds ", text);
  return log.front();
}

void replace(std::string& payload, const std::string& what, const std::string& with) {
  payload.replace(payload.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("each recorded log is read, and is its own fold") {
  for (const auto& path : recorded_logs()) {
    CAPTURE(path);
    CHECK(fold(read(path)) == "");
  }
}

TEST_CASE("today's writer gives the newest recorded log, byte for byte") {
  for (const auto& complaint : written_otherwise(newest())) {
    FAIL_CHECK(complaint, "\n  see tests/golden/logs/README.md");
  }
}

TEST_CASE("the recorded logs that today's writer gives hold all that a log may hold") {
  for (const auto& what : missing_in(logs_as_of_today())) {
    FAIL_CHECK("they lack ", what, "; see tests/golden/logs/README.md");
  }
}

TEST_CASE("they have every member that today's writer gives an event") {
  for (const auto& member : members_missing_in(logs_as_of_today())) {
    FAIL_CHECK("they lack ", member, "; see tests/golden/logs/README.md");
  }
}

TEST_CASE("what one log lacks another may hold") {
  const RecordedLog nothing;
  const auto lacks = missing_in(std::span(&nothing, 1));
  CHECK(lacks.size() > std::variant_size_v<EventData>);
  CHECK(missing_in(Logs{nothing, newest()}) == missing_in(Logs{newest()}));
  CHECK(missing_in(Logs{newest(), nothing}) == missing_in(Logs{newest()}));
  CHECK(missing_in({}) == lacks);
}

TEST_CASE("a log that was recorded before an event got a new member is found out") {
  const auto missing = members_missing_in(Logs{read(recorded_logs().front())});
  CHECK(std::count(missing.begin(), missing.end(), "clock.deadlines_applied data.log_through") ==
        1);
}

TEST_CASE("a recorded log that somebody has changed is found out") {
  auto log = newest();
  SUBCASE("a field of a state") {
    replace(holding(log, R"("type":"server_stopping")").payload, R"("status":"STOPPING")",
            R"("status":"STOPPED")");
    CHECK(fold(log).find("state.status: expected \"STOPPING\", found \"STOPPED\"") !=
          std::string::npos);
  }
  SUBCASE("an event that is left out") {
    const auto left_out = holding(log, R"("type":"server_stopping")").sequence;
    std::erase_if(log, [&](const auto& message) { return message.sequence == left_out; });
    CHECK(fold(log).find("version: expected ") != std::string::npos);
  }
  SUBCASE("a stamp of the clock") {
    holding(log, R"("type":"clock_scaled")").stored_at += std::chrono::seconds(1);
    CHECK(fold(log).find(", clock version ") != std::string::npos);
  }
}

TEST_CASE("a writer that gives other bytes is found out") {
  // The recorded bytes are changed instead of the writer: that is the same difference.
  const auto differs = [](const std::string& at, const std::string& what, const std::string& with) {
    auto log = newest();
    replace(holding(log, at).payload, what, with);
    return written_otherwise(log).size() == 1;
  };
  CHECK(differs(R"("type":"server_stopped")", R"("type":"server_stopped")",
                R"("type": "server_stopped")"));
  CHECK(differs(R"("type":"address_claimed")", R"("at":)", R"("new":1,"at":)"));
  CHECK(differs(R"("type":"pool_extended")", R"("at":)", R"("new":1,"at":)"));
  CHECK(differs(R"("type":"clock_scaled")", R"("at":)", R"("new":1,"at":)"));
  CHECK(differs(R"("type":"billing_watermark")", R"("through":)", R"("new":1,"through":)"));
}

TEST_CASE("a log that lacks a type of event is not recorded") {
  auto log = newest();
  const auto complete = missing_in(Logs{log});
  std::erase_if(log, [](const auto& message) {
    return message.payload.find(R"("type":"server_rebooted")") != std::string::npos;
  });
  const auto missing = missing_in(Logs{log});
  REQUIRE(missing.size() == complete.size() + 1);
  CHECK(std::count(missing.begin(), missing.end(), "server.server_rebooted") == 1);
}

TEST_CASE("a recorded log is never written over") {
  CHECK_FALSE(write_recorded_log(recorded_logs().back(), {}));
}
