// Goal (issue 12, 15): every wait for Postgres ends, with an error that names its kind; while it is
// known to be silent, callers get the error at once; long work that makes progress goes on.
// Method: a real Postgres whose processes are all stopped (SIGSTOP), whose tables are locked, that
// works for longer than any wait may be.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "domain/ids.h"
#include "schema/read_model/database.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/outbox.h"
#include "schema/read_model/projection_writer.h"
#include "schema/read_model/servers.h"
#include "schema/read_model/session_lock.h"
#include "schema/read_model/wait_limits.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/postgres_faults.h"
#include "tests/harness/private_postgres.h"
#include "tests/harness/scratch_dir.h"

using namespace vsim;
using namespace vsim::read_model;
using namespace std::chrono_literals;
using harness::PrivatePostgres;
using harness::query;
using Clock = std::chrono::steady_clock;
using Kind = DatabaseError::Kind;
namespace fs = std::filesystem;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";
constexpr auto busy_machine = 3s;

/// By a quick read, and by one of libpqxx: each has sessions of its own.
DbResult<bool> find_nobody(ConnectionPool& pool) {
  return find_server(pool, ServerId{}).map([](const auto& found) { return found.has_value(); });
}
DbResult<bool> find_overdue(ConnectionPool& pool) {
  return pool.read([](Transaction& tx) { return count_overdue(tx, Instant{}).all > 0; });
}

/// What `ask` gives, and that it came within `most`.
template <typename Ask>
auto within(std::chrono::milliseconds most, Ask&& ask) {
  const auto began = Clock::now();
  auto answer = ask();
  CHECK(Clock::now() - began < most);
  return answer;
}

}  // namespace

TEST_CASE("a pool gives up a frozen Postgres once, tells others at once, and heals") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  ConnectionPool pool(url, 2);
  auto find = find_nobody;
  SUBCASE("by quick reads") {}
  SUBCASE("by others") { find = find_overdue; }
  REQUIRE(find(pool));
  {
    const harness::FrozenPostgres frozen(postgres);
    const auto first = within(read_limits.answer + busy_machine, [&] { return find(pool); });
    REQUIRE_FALSE(first);
    CHECK(first.error().kind == Kind::unavailable);
    CHECK(first.error().silent);
    CHECK(first.error().detail.find("no answer in time") != std::string::npos);
    within(500ms, [&] { return find(pool); });
    // One at a time asks whether it is back; that takes as long as connecting may.
    std::this_thread::sleep_for(silence_kept);
    std::vector<std::jthread> callers;
    std::atomic<int> prompt{0};
    for (int i = 0; i < 20; ++i) {
      callers.emplace_back([&] {
        const auto began = Clock::now();
        CHECK_FALSE(find(pool));
        if (Clock::now() - began < 1s) {
          ++prompt;
        }
      });
    }
    callers.clear();
    CHECK(prompt >= 18);
  }
  CHECK(harness::eventually([&] { return find(pool).has_value(); }));
}

TEST_CASE("a writer and an outbox give a frozen Postgres up, a lock is only not known") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  auto writer = ProjectionWriter::open(url, Projection::events);
  REQUIRE(writer);
  Outbox outbox(url);
  REQUIRE(outbox.list(1));
  SessionLock lock(url, timekeeper_lock);
  CHECK(lock.state() == SessionLock::State::held);
  {
    const harness::FrozenPostgres frozen(postgres);
    std::jthread other([&] {
      const auto listed =
          within(write_limits.answer + busy_machine, [&] { return outbox.list(1); });
      CHECK((!listed && listed.error().silent));
    });
    const auto stored =
        within(write_limits.answer + busy_machine, [&] { return (*writer)->checkpoint(); });
    REQUIRE_FALSE(stored);
    CHECK(stored.error().silent);
    CHECK(within(500ms, [&] { return lock.state(); }) == SessionLock::State::unavailable);
  }
  CHECK(harness::eventually([&] { return lock.state() == SessionLock::State::held; }));
  CHECK(harness::eventually([&] { return outbox.list(1).has_value(); }));
}

