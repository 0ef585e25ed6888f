// Goal: read models that are loaded in bulk are those that the projector makes, to the row, and a
// swap brings along what is not made from EVENTS. Method: one log, twice into a real Postgres, by a
// projector and by a load; then the tables' checksums, indexes and constraints.

#include "schema/read_model/next_model.h"

#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "eventstore/memory_store.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/sha256.h"
#include "schema/read_model/live_hold.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/projection_writer.h"
#include "tests/harness/database.h"
#include "tests/harness/private_postgres.h"
#include "tests/integration/sample_log.h"
#include "tests/integration/table_checksums.h"

using namespace vsim;
using namespace vsim::read_model;
using harness::PrivatePostgres;
using harness::query;
using harness::query_value;
using samples::all_of;
using samples::table_checksums;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

Catalogue catalogue() { return messages::load_catalogue(schema_dir).value(); }

template <typename T>
T must(DbResult<T> result) {
  if (!result) {
    FAIL(result.error().detail);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

void add(ProjectionBatch& batch, const eventstore::Message& message) {
  REQUIRE(batch.add(messages::decode_event(message).value(), message.sequence).empty());
}

Checkpoint checkpoint_at(const eventstore::Message& message) {
  return {message.sequence, messages::sha256_hex(message.payload), 0};
}

/// What the ordinary writer makes of the log, in the live schema.
void project(const std::string& url, const std::vector<eventstore::Message>& log) {
  must(apply_migrations(url, schema_dir));
  const auto writer = must(ProjectionWriter::open(url, Projection::events));
  must(writer->put_catalogue(catalogue()));
  StreamSequence previous = must(writer->checkpoint()).sequence;
  for (std::size_t first = 0; first < log.size(); first += 100) {
    ProjectionBatch batch;
    const std::size_t end = std::min(first + 100, log.size());
    for (std::size_t i = first; i < end; ++i) {
      add(batch, log[i]);
    }
    const auto next = checkpoint_at(log[end - 1]);
    REQUIRE(must(writer->apply(std::move(batch), previous, next)));
    previous = next.sequence;
  }
}

std::unique_ptr<NextModel> begin(const std::string& url,
                                 std::size_t servers_in_memory = servers_in_memory_max) {
  return must(NextModel::begin(url, schema_dir, rebuild_schema, catalogue(), servers_in_memory));
}

/// The first `loaded` messages in bulk, the rest as they come.
std::unique_ptr<NextModel> make(const std::string& url, const std::vector<eventstore::Message>& log,
                                std::size_t loaded,
                                std::size_t servers_in_memory = servers_in_memory_max) {
  auto model = begin(url, servers_in_memory);
  ProjectionBatch batch;
  for (std::size_t i = 0; i < loaded; ++i) {
    add(batch, log[i]);
    if (i % 50 == 0) {
      must(model->load(batch));
    }
  }
  must(model->finish_load(std::move(batch),
                          loaded == 0 ? Checkpoint{} : checkpoint_at(log[loaded - 1])));
  for (std::size_t i = loaded; i < log.size(); ++i) {
    ProjectionBatch one;
    add(one, log[i]);
    must(model->apply(std::move(one), checkpoint_at(log[i])));
  }
  return model;
}

void swap(const std::string& url, bool pending = true) {
  const auto hold = must(LiveHold::take(url));
  must(hold->swap_in(rebuild_schema, pending));
  CHECK(must(drop_replaced_model(url)));
}

/// Tables, columns, indexes and constraints of the live schema.
std::vector<harness::Row> shape_of(const std::string& url) {
  return query(
      url,
      "SELECT 'column', table_name::text, column_name::text, data_type::text || is_nullable"
      " || coalesce(column_default, '') FROM information_schema.columns"
      " WHERE table_schema = 'vsim' UNION ALL"
      " SELECT 'index', tablename, indexname, indexdef FROM pg_indexes"
      " WHERE schemaname = 'vsim' UNION ALL"
      " SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
      " FROM pg_constraint WHERE connamespace = 'vsim'::regnamespace UNION ALL"
      " SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)"
      " FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2, 3, 4");
}

eventstore::MemoryStore& sample_store() {
  static eventstore::MemoryStore store;
  static const bool filled = [] {
    samples::SampleLog log(store);
    samples::fill(log, 60, 3000);
    return true;
  }();
  REQUIRE(filled);
  return store;
}

}  // namespace

TEST_CASE("a hold lasts longer than Postgres lets a transaction be idle (issue 12, 15)") {
  const auto url = PrivatePostgres::shared().create_database();
  const auto log = all_of(sample_store());
  project(url, log);
  const auto next = make(url, log, log.size());
  auto limits = long_limits;
  limits.idle = std::chrono::seconds(1);
  const auto hold = must(LiveHold::take(url, limits));
  std::this_thread::sleep_for(3 * limits.idle);  // the length of the work that it is held for
  must(hold->swap_in(rebuild_schema, false));
  CHECK(must(drop_replaced_model(url)));
}

TEST_CASE("what is loaded in bulk equals what is projected, row for row") {
  const auto log = all_of(sample_store());
  const auto ordinary = PrivatePostgres::shared().create_database();
  project(ordinary, log);
  const auto expected = table_checksums(ordinary);
  REQUIRE(expected.size() >= 10);
  for (const std::size_t loaded : {log.size(), log.size() / 2, std::size_t{0}}) {
    CAPTURE(loaded);
    const auto url = PrivatePostgres::shared().create_database();
    const auto model = make(url, log, loaded);
    CHECK(model->checkpoint().sequence == log.back().sequence);
    swap(url);
    for (const auto& [table, sum] : expected) {
      CAPTURE(table);
      CHECK(table_checksums(url)[table] == sum);
    }
    CHECK(shape_of(url) == shape_of(ordinary));
  }
}

TEST_CASE("servers that do not fit into memory go into the table more than once, and stay once") {
  const auto log = all_of(sample_store());  // of 60 servers
  const auto ordinary = PrivatePostgres::shared().create_database();
  project(ordinary, log);
  const auto expected = table_checksums(ordinary);
  for (const std::size_t in_memory :
       {std::size_t{0}, std::size_t{1}, std::size_t{59}, std::size_t{60}}) {
    CAPTURE(in_memory);
    const auto url = PrivatePostgres::shared().create_database();
    const auto model = make(url, log, log.size(), in_memory);
    swap(url);
    CHECK(table_checksums(url) == expected);
    CHECK(shape_of(url) == shape_of(ordinary));
  }
}

TEST_CASE("a command with two outcomes keeps the last one") {
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  log.start_clock(1, 42);
  log.extend(samples::us, {{0xC0A80A01}, {0xC0A80A0A}});
  auto sample = log.create(samples::us, samples::blueprint("web", {0xC0A80A01}));
  log.record(sample, ServerStarted{Status::pending});
  const Cause cause = log.next_cause("stop");
  log.record(sample, CommandPurged{}, cause);
  for (int i = 0; i < 200; ++i) {
    log.record(sample, CommandRejected{{RejectionCode::invalid_transition, "no"}},
               log.next_cause("start"));
  }
  Cause replay = log.next_cause("stop");  // the same command, put into the queue again
  replay.command = cause.command;
  log.record(sample, ServerStopping{Status::running, log.now()}, replay);
  const auto url = PrivatePostgres::shared().create_database();
  const auto messages = all_of(store);
  const auto model = make(url, messages, messages.size());
  swap(url);
  CHECK(query(url, "SELECT status FROM vsim.operations WHERE id = '" + cause.command.to_string() +
                       "'") == std::vector<harness::Row>{{"SUCCEEDED"}});
}

TEST_CASE("a swap brings PENDING operations and JOURNAL's checkpoint along, and outcomes win") {
  const auto log = all_of(sample_store());
  const auto url = PrivatePostgres::shared().create_database();
  project(url, {log.begin(), log.begin() + 500});
  const std::string decided = query_value(url, "SELECT min(id::text) FROM vsim.operations");
  const std::string waiting = "00000000-0000-7000-8000-00000000aaaa";
  query(url, "UPDATE vsim.operations SET status = 'PENDING', event_sequence = 0 WHERE id = '" +
                 decided + "'");
  query(url, "INSERT INTO vsim.operations SELECT '" + waiting +
                 "', 999, 0, 0, server_id, NULL, 'PENDING', type, region, '', '', '', '', '',"
                 " NULL, 'default'"
                 " FROM vsim.operations LIMIT 1");
  query(url, "INSERT INTO vsim.projection_checkpoint VALUES ('JOURNAL', 17, 'x', 999)");
  const auto status_of = [&](const std::string& id) {
    return query_value(url, "SELECT status FROM vsim.operations WHERE id = '" + id + "'");
  };

  auto model = make(url, log, log.size());
  swap(url);
  CHECK(status_of(waiting) == "PENDING");
  CHECK(status_of(decided) != "PENDING");
  CHECK(query_value(url,
                    "SELECT sequence || ' ' || command_sequence FROM"
                    " vsim.projection_checkpoint WHERE stream = 'JOURNAL'") == "17 999");

  model.reset();
  model = make(url, log, log.size());
  swap(url, false);  // of another log: JOURNAL is read anew
  CHECK(query(url, "SELECT 1 FROM vsim.operations WHERE status = 'PENDING'").empty());
  CHECK(query(url, "SELECT 1 FROM vsim.projection_checkpoint WHERE stream = 'JOURNAL'").empty());
}

TEST_CASE("only one session makes new read models, and its end leaves nothing") {
  const auto url = PrivatePostgres::shared().create_database();
  auto model = begin(url);
  const auto second = NextModel::begin(url, schema_dir, rebuild_schema, catalogue());
  REQUIRE(!second);
  CHECK(second.error().detail.find("another session is making schema vsim_next") !=
        std::string::npos);
  model.reset();
  CHECK(query_value(url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'vsim_next'") == "0");
}

TEST_CASE("what a killed attempt has left is made anew") {
  const auto log = all_of(sample_store());
  const auto url = PrivatePostgres::shared().create_database();
  query(url, "CREATE SCHEMA vsim_next");
  query(url, "CREATE TABLE vsim_next.servers (broken text)");
  query(url, "CREATE SCHEMA vsim_old");
  const auto model = make(url, log, log.size());
  swap(url);
  CHECK(query_value(url, "SELECT count(*) > 0 FROM vsim.servers") == "t");
}

TEST_CASE("a writer goes on through a swap, into the model that is live then") {
  const auto log = all_of(sample_store());
  const auto url = PrivatePostgres::shared().create_database();
  const std::vector<eventstore::Message> most(log.begin(), log.end() - 1);
  project(url, most);
  const auto writer = must(ProjectionWriter::open(url, Projection::events));
  const auto at = must(writer->checkpoint());
  const auto model = make(url, most, most.size());
  swap(url);
  ProjectionBatch batch;
  add(batch, log.back());
  CHECK(must(writer->apply(std::move(batch), at.sequence, checkpoint_at(log.back()))));
  CHECK(query_value(url, "SELECT sequence FROM vsim.projection_checkpoint") ==
        std::to_string(log.back().sequence));
}
