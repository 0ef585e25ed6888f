// Goal: accepted commands show as PENDING until their outcome is known, and never again after it.
// Method: a journal and a log in memory, both projectors on one real Postgres, in either order.

#include "workers/journal_projector.h"

#include <doctest/doctest.h>

#include "eventstore/memory_store.h"
#include "schema/messages/catalogue_files.h"
#include "schema/read_model/migrations.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_postgres.h"
#include "tests/integration/sample_log.h"

using namespace vsim;
using namespace std::chrono_literals;
using harness::eventually;
using harness::PrivatePostgres;
using harness::query_value;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

// A command as republishing copies it from COMMANDS.
void journal(eventstore::EventStore& store, const std::string& rest, const std::string& payload,
             std::uint64_t sequence, const std::string& command_id) {
  eventstore::Append copy{"vsim.journal." + rest, payload, {}, std::nullopt};
  copy.headers = {{"Nats-Stream", "COMMANDS"},
                  {"Nats-Subject", "vsim.cmd." + rest},
                  {"Nats-Sequence", std::to_string(sequence)},
                  {"Nats-Time-Stamp", "2026-03-01T12:00:00.123456789Z"},
                  {"Vsim-Actor", "api"},
                  {"Vsim-Correlation-Id", "request-9"},
                  {"Vsim-Request-Hash", "hash"}};
  if (!command_id.empty()) {
    copy.headers.push_back({"Vsim-Command-Id", command_id});
  }
  REQUIRE(store.append(std::span(&copy, 1)));
}

struct Journal {
  telemetry::Metrics metrics;
  eventstore::MemoryStore nothing_waits;
  workers::JournalProjector projector;
  std::jthread thread;

  Journal(eventstore::EventStore& store, const std::string& url)
      : Journal(store, nothing_waits, url) {}
  Journal(eventstore::EventStore& store, eventstore::EventStore& queue, const std::string& url)
      : projector(store, queue, url, metrics),
        thread([this](std::stop_token stop) { projector.run(stop); }) {}

  bool reached(StreamSequence sequence) {
    return eventually([&] { return projector.status().checkpoint == sequence; });
  }
};

struct Events {
  telemetry::Metrics metrics;
  workers::Projector projector;
  std::jthread thread;

  Events(eventstore::EventStore& store, const std::string& url)
      : projector(
            store, {url, schema_dir}, messages::load_catalogue(schema_dir).value(), [](auto) {},
            metrics),
        thread([this](std::stop_token stop) { projector.run(stop); }) {}

  bool reached(StreamSequence sequence) {
    return eventually([&] { return projector.status().checkpoint == sequence; });
  }
};

std::string operation(const std::string& url, const std::string& id) {
  return query_value(url,
                     "SELECT coalesce((SELECT type || ' ' || status FROM vsim.operations"
                     " WHERE id = '" +
                         id + "'), 'none')");
}

}  // namespace

TEST_CASE("an accepted command is PENDING until its outcome, whichever is projected first") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(read_model::apply_migrations(url, schema_dir));
  eventstore::MemoryStore commands;
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  const auto cause = log.next_cause("stop");  // of a rejection that is projected before the journal
  const auto id = cause.command.to_string();
  samples::Sample nobody{ServerId{samples::some_uuid(1)}, samples::us, {}};
  log.record(nobody, CommandRejected{{RejectionCode::not_found, "no"}}, cause);
  auto sample = log.create(samples::us, samples::blueprint("web", {1}));
  const auto stop = log.next_cause("stop");
  const auto later = log.next_cause("terminate");
  const auto server = sample.id.to_string();

  Events events(store, url);
  REQUIRE(events.reached(3));
  CHECK(operation(url, id) == "stop REJECTED");
  journal(commands, "us-east-1." + nobody.id.to_string(), R"({"type":"stop"})", 1, id);
  journal(commands, "us-east-1." + server, R"({"type":"stop"})", 3, stop.command.to_string());
  journal(commands, "us-east-1." + server, R"({"type":"terminate"})", 4, later.command.to_string());
  Journal accepted(commands, url);
  REQUIRE(accepted.reached(3));
  CHECK(operation(url, id) == "stop REJECTED");
  CHECK(operation(url, stop.command.to_string()) == "stop PENDING");
  CHECK(query_value(url,
                    "SELECT server_id || ' ' || command_sequence || ' ' || event_sequence ||"
                    " ' ' || actor || ' ' || correlation_id || ' ' || request_hash"
                    " FROM vsim.operations WHERE status = 'PENDING' ORDER BY 1 LIMIT 1") ==
        server + " 3 0 api request-9 hash");
  CHECK(query_value(url,
                    "SELECT command_sequence FROM vsim.projection_checkpoint"
                    " WHERE stream = 'JOURNAL'") == "4");

  log.record(sample, ServerStarted{Status::pending});
  log.record(sample, ServerStopping{Status::running, log.now()}, stop);
  log.record(sample, CommandRejected{{RejectionCode::invalid_transition, "no"}}, later);
  REQUIRE(events.reached(6));
  CHECK(operation(url, stop.command.to_string()) == "stop SUCCEEDED");
  CHECK(operation(url, later.command.to_string()) == "terminate REJECTED");

  // A copy of the command once more, as a replay makes it: the outcome stays.
  journal(commands, "us-east-1." + server, R"({"type":"stop"})", 9, stop.command.to_string());
  REQUIRE(accepted.reached(4));
  CHECK(operation(url, stop.command.to_string()) == "stop SUCCEEDED");
}

