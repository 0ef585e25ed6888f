// Goal: reads that share round trips (D68) are as good as reads that do not: each has its own rows
// or its own failure, none waits for ever, none overtakes, and no more connections are open than
// may be. Method: a real Postgres; groups that a test holds back.

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "schema/read_model/database.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/quick_reads.h"
#include "schema/read_model/quick_session.h"
#include "schema/read_model/server_events.h"
#include "schema/read_model/servers.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/postgres_faults.h"
#include "tests/harness/private_postgres.h"

using namespace vsim;
using namespace vsim::read_model;
using namespace std::chrono_literals;
using harness::PrivatePostgres;
using harness::query;
using harness::query_value;
using Kind = DatabaseError::Kind;

namespace {

const Statement quotient{"quotient", "SELECT 100 / $1::bigint"};
const Statement no_table{"no_table", "SELECT $1 FROM nowhere"};

QuickRead read_of(const Statement& statement, std::int64_t argument) {
  return {.statement = statement, .arguments = Arguments().integer(argument)};
}

std::int64_t value_of(const QuickRead& read) {
  REQUIRE(read.rows);
  return integer_of<std::int64_t>(BinaryRow(*read.rows, 0)[0]);
}

std::vector<QuickRead*> pointers_to(std::vector<QuickRead>& reads) {
  std::vector<QuickRead*> pointers;
  for (QuickRead& read : reads) {
    pointers.push_back(&read);
  }
  return pointers;
}

std::unique_ptr<QuickSession> open_session() {
  auto session = QuickSession::open(PrivatePostgres::shared().create_database(), read_limits);
  REQUIRE(session);
  return std::move(*session);
}

void check_read(const auto& result) {
  CHECK_MESSAGE(result.has_value(), (result ? "" : result.error().detail));
}

/// Groups that are held back until the test lets them go, and how large each was.
struct HeldGroups {
  std::latch go{1};
  std::mutex mutex;
  std::vector<std::size_t> sizes;
  std::atomic<std::size_t> begun{0};

  QuickReads::RunGroup run() {
    return [this](const QuickReads::FormGroup& form_group,
                  const QuickReads::OnFinished& on_finished) -> std::optional<DatabaseError> {
      ++begun;
      go.wait();
      const auto group = form_group();
      {
        const std::lock_guard lock(mutex);
        sizes.push_back(group.size());
      }
      for (QuickRead* read : group) {
        read->finished = true;
        on_finished(*read);
      }
      return std::nullopt;
    };
  }
};

}  // namespace

TEST_CASE("each read of a group has its own rows, in one round trip") {
  const auto session = open_session();
  std::vector<QuickRead> reads;
  for (std::int64_t i = 1; i <= 32; ++i) {
    reads.push_back(read_of(quotient, i));
  }
  std::size_t finished = 0;
  auto group = pointers_to(reads);
  REQUIRE_FALSE(
      session->run(group, [&](const QuickRead& read) { CHECK(&read == &reads[finished++]); }));
  CHECK(group.empty());
  CHECK(finished == reads.size());
  for (std::int64_t i = 1; i <= 32; ++i) {
    CHECK(value_of(reads[static_cast<std::size_t>(i - 1)]) == 100 / i);
  }
}

TEST_CASE("a read that fails keeps its failure to itself") {
  const auto session = open_session();
  std::vector<QuickRead> reads;
  for (const std::int64_t divisor : {4, 0, 5, 0, 10}) {
    reads.push_back(read_of(quotient, divisor));
  }
  reads.push_back(read_of(no_table, 1));
  reads.push_back(read_of(quotient, 20));
  for (int round = 0; round < 2; ++round) {
    auto group = pointers_to(reads);
    REQUIRE_FALSE(session->run(group, [](const QuickRead&) {}));
    CHECK(group.empty());
    CHECK(value_of(reads[0]) == 25);
    CHECK(reads[1].failure->kind == Kind::bad_value);
    CHECK(value_of(reads[2]) == 20);
    CHECK(reads[3].failure->kind == Kind::bad_value);
    CHECK(value_of(reads[4]) == 10);
    CHECK(reads[5].failure->kind == Kind::not_migrated);
    CHECK(value_of(reads[6]) == 5);
    CHECK(session->usable());
    for (QuickRead& read : reads) {
      read.rows.reset();
      read.failure.reset();
      read.finished = false;
    }
  }
}

