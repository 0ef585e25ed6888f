// Goal: the floor that vsim-bench prints beside writes does each of its hops, and leaves nothing
// behind. Method: single writes on a broker and a Postgres of the test's own; what they have stored
// is counted.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/benchmark/floor.h"
#include "tests/benchmark/floor_writer.h"
#include "tests/harness/private_nats.h"
#include "tests/harness/private_postgres.h"

using namespace vsim::bench;

namespace {

std::string stream_info(const Connection& connection, const std::string& stream) {
  return request(connection, "$JS.API.STREAM.INFO." + stream, "");
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string one_value(const std::string& url, const std::string& query) {
  const Session session = open_session(url);
  const std::unique_ptr<PGresult, PostgresDeleter> rows(PQexec(session.get(), query.c_str()));
  REQUIRE(PQntuples(rows.get()) == 1);
  return PQgetvalue(rows.get(), 0, 0);
}

}  // namespace

TEST_CASE("a write of the floor stores a command, its events and a row, and is told") {
  harness::PrivateNats nats;
  const std::string url = harness::PrivatePostgres::shared().create_database();
  const Connection connection = connect(nats.url(), true);
  std::string commands;
  {
    const FloorStores stores(nats.url(), url);
    SessionPool sessions(stores, 1);
    FloorWriter writer(*connection, sessions, stores, 0);
    FloorWriter other(*connection, sessions, stores, 1);
    writer.create();
    other.create();
    writer.act();
    writer.act();
    other.act();
    commands = stores.commands();
    CHECK(holds(stream_info(connection, commands), "\"messages\":5,"));
    CHECK(holds(stream_info(connection, stores.events()), "\"messages\":7,"));  // 2 x 2 and 3
    // A create has a row of its own, an action that of its server.
    CHECK(one_value(url, "SELECT count(*) FROM " + stores.table()) == "4");
  }
  CHECK(holds(stream_info(connection, commands), "stream not found"));
  CHECK(one_value(url, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'vsimbench%'") == "0");
}

TEST_CASE("as many writers as are asked for write at once, and each write counts") {
  harness::PrivateNats nats;
  const std::string url = harness::PrivatePostgres::shared().create_database();
  for (const FloorOf what : {FloorOf::create, FloorOf::action}) {
    // At once over: each writer comes to one write, however slow the machine is.
    const LoadResult result = run_floor(what, nats.url(), url, 9, std::chrono::milliseconds(1));
    CHECK(result.errors.empty());
    CHECK(result.series.find("floor")->second.samples.count() >= 9);
    CHECK(result.per_second("floor") > 0);
  }
}