TEST_CASE("what cannot be read in the journal is skipped and counted") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(read_model::apply_migrations(url, schema_dir));
  eventstore::MemoryStore commands;
  const auto server = samples::some_uuid(1).to_string();
  journal(commands, "us-east-1." + server, "no JSON", 1, "");
  journal(commands, "us-east-1." + server, R"({"type":"dance"})", 2, "");
  journal(commands, "nobody", R"({"type":"stop"})", 3, "");
  journal(commands, "us-east-1." + server, std::string(60000, '\0'), 4, "");
  journal(commands, "us-east-1." + server, R"({"type":"stop"})", 5, "");
  journal(commands, "us-east-1._pool", R"({"type":"extend_pool","cidr":"10.1.0.0/24"})", 6, "");
  Journal accepted(commands, url);
  REQUIRE(accepted.reached(6));
  CHECK(query_value(url,
                    "SELECT string_agg(type, ',' ORDER BY command_sequence)"
                    " FROM vsim.operations") == "stop,extend_pool");
  CHECK(accepted.metrics.text().find("vsim_journal_unreadable_total 4") != std::string::npos);
}

TEST_CASE("the journal's projector waits for the tables, and outlives their loss") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore commands;
  eventstore::MemoryStore store;
  const auto server = samples::some_uuid(1).to_string();
  journal(commands, "us-east-1." + server, R"({"type":"stop"})", 1, "");
  Journal accepted(commands, url);
  CHECK(eventually([&] {
    return accepted.projector.status().reason.find("vsimctl migrate") != std::string::npos;
  }));
  Events events(store, url);
  REQUIRE(accepted.reached(1));
  harness::query(url, "DROP SCHEMA vsim CASCADE");
  // Nothing comes in: both projectors notice by themselves.
  CHECK(eventually(
      [&] {
        return query_value(url, "SELECT to_regclass('vsim.operations')") != "NULL" &&
               query_value(url, "SELECT count(*) FROM vsim.operations") == "1";
      },
      20s));
}

TEST_CASE("a journal made anew is read from its beginning") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(read_model::apply_migrations(url, schema_dir));
  const auto server = samples::some_uuid(1).to_string();
  {
    eventstore::MemoryStore commands;
    for (std::uint64_t i = 1; i <= 5; ++i) {
      journal(commands, "us-east-1." + server, R"({"type":"stop"})", i, "");
    }
    Journal accepted(commands, url);
    REQUIRE(accepted.reached(5));
  }
  eventstore::MemoryStore anew;
  journal(anew, "us-east-1." + server, R"({"type":"stop"})", 100, "");
  Journal accepted(anew, url);
  REQUIRE(accepted.reached(1));
  CHECK(query_value(url, "SELECT count(*) FROM vsim.operations") == "6");
}

TEST_CASE("a journal made anew is recognised by what stands at the checkpoint (20, D.19)") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(read_model::apply_migrations(url, schema_dir));
  const auto server = samples::some_uuid(1).to_string();
  const auto fill = [&](eventstore::MemoryStore& store, std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      journal(store, "us-east-1." + server, R"({"type":"stop"})", i, "");
    }
  };
  const auto operations = [&] { return query_value(url, "SELECT count(*) FROM vsim.operations"); };
  eventstore::MemoryStore first;
  fill(first, 1, 3);
  {
    Journal accepted(first, url);
    REQUIRE(accepted.reached(3));
  }
  eventstore::MemoryStore anew;  // longer by now than the first one was
  fill(anew, 100, 5);
  {
    Journal accepted(anew, url);
    REQUIRE(accepted.reached(5));
    CHECK(operations() == "8");
  }
  harness::query(url, "DELETE FROM vsim.operations");
  Journal again(anew, url);  // the same one is not read anew
  fill(anew, 105, 1);
  REQUIRE(again.reached(6));
  CHECK(operations() == "1");
}

TEST_CASE("what waits in the queue is PENDING though the journal made anew has no copy of it") {
  const auto url = PrivatePostgres::shared().create_database();
  REQUIRE(read_model::apply_migrations(url, schema_dir));
  const auto command = [](int number) {
    return samples::some_uuid(static_cast<std::uint64_t>(number)).to_string();
  };
  eventstore::MemoryStore queue;
  for (int number = 1; number <= 2; ++number) {
    const eventstore::Append waiting{"vsim.cmd.us-east-1." + samples::some_uuid(9).to_string(),
                                     R"({"type":"stop"})",
                                     {{"Vsim-Command-Id", command(number)}},
                                     std::nullopt};
    REQUIRE(queue.append(std::span(&waiting, 1)));
  }
  eventstore::MemoryStore anew;
  journal(anew, "us-east-1." + samples::some_uuid(8).to_string(), R"({"type":"stop"})", 3,
          command(3));
  Journal accepted(anew, queue, url);
  REQUIRE(accepted.reached(1));
  for (int number = 1; number <= 3; ++number) {
    CHECK(operation(url, command(number)) == "stop PENDING");
  }
}