TEST_CASE("a group waits for a lock once, not once for each of its reads") {
  const auto url = PrivatePostgres::shared().create_database();
  query(url, "CREATE TABLE locked (n bigint)");
  auto session = QuickSession::open(url, read_limits);
  REQUIRE(session);
  const Statement count{"count", "SELECT count(*) + $1::bigint FROM public.locked"};
  std::vector<QuickRead> reads;
  for (std::int64_t i = 0; i < 8; ++i) {
    reads.push_back(read_of(count, i));
  }
  auto group = pointers_to(reads);
  const auto ignore = [](const QuickRead&) {};
  {
    const harness::OpenTransaction held(url, "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
    const auto began = std::chrono::steady_clock::now();
    const auto failure = (*session)->run(group, ignore);
    CHECK(std::chrono::steady_clock::now() - began < 4 * read_limits.lock);
    REQUIRE(failure);
    CHECK(failure->kind == Kind::busy);
    CHECK(reads[0].failure->kind == Kind::busy);
    CHECK(group.size() == 7);
  }
  REQUIRE_FALSE((*session)->run(group, ignore));
  CHECK(value_of(reads[7]) == 7);
}

TEST_CASE("a session that lost its statements is not used any more, and its reads are unfinished") {
  const auto session = open_session();
  const Statement loss{"loss", "DEALLOCATE ALL"};
  QuickRead before = read_of(quotient, 2);
  QuickRead losing{.statement = loss, .arguments = {}};
  QuickRead after = read_of(quotient, 2);
  const auto ignore = [](const QuickRead&) {};
  const auto run = [&](QuickRead& read) {
    std::vector<QuickRead*> group{&read};
    return session->run(group, ignore);
  };
  REQUIRE_FALSE(run(before));
  CHECK(session->usable());
  run(losing);
  CHECK(run(after));
  CHECK_FALSE(after.finished);
  CHECK_FALSE(session->usable());
}

TEST_CASE("who waits goes with the next group, 32 reads at most") {
  HeldGroups held;
  QuickReads reads({1, quick_group_reads_max}, held.run());
  std::vector<std::jthread> threads;
  std::atomic<int> done{0};
  const auto start = [&] {
    threads.emplace_back([&] {
      QuickRead read = read_of(quotient, 1);
      reads.run(read);
      CHECK(read.finished);
      ++done;
    });
  };
  start();
  REQUIRE(harness::eventually([&] { return held.begun == 1; }));
  const auto others = quick_group_reads_max + 2;
  for (std::size_t i = 0; i < others; ++i) {
    start();
  }
  REQUIRE(harness::eventually([&] { return reads.waiting() == others; }));
  held.go.count_down();
  threads.clear();
  CHECK(done == static_cast<int>(others) + 1);
  CHECK(held.sizes == std::vector<std::size_t>{quick_group_reads_max, 3});
}

TEST_CASE("a read waits for a group for a while, not for ever") {
  HeldGroups held;
  QuickReads reads({1, quick_group_reads_max}, held.run());
  std::jthread leader([&] {
    QuickRead read = read_of(quotient, 1);
    reads.run(read);
    CHECK(read.finished);
  });
  REQUIRE(harness::eventually([&] { return held.begun == 1; }));
  QuickRead late = read_of(quotient, 1);
  reads.run(late);
  REQUIRE(late.failure);
  CHECK(late.failure->kind == Kind::busy);
  CHECK(reads.waiting() == 0);
  held.go.count_down();
}

TEST_CASE("a group that gets no session fails as a whole, and the next one is led") {
  std::atomic<int> groups{0};
  QuickReads reads({1, quick_group_reads_max},
                   [&](const QuickReads::FormGroup& form_group, const QuickReads::OnFinished&) {
                     ++groups;
                     form_group();
                     return std::optional(DatabaseError{Kind::unavailable, "away"});
                   });
  std::vector<std::jthread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] {
      QuickRead read = read_of(quotient, 1);
      reads.run(read);
      REQUIRE(read.failure);
      CHECK(read.failure->detail == "away");
    });
  }
  threads.clear();
  CHECK(groups >= 4);
  CHECK(reads.waiting() == 0);
}

TEST_CASE("both kinds of sessions share the pool's places") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, VSIM_SOURCE_DIR "/schema"));
  for (const std::size_t connections_max : {1U, 2U, 3U}) {
    CAPTURE(connections_max);
    ConnectionPool pool(url, connections_max);
    std::atomic<bool> over{false};
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        for (int round = 0; round < 5; ++round) {
          check_read(find_server(pool, ServerId{}));
          check_read(pool.read([](Transaction& tx) { return count_servers(tx); }));
          check_read(list_servers(pool, {}, 10, 0, {}));
          check_read(list_server_events(pool, ServerId{}, 10, 0));
        }
      });
    }
    std::jthread counter([&] {
      while (!over) {
        // Backends of connections that were closed a moment ago may still be there.
        CHECK(std::stoul(query_value(
                  url,
                  "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  " AND pid <> pg_backend_pid() AND state = 'active'")) <= connections_max);
      }
    });
    readers.clear();
    over = true;
  }
}

TEST_CASE("a place goes to who has waited for longest") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, VSIM_SOURCE_DIR "/schema"));
  ConnectionPool pool(url, 1);
  std::latch go{1};
  std::atomic<bool> held{false};
  std::jthread holder([&] {
    CHECK(pool.read([&](Transaction&) {
      held = true;
      go.wait();
      return 1;
    }));
  });
  REQUIRE(harness::eventually([&] { return held.load(); }));
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      CHECK(pool.read([&](Transaction&) {
        const std::lock_guard lock(mutex);
        order.push_back(i);
        return 1;
      }));
    });
    REQUIRE(harness::eventually([&] { return pool.waiting() == static_cast<std::size_t>(i) + 1; }));
  }
  go.count_down();
  threads.clear();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}
