// Goal: what a batch writes does not depend on its shape: a statement with a part for each table
// that has rows writes what the one for any batch writes. Method: one log in batches of several
// sizes into a real Postgres each, by statements of their own or by the one for any batch; then the
// tables' checksums.

#include <doctest/doctest.h>

#include "eventstore/memory_store.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/projection_tables.h"
#include "tests/harness/private_postgres.h"
#include "tests/integration/sample_log.h"
#include "tests/integration/table_checksums.h"

using namespace vsim;
using namespace vsim::read_model;
using harness::PrivatePostgres;
using samples::table_checksums;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

constexpr std::size_t no_limit = 1000;

std::vector<eventstore::Message> sample_log() {
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  samples::fill(log, 60, 2000);
  return samples::all_of(store);
}

const std::vector<eventstore::Message>& log_of_servers() {
  static const auto log = sample_log();
  return log;
}

struct Written {
  std::map<std::string, std::string> sums;
  std::size_t statements = 0;  // that were prepared for batches
};

void write(Session& session, std::size_t batch_messages, std::size_t shapes_max) {
  BatchWriter writer(shapes_max);
  StreamSequence previous = 0;
  const std::span log(log_of_servers());
  for (std::size_t first = 0; first < log.size(); first += batch_messages) {
    const auto messages = log.subspan(first, std::min(batch_messages, log.size() - first));
    ProjectionBatch batch;
    for (const auto& message : messages) {
      REQUIRE(batch.add(messages::decode_event(message).value(), message.sequence).empty());
    }
    const auto& last = messages.back();
    const Checkpoint next{last.sequence, messages::sha256_hex(last.payload), 0};
    const BoundedWait wait(session);
    pqxx::work tx(wait.connection());
    REQUIRE(writer.apply(tx, batch, previous, next));
    tx.commit();
    previous = next.sequence;
  }
}

Written write_log(std::size_t batch_messages, std::size_t shapes_max) {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  const auto session = open_session(url, write_limits, "SET synchronous_commit TO off");
  prepare(*session, projection_statements());
  {
    const BoundedWait wait(*session);
    pqxx::work tx(wait.connection());
    put_catalogue(tx, messages::load_catalogue(schema_dir).value());
    tx.exec("INSERT INTO projection_checkpoint VALUES ('EVENTS', 0, '', 0)");
    tx.commit();
  }
  write(*session, batch_messages, shapes_max);
  const BoundedWait wait(*session);
  pqxx::nontransaction tx(wait.connection());
  const auto prepared =
      tx.exec("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'apply_events%'");
  return {table_checksums(url), integer_of<std::size_t>(prepared[0][0])};
}

const Written& by_any_shape() {
  static const Written written = write_log(100, 0);
  return written;
}

}  // namespace

TEST_CASE("batches of any size, by statements of their shapes, write the same rows") {
  REQUIRE(by_any_shape().sums.size() == 14);
  CHECK(by_any_shape().statements == 1);
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{5}, few_rows_max,
                                 few_rows_max + 1, std::size_t{1000}}) {
    CAPTURE(size);
    const auto written = write_log(size, no_limit);
    CHECK(written.statements > 1);
    for (const auto& [table, sum] : by_any_shape().sums) {
      CAPTURE(table);
      CHECK(written.sums.at(table) == sum);
    }
  }
}

TEST_CASE("a writer prepares so many shapes, and one more that takes what comes beyond them") {
  const auto all = write_log(1, no_limit).statements;
  REQUIRE(all > 2);
  for (const std::size_t shapes_max : {std::size_t{0}, std::size_t{1}, all - 1, all}) {
    CAPTURE(shapes_max);
    const auto written = write_log(1, shapes_max);
    CHECK(written.statements == std::min(shapes_max + 1, all));
    CHECK(written.sums == by_any_shape().sums);
  }
}

TEST_CASE("a batch that comes too late writes nothing, whatever its shape") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(apply_migrations(url, schema_dir));
  const auto session = open_session(url, write_limits);
  {
    const BoundedWait wait(*session);
    pqxx::work tx(wait.connection());
    tx.exec("INSERT INTO projection_checkpoint VALUES ('EVENTS', 9, 'x', 0)");
    tx.commit();
  }
  const auto before = table_checksums(url);
  for (const std::size_t size : {std::size_t{1}, few_rows_max, few_rows_max + 1}) {
    CAPTURE(size);
    ProjectionBatch batch;
    std::size_t added = 0;
    for (const auto& message : log_of_servers()) {
      if (messages::parse_server_events_subject(message.subject) && added < size) {
        REQUIRE(batch.add(messages::decode_event(message).value(), message.sequence).empty());
        ++added;
      }
    }
    REQUIRE(batch.events.size() == size);
    BatchWriter writer;
    const BoundedWait wait(*session);
    pqxx::nontransaction tx(wait.connection());
    CHECK(!writer.apply(tx, batch, 8, {10, "y", 0}));
    CHECK(table_checksums(url) == before);
  }
}