TEST_CASE("a statement that waits for a lock is busy, and the session stays") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  ConnectionPool pool(url, 1);
  REQUIRE(find_nobody(pool));
  auto writer = ProjectionWriter::open(url, Projection::events);
  REQUIRE(writer);
  {
    const harness::OpenTransaction held(
        url, "LOCK TABLE vsim.servers, vsim.projection_checkpoint IN ACCESS EXCLUSIVE MODE");
    for (const auto find : {find_nobody, find_overdue}) {
      const auto read = within(read_limits.lock + busy_machine, [&] { return find(pool); });
      REQUIRE_FALSE(read);
      CHECK(read.error().kind == Kind::busy);
      CHECK(read.error().detail.find("holds a lock") != std::string::npos);
    }
    const auto stored =
        within(write_limits.lock + busy_machine, [&] { return (*writer)->checkpoint(); });
    REQUIRE_FALSE(stored);
    CHECK(stored.error().kind == Kind::busy);
  }
  CHECK(find_nobody(pool));
  CHECK((*writer)->checkpoint());  // the session, and so its lock, is kept
}

TEST_CASE("a read-only Postgres is read-only, whatever was to be written") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  query(url, "ALTER ROLE vsim SET default_transaction_read_only TO on");
  const auto migrated = apply_migrations(url, schema_dir);
  REQUIRE_FALSE(migrated);
  CHECK(migrated.error().kind == Kind::read_only);
  auto writer = ProjectionWriter::open(url, Projection::events);
  REQUIRE(writer);
  const auto stored = (*writer)->checkpoint();
  REQUIRE_FALSE(stored);
  CHECK(stored.error().kind == Kind::read_only);
  CHECK(stored.error().passes());
}

TEST_CASE("work on whole tables goes on for as long as Postgres works, and no longer") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  const harness::ScratchDir scratch("vsim-schema");
  fs::copy(schema_dir + "/postgres", scratch.path() + "/postgres", fs::copy_options::recursive);
  const auto seconds = std::chrono::seconds(long_limits.answer / 1s + 4).count();
  std::ofstream(scratch.path() + "/postgres/900_slow.sql") << "SELECT pg_sleep(" << seconds << ");";
  const auto slow = apply_migrations(url, scratch.path());
  CHECK_MESSAGE(slow, slow.error().detail);

  const auto other = postgres.create_database();
  std::optional<harness::FrozenPostgres> frozen;
  std::jthread freezer([&] {
    const auto sleeps = [&] {
      return query(url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").size() == 1;
    };
    harness::eventually(sleeps, 30s);
    frozen.emplace(postgres);
  });
  const auto given_up = within(2 * long_limits.answer + busy_machine,
                               [&] { return apply_migrations(other, scratch.path()); });
  freezer.join();
  frozen.reset();
  REQUIRE_FALSE(given_up);
  CHECK(given_up.error().kind == Kind::unavailable);
  CHECK(given_up.error().silent);
}

TEST_CASE("long work goes on while Postgres has no slot for who asks after it (issue 12, 15)") {
  PrivatePostgres postgres;
  const auto database = postgres.create_vsim_database();
  const auto url = postgres.url(database, "vsim_worker");
  const harness::ScratchDir scratch("vsim-schema");
  fs::copy(schema_dir + "/postgres", scratch.path() + "/postgres", fs::copy_options::recursive);
  const auto seconds = std::chrono::seconds(long_limits.answer / 1s + 4).count();
  std::ofstream(scratch.path() + "/postgres/900_slow.sql") << "SELECT pg_sleep(" << seconds << ");";
  query(postgres.url(), "ALTER ROLE vsim_worker CONNECTION LIMIT 1");
  const auto slow = apply_migrations(url, scratch.path());
  CHECK_MESSAGE(slow, slow.error().detail);
  query(postgres.url(), "ALTER ROLE vsim_worker CONNECTION LIMIT -1");
}
