// Goal: errors of Postgres are reported so that callers can act on them, and end with their cause;
// migrations are applied whole or not at all. Method: a real Postgres that is killed, migrated
// twice at once, robbed of its tables.

#include "schema/read_model/database.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "domain/ids.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/servers.h"
#include "schema/read_model/session.h"
#include "tests/harness/database.h"
#include "tests/harness/private_postgres.h"
#include "tests/harness/scratch_dir.h"

using namespace vsim;
using namespace vsim::read_model;
using namespace std::chrono_literals;
using harness::PrivatePostgres;
using harness::query;
using harness::query_value;
namespace fs = std::filesystem;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

/// By a quick read, and by one of libpqxx: each has sessions of its own.
DbResult<bool> find_nobody(ConnectionPool& pool) {
  return find_server(pool, ServerId{}).map([](const auto& found) { return found.has_value(); });
}
DbResult<bool> find_overdue(ConnectionPool& pool) {
  return pool.read([](Transaction& tx) { return count_overdue(tx, Instant{}).all > 0; });
}
constexpr std::array both_kinds{find_nobody, find_overdue};

// A copy of the schema's SQL that a test may change.
struct SchemaCopy {
  harness::ScratchDir scratch{"vsim-schema"};
  SchemaCopy() {
    fs::copy(schema_dir + "/postgres", scratch.path() + "/postgres", fs::copy_options::recursive);
  }
  void write(const std::string& name, const std::string& sql) const {
    std::ofstream(scratch.path() + "/postgres/" + name, std::ios::app) << sql;
  }
};

}  // namespace

TEST_CASE("a database without tables says that it is not migrated") {
  const auto url = PrivatePostgres::shared().create_database();
  ConnectionPool pool(url, 1);
  for (const auto find : both_kinds) {
    const auto before = find(pool);
    REQUIRE_FALSE(before);
    CHECK(before.error().kind == DatabaseError::Kind::not_migrated);
    REQUIRE(apply_migrations(url, schema_dir));
    CHECK(find(pool).value() == false);
    query(url, "DROP SCHEMA vsim CASCADE");
    CHECK(find(pool).error().kind == DatabaseError::Kind::not_migrated);
    REQUIRE(apply_migrations(url, schema_dir));
    CHECK(find(pool).value() == false);
    query(url, "DROP SCHEMA vsim CASCADE");
  }
}

TEST_CASE("connections that went stale are replaced without the caller noticing") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  ConnectionPool pool(url, 3);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::jthread> readers;
    for (std::size_t i = 0; i < 6; ++i) {
      readers.emplace_back([&, i] { CHECK(both_kinds[i % 2](pool).value() == false); });
    }
    readers.clear();
    query(url,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }
}

TEST_CASE("a session that lost its statements is replaced without the caller noticing (12, P5)") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  ConnectionPool pool(url, 1);
  REQUIRE(find_overdue(pool).value() == false);
  for (const std::string loss :
       {"DEALLOCATE ALL",  // as a pooler between us and Postgres may do
        "DEALLOCATE servers_overdue; PREPARE servers_overdue AS SELECT 1"}) {
    CAPTURE(loss);
    REQUIRE(pool.read([&](Transaction& tx) { return tx.exec(loss).size(); }));
    CHECK(find_overdue(pool).value_or(true) == false);
  }
}

TEST_CASE("a session whose preparing failed half-way is not used any more") {
  const auto url = PrivatePostgres::shared().create_database();
  const auto session = open_session(url, read_limits);
  prepare(*session, {{"one", "SELECT 1"}});
  CHECK(session->usable());
  CHECK_THROWS(prepare(*session, {{"two", "SELECT 2"}, {"one", "SELECT 3"}, {"four", "SELECT 4"}}));
  CHECK_FALSE(session->usable());
  CHECK(session->is_open());  // so the error is reported as what it is
}

TEST_CASE("a Postgres that is away is unavailable, and no more than that") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  ConnectionPool pool(url, 2);
  for (const auto find : both_kinds) {
    REQUIRE(find(pool));
    postgres.kill();
    const auto away = find(pool);
    REQUIRE_FALSE(away);
    CHECK(away.error().kind == DatabaseError::Kind::unavailable);
    CHECK_FALSE(away.error().silent);
    CHECK(away.error().detail.find('\n') == std::string::npos);
    postgres.restart();
    CHECK(find(pool));
  }
}

