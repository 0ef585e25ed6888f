// Goal: nothing is appended to a log that went backwards, and nothing is decided on a message that
// is older than one which the worker or the read models know (issue 20, A.5 and D.17).
// Method: logs in memory, one of which can be exchanged for another and can lose messages; what the
// read models say is the test's.

#include "workers/log/sound_log.h"

#include <functional>
#include <set>
#include <utility>

#include <doctest/doctest.h>

#include "eventstore/memory_store.h"
#include "ops/telemetry/metrics.h"
#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using eventstore::Append;
using eventstore::Chain;
using eventstore::ChainEnd;
using eventstore::Error;
using eventstore::Expectation;
using eventstore::MemoryStore;
using eventstore::Message;
using eventstore::Result;
using eventstore::Sequence;
using read_model::Checkpoint;
using read_model::DatabaseError;

namespace {

/// Of a server in some region, and of all regions.
const std::string subject = messages::server_events(the_region, the_server);
const std::string filter = messages::any_events_of(the_server);

/// Leads to one of two logs, and leaves out what its disk has lost: reads go round it, expectations
/// are held against what is left.
class Disk : public eventstore::EventStore {
 public:
  MemoryStore first;
  MemoryStore second;
  MemoryStore* log = &first;
  std::set<Sequence> lost;

  Result<Sequence> append(std::span<const Append> batch) override { return log->append(batch); }
  std::vector<ChainEnd> append_chains(std::span<const Chain> chains) override {
    return log->append_chains(chains);
  }
  Result<std::vector<Message>> load_last(std::span<const std::string> filters) override {
    std::vector<Message> found;
    for (const auto& one : filters) {
      auto history = load_history(one);
      if (!history->empty()) {
        found.push_back(history->back());
      }
    }
    return found;
  }
  Result<std::vector<Message>> load_history(const std::string& one) override {
    auto history = log->load_history(one);
    std::erase_if(*history, [this](const Message& m) { return lost.contains(m.sequence); });
    return history;
  }
  Result<std::optional<Message>> load_next(const std::string& one, Sequence from) override {
    return log->load_next(one, from);
  }
  Result<std::optional<Message>> load(Sequence sequence) override {
    if (lost.contains(sequence)) {
      return std::optional<Message>();
    }
    return log->load(sequence);
  }
  Result<Sequence> last_sequence() override { return log->last_sequence(); }
  std::unique_ptr<eventstore::Follower> follow(Sequence after) override;
};

/// Where another log stands now it says so, once, and goes on in that one from its place.
class DiskFollower : public eventstore::Follower {
 public:
  DiskFollower(Disk& disk, Sequence after) : disk_(disk), position_(after), log_(disk.log) {}

  Result<std::vector<Message>> next(std::size_t max, std::chrono::milliseconds wait) override {
    if (std::exchange(log_, disk_.log) != disk_.log) {
      return eventstore::fail(Error::Kind::unavailable, "the connection was lost in between");
    }
    auto messages = log_->follow(position_)->next(max, wait);
    position_ += messages->size();
    return messages;
  }

 private:
  Disk& disk_;
  Sequence position_;
  MemoryStore* log_;
};

std::unique_ptr<eventstore::Follower> Disk::follow(Sequence after) {
  return std::make_unique<DiskFollower>(*this, after);
}

struct Ground {
  Disk disk;
  telemetry::Metrics metrics;
  std::optional<DatabaseError> silence;  // of the read models
  read_model::LogMarks marks;
  read_model::NewestEvents newest;
  int asked = 0;  // for the newest events
  std::uint64_t reconnects = 0;
  std::function<void()> once_they_have_answered = [] {};
  workers::KnownHeads heads{[this](auto) -> read_model::DbResult<read_model::NewestEvents> {
    ++asked;
    if (silence) {
      return tl::unexpected(*silence);
    }
    return newest;
  }};
  workers::LogWatch watch{disk, heads,
                          [this]() -> read_model::DbResult<read_model::LogMarks> {
                            if (silence) {
                              return tl::unexpected(*silence);
                            }
                            auto answer = marks;
                            std::exchange(once_they_have_answered, [] {})();
                            return answer;
                          },
                          [this] { return reconnects; }, metrics};
  workers::SoundLog log{disk, watch, heads};

  Result<Sequence> append(const std::string& payload, std::optional<Sequence> expected = {}) {
    Append message{subject, payload, {}, std::nullopt};
    if (expected) {
      message.expected = Expectation{filter, *expected};
    }
    return log.append(std::span(&message, 1));
  }
  /// The worker's view has read it all.
  void follow() { log.follow(0)->next(100, std::chrono::milliseconds(0)).value(); }
  bool unsound() { return metrics.text().find("\nvsim_log_unsound 1") != std::string::npos; }
};

void fill(MemoryStore& log, std::initializer_list<const char*> payloads) {
  for (const char* payload : payloads) {
    const Append message{subject, payload, {}, std::nullopt};
    REQUIRE(log.append(std::span(&message, 1)));
  }
}

Checkpoint checkpoint(Sequence sequence, std::string_view payload) {
  return {sequence, messages::sha256_hex(payload), 0};
}

bool says(const auto& result, Error::Kind kind, const std::string& words) {
  return !result && result.error().kind == kind &&
         result.error().detail.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("nothing is appended before it is known from which log the read models come") {
  Ground ground;
  CHECK(says(ground.append("a"), Error::Kind::unavailable, "is not known yet"));
  ground.silence = DatabaseError{DatabaseError::Kind::unavailable, "no Postgres there"};
  ground.watch.look();
  CHECK(says(ground.append("a"), Error::Kind::unavailable, "no Postgres there"));
  CHECK(ground.disk.first.last_sequence().value() == 0);
  SUBCASE("they come from none") { ground.silence.reset(); }
  SUBCASE("there are none") { ground.silence->kind = DatabaseError::Kind::not_migrated; }
  ground.watch.look();
  CHECK(ground.append("a"));
  ground.silence = DatabaseError{DatabaseError::Kind::unavailable, "gone again"};
  ground.watch.look();
  CHECK(ground.append("b"));  // it is known by now, and the log is the same
}

TEST_CASE("nothing is appended to a log that went backwards, as long as it may have grown again") {
  Ground ground;
  fill(ground.disk.first, {"a", "b"});
  ground.marks.checkpoint = checkpoint(2, "b");
  ground.watch.look();
  REQUIRE(ground.append("c"));
  CHECK_FALSE(ground.unsound());
  std::string words = "EVENTS ends at 3, 4 has been projected";
  SUBCASE("it ends one before") { ground.marks.checkpoint = checkpoint(4, "d"); }
  SUBCASE("another message stands there") {
    ground.marks.checkpoint = checkpoint(2, "other");
    words = "message 2 of EVENTS is not the one that has been projected";
  }
  ground.watch.look();
  CHECK(says(ground.append("d"), Error::Kind::unavailable, words));
  const std::vector<Append> some = {{subject, "d", {}, {}}, {"vsim.evt.other", "e", {}, {}}};
  for (const auto& result : ground.log.append_each(some)) {
    CHECK(says(result, Error::Kind::unavailable, words));
  }
  CHECK(ground.disk.first.last_sequence().value() == 3);
  CHECK(ground.watch.trouble().find(words) != std::string::npos);
  CHECK(ground.unsound());
  ground.marks.checkpoint = checkpoint(3, "c");  // made anew
  ground.watch.look();
  CHECK(ground.append("d"));
  CHECK_FALSE(ground.unsound());
}

TEST_CASE("an older log is found by what was projected since the last look, too") {
  Ground ground;
  fill(ground.disk.first, {"a"});
  ground.marks.checkpoint = checkpoint(1, "a");
  ground.watch.look();
  fill(ground.disk.first, {"b", "c"});  // by another worker, and projected
  ground.marks.checkpoint = checkpoint(3, "c");
  fill(ground.disk.second, {"a"});
  ground.disk.log = &ground.disk.second;
  ++ground.reconnects;
  SUBCASE("which they say") {
    CHECK(says(ground.append("d"), Error::Kind::unavailable, "EVENTS ends at 1, 3 has been"));
    CHECK(ground.disk.second.last_sequence().value() == 1);
  }
  SUBCASE("but the read models need not answer") {
    ground.silence = DatabaseError{DatabaseError::Kind::unavailable, "no Postgres there"};
    CHECK(ground.append("d"));
  }
}

TEST_CASE("a broker that comes back after the read models have answered is looked at anew") {
  Ground ground;
  fill(ground.disk.first, {"a"});
  ground.marks.checkpoint = checkpoint(1, "a");
  ground.once_they_have_answered = [&] {
    ground.marks.checkpoint = checkpoint(3, "c");  // meanwhile projected
    fill(ground.disk.second, {"a"});
    ground.disk.log = &ground.disk.second;
    ++ground.reconnects;
  };
  ground.watch.look();
  CHECK(says(ground.append("d"), Error::Kind::unavailable, "EVENTS ends at 1, 3 has been"));
  CHECK(ground.disk.second.last_sequence().value() == 1);
}

TEST_CASE("a worker at work finds by what it has read that another log stands there") {
  Ground ground;
  ground.watch.look();
  fill(ground.disk.first, {"a", "b", "c"});
  ground.follow();
  fill(ground.disk.second, {"a", "b"});
  std::string words = "EVENTS ends at 2, 3 was known to this process";
  SUBCASE("which is shorter") {}
  SUBCASE("which has grown as long, and another") {
    fill(ground.disk.second, {"x", "y"});
    words = "message 3 of EVENTS is not the one that was known to this process";
  }
  ground.disk.log = &ground.disk.second;
  ++ground.reconnects;  // the broker was away: no time passes before it is looked at
  const auto end = ground.disk.second.last_sequence().value();
  CHECK(says(ground.log.load_last(std::span(&filter, 1)), Error::Kind::unavailable, words));
  CHECK(says(ground.append("d"), Error::Kind::unavailable, words));
  CHECK(ground.disk.second.last_sequence().value() == end);
  CHECK(ground.unsound());
}

TEST_CASE("a worker finds by what it has stored, or read alone, that an older log stands there") {
  Ground ground;
  ground.watch.look();
  const std::vector<Append> two = {{subject, "a", {}, {}}, {subject, "b", {}, {}}};
  SUBCASE("as the end of a snapshot is read") {
    fill(ground.disk.first, {"a", "b"});
    REQUIRE(ground.log.load(2).value());
  }
  SUBCASE("one after the other") {
    REQUIRE(ground.append("a"));
    REQUIRE(ground.append("b"));
  }
  SUBCASE("in a batch") { REQUIRE(ground.log.append(two)); }
  SUBCASE("in a chain") {
    const Chain chain(two);
    REQUIRE(ground.log.append_chains(std::span(&chain, 1)).front().stored == 2);
  }
  fill(ground.disk.second, {"a"});
  ground.disk.log = &ground.disk.second;
  ++ground.reconnects;
  const Append other{"vsim.evt.other", "c", {}, {}};  // of a subject that is as it was
  CHECK(says(ground.log.append(std::span(&other, 1)), Error::Kind::unavailable,
             "EVENTS ends at 1, 2 was known to this process"));
  CHECK(ground.disk.second.last_sequence().value() == 1);
}

TEST_CASE("a worker knows what it had read also when it has read on in another log") {
  Ground ground;
  ground.watch.look();  // the read models are just being made anew, and know nothing
  fill(ground.disk.first, {"a", "b", "c"});
  const auto follower = ground.log.follow(0);
  const auto read_on = [&] { return follower->next(100, std::chrono::milliseconds(0)); };
  REQUIRE(read_on());
  fill(ground.disk.second, {"a", "b", "x", "y"});  // by a worker that had read "b" at most
  ground.disk.log = &ground.disk.second;
  ++ground.reconnects;
  CHECK_FALSE(read_on());
  CHECK(read_on());
  CHECK(says(ground.append("d"), Error::Kind::unavailable, "message 3 of EVENTS is not the one"));
  CHECK(ground.disk.second.last_sequence().value() == 4);
}

TEST_CASE(
    "a log that was exchanged under a connection is found by the first append at the latest") {
  Ground ground;
  ground.watch.look();
  fill(ground.disk.first, {"a", "b", "c"});
  ground.follow();
  fill(ground.disk.second, {"a", "b"});
  ground.disk.log = &ground.disk.second;
  CHECK(ground.append("d").value() == 3);
  CHECK(says(ground.append("e"), Error::Kind::unavailable, "EVENTS ends at 3, 3 was known"));
  CHECK(ground.disk.second.last_sequence().value() == 3);
}

TEST_CASE("once the read models are made anew from another log, nothing of the former one counts") {
  Ground ground;
  fill(ground.disk.first, {"a", "b", "c"});
  SUBCASE("seen before the log went back") {
    ground.marks.checkpoint = checkpoint(3, "c");
    ground.watch.look();
  }
  SUBCASE("seen only when it had gone") {
    ground.watch.look();
    ground.marks.checkpoint = checkpoint(3, "c");
  }
  auto follower = ground.log.follow(0);
  REQUIRE(follower->next(100, std::chrono::milliseconds(0)));
  fill(ground.disk.second, {"a", "b"});
  ground.disk.log = &ground.disk.second;
  ++ground.reconnects;
  REQUIRE_FALSE(ground.append("d"));
  REQUIRE(ground.unsound());
  ground.marks.checkpoint = checkpoint(2, "b");
  ground.watch.look();
  CHECK_FALSE(ground.unsound());
  CHECK(says(follower->next(100, std::chrono::milliseconds(0)), Error::Kind::conflict,
             "another log"));
  CHECK(says(ground.append("d", 2), Error::Kind::unavailable, "still being made anew"));
  follower = ground.log.follow(0);  // whatever was made of the former log is forgotten
  CHECK(ground.append("d", 2));
}

TEST_CASE("no older message is taken for a server's last when the disk has lost the last") {
  bool read = false;              // by this worker; else the read models have it
  std::set<Sequence> lost = {3};  // and an older one is there
  SUBCASE("which the read models have") {}
  SUBCASE("which the read models have, and nothing older") { lost = {1, 2, 3}; }
  SUBCASE("which this worker has read") { read = true; }
  SUBCASE("which this worker has read, and nothing older") {
    read = true;
    lost = {1, 2, 3};
  }
  Ground ground;
  ground.watch.look();
  fill(ground.disk.first, {"a", "b", "c"});
  if (read) {
    ground.follow();
  } else {
    ground.newest[the_server] = 3;
  }
  ground.disk.lost = lost;
  const std::string words = "message 3 of EVENTS is lost";
  CHECK(says(ground.log.load_last(std::span(&filter, 1)), Error::Kind::damaged, words));
  CHECK(says(ground.log.load_history(filter), Error::Kind::damaged, words));
  CHECK(ground.watch.trouble().find(words) != std::string::npos);
  CHECK(ground.unsound());
  CHECK(ground.asked == (read ? 0 : 1));  // once, and of no server that the worker knows
  CHECK(says(ground.append("first", 0), Error::Kind::conflict, "a later message is known"));
  CHECK(ground.disk.first.last_sequence().value() == 3);
}

TEST_CASE("read models that do not answer are not asked by those who decide") {
  Ground ground;
  ground.watch.look();
  fill(ground.disk.first, {"a"});
  ground.silence = DatabaseError{DatabaseError::Kind::unavailable, "no answer"};
  CHECK(ground.log.load_last(std::span(&filter, 1)));
  CHECK(ground.asked == 1);
  CHECK(ground.log.load_last(std::span(&filter, 1)));
  CHECK(ground.asked == 1);
  ground.silence.reset();
  ground.watch.look();
  CHECK(ground.log.load_last(std::span(&filter, 1)));
  CHECK(ground.asked == 2);
}

TEST_CASE("the clock and a region's watermark are known by the read models, too") {
  Ground ground;
  const std::string clock(messages::clock_subject);
  const std::string billing = messages::billing_events(the_region);
  for (const auto& one : {clock, clock, billing, billing}) {
    const Append message{one, "a", {}, std::nullopt};
    REQUIRE(ground.disk.append(std::span(&message, 1)));
  }
  ground.marks.clock = 2;
  ground.marks.billing[the_region.name] = 4;
  ground.watch.look();
  CHECK(ground.log.load_last(std::span(&clock, 1)));
  ground.disk.lost = {2, 4};
  CHECK(says(ground.log.load_last(std::span(&clock, 1)), Error::Kind::damaged, "message 2 of"));
  CHECK(says(ground.log.load_last(std::span(&billing, 1)), Error::Kind::damaged, "message 4 of"));
}

TEST_CASE("of many servers the least touched are forgotten, and asked for again") {
  workers::KnownHeads heads([](auto) { return read_model::NewestEvents{}; });
  constexpr int servers = 200'000;
  const auto number = [](int n) {
    ServerId id = the_server;
    for (int byte = 0; byte < 4; ++byte) {
      id.uuid.bytes[static_cast<std::size_t>(byte)] = static_cast<std::uint8_t>(n >> (8 * byte));
    }
    return messages::server_events(the_region, id);
  };
  for (int i = 1; i <= servers; ++i) {
    heads.record(number(i), static_cast<Sequence>(i));
  }
  CHECK(heads.remembered(number(servers)) == servers);
  CHECK(heads.remembered(number(1)) == 0);
}