TEST_CASE("a query waits for a connection a while, not for ever") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  ConnectionPool pool(url, 1);
  std::jthread holder([&] {
    CHECK(pool.read([](Transaction&) { return std::this_thread::sleep_for(2500ms), 1; }));
  });
  std::this_thread::sleep_for(100ms);
  const auto begun = std::chrono::steady_clock::now();
  {
    const std::jthread other(
        [&] { CHECK(find_overdue(pool).error().kind == DatabaseError::Kind::busy); });
    CHECK(find_nobody(pool).error().kind == DatabaseError::Kind::busy);
  }
  CHECK(std::chrono::steady_clock::now() - begun < 2400ms);
}

TEST_CASE("migrations can be run again, and by many at once") {
  const auto url = PrivatePostgres::shared().create_database();
  std::atomic<int> applied = 0;
  {
    std::vector<std::jthread> migrators;
    for (int i = 0; i < 4; ++i) {
      migrators.emplace_back([&] {
        const auto report = apply_migrations(url, schema_dir);
        REQUIRE(report);
        CHECK(report->dropped_because.empty());
        applied += report->applied.empty() ? 0 : 1;
      });
    }
  }
  CHECK(applied == 1);
  CHECK(query_value(url, "SHOW search_path") == "vsim, public");
  query(url, "SELECT * FROM servers, ip_pool, operations");  // found by their bare names
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(schema_dir + "/postgres")) {
    files += entry.path().extension() == ".sql" ? 1 : 0;
  }
  CHECK(query_value(url, "SELECT count(*) FROM vsim.migrations") == std::to_string(files));
}

TEST_CASE("a file that changed after it was applied is refused by name, a new one is applied") {
  const auto url = PrivatePostgres::shared().create_database();
  const SchemaCopy copy;
  REQUIRE(apply_migrations(url, copy.scratch.path()));
  copy.write("900_more.sql", "CREATE TABLE more (id int);");
  const auto more = apply_migrations(url, copy.scratch.path());
  REQUIRE(more);
  CHECK(more->applied == std::vector<std::string>{"900_more.sql"});
  copy.write("901_broken.sql", "CREATE TABLE half (id int); CREATE TABLE more (id int);");
  const auto broken = apply_migrations(url, copy.scratch.path());
  REQUIRE_FALSE(broken);
  CHECK(broken.error().detail.find("901_broken.sql") != std::string::npos);
  CHECK(broken.error().detail.find("already exists") != std::string::npos);
  CHECK(query_value(url, "SELECT to_regclass('vsim.half')") == "NULL");
  fs::remove(copy.scratch.path() + "/postgres/901_broken.sql");
  copy.write("002_operations.sql", "-- changed\n");
  const auto changed = apply_migrations(url, copy.scratch.path());
  REQUIRE_FALSE(changed);
  CHECK(changed.error().detail.find("002_operations.sql has changed") != std::string::npos);
  const auto older = apply_migrations(url, schema_dir);
  REQUIRE_FALSE(older);
  CHECK(older.error().detail.find("900_more.sql") != std::string::npos);
  CHECK_FALSE(apply_migrations(url, "/nowhere"));
}

TEST_CASE("when a recorded table is missing, all are made anew, and the reason is reported") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  query(url, "INSERT INTO vsim.regions VALUES ('somewhere')");
  std::string because;
  SUBCASE("a table") {
    query(url, "DROP TABLE vsim.clock");
    because = "clock is missing";
  }
  SUBCASE("a view") {
    query(url, "DROP VIEW vsim.ip_pool");
    because = "ip_pool is missing";
  }
  SUBCASE("the record itself") {
    query(url, "DROP TABLE vsim.migrations");
    because = "it holds tables but no record of migrations";
  }
  const auto report = apply_migrations(url, schema_dir);
  REQUIRE(report);
  CHECK(report->dropped_because == because);
  CHECK(report->applied.size() >= 4);
  CHECK(query_value(url, "SELECT count(*) FROM vsim.regions") == "0");
}

TEST_CASE("another schema beside the live one can be made, and leaves that alone") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  REQUIRE(apply_migrations(url, schema_dir, "vsim_next"));
  CHECK(query_value(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'vsim'") ==
        query_value(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'vsim_next'"));
  CHECK(query_value(url, "SHOW search_path") == "vsim, public");
}
