// Goal: what the queries of schema/read_model give is what was written, in the order, the number
// and the pages that were asked for. Method: batches written by the real writer into a real
// Postgres.

#include <algorithm>
#include <thread>

#include <doctest/doctest.h>

#include "domain/queue_numbers.h"
#include "eventstore/memory_store.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/clock.h"
#include "schema/read_model/fleet_snapshot.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/projection_batch.h"
#include "schema/read_model/projection_writer.h"
#include "schema/read_model/regions.h"
#include "schema/read_model/server_events.h"
#include "schema/read_model/servers.h"
#include "schema/read_model/session.h"
#include "tests/harness/database.h"
#include "tests/harness/private_postgres.h"
#include "tests/integration/sample_log.h"

using namespace vsim;
using namespace vsim::read_model;
using namespace std::chrono_literals;
using harness::PrivatePostgres;
using harness::query;
using harness::query_value;
using samples::some_time;
using samples::some_uuid;

namespace {

// A migrated database with a writer, and servers made without a log.
struct Ground {
  std::string url = PrivatePostgres::shared().create_database();
  std::unique_ptr<ProjectionWriter> writer;
  ConnectionPool pool{url, 2};
  ProjectionBatch batch;
  StreamSequence sequence = 0;

  Ground() {
    REQUIRE(apply_migrations(url, VSIM_SOURCE_DIR "/schema"));
    writer = std::move(*ProjectionWriter::open(url, Projection::events));
    REQUIRE(writer->checkpoint());
  }

  void flush() {
    const auto previous = writer->checkpoint()->sequence;
    REQUIRE(writer->apply(std::move(batch), previous, {sequence, "hash", 0}).value());
    batch = {};
  }

  Event event(std::uint64_t number, const Region& region, EventData data, Instant at,
              Version version = 1) {
    ++sequence;
    const Cause cause{CommandId{some_uuid(0xc000 + sequence)}, sequence, "request-hash", "create"};
    return {{version, at, cause, {"api", "request"}, std::move(data)},
            ServerId{some_uuid(number)},
            region};
  }

  /// A server that runs since `at`.
  State add_server(
      std::uint64_t number, const Region& region, Instant at,
      const std::function<void(Blueprint&)>& change = [](Blueprint&) {}) {
    auto wanted = samples::blueprint("web-" + std::to_string(number),
                                     {0x0A000000U + static_cast<std::uint32_t>(number)});
    change(wanted);
    const auto happened = event(number, region, ServerProvisioned{wanted}, at);
    const auto state = evolve({}, happened);
    batch.add(happened, state, sequence);
    return state;
  }

  ServerPage list(const ServerFilter& filter, std::uint32_t limit = 50, std::uint64_t offset = 0,
                  const std::optional<ServerPosition>& after = std::nullopt) {
    const auto page = list_servers(pool, filter, limit, offset, after);
    REQUIRE(page);
    return *page;
  }
};

std::vector<std::string> names(const ServerPage& page) {
  std::vector<std::string> all;
  for (const auto& row : page.items) {
    all.push_back(row.name);
  }
  return all;
}

std::vector<FleetAddress> addresses_of_snapshot(const Ground& ground) {
  auto addresses = load_fleet_snapshot(ground.url).value().addresses;
  std::sort(addresses.begin(), addresses.end(), [](auto& a, auto& b) { return a.ip < b.ip; });
  return addresses;
}

}  // namespace

TEST_CASE("a server is read as it was written") {
  Ground ground;
  auto state = ground.add_server(7, samples::us, some_time(5), [](Blueprint& b) {
    b.name = "n\xC3\xA4me \"quoted\" \\ {}";
    b.tags = {{"env", "a\"b"}, {"team", "\xE2\x82\xAC"}, {"zz", ""}, {"owners", "\\n"}};
  });
  const ServerId id{some_uuid(7)};
  ground.flush();
  const auto read = [&](const ServerId& wanted) {
    return find_server(ground.pool, wanted).value();
  };
  const auto check = [&] {
    const auto expected = server_row(id, state);
    const auto found = read(id);
    REQUIRE(found);
    CHECK(found->id == expected.id);
    CHECK(found->name == expected.name);
    CHECK(found->region == expected.region);
    CHECK(found->type == expected.type);
    CHECK(found->status == expected.status);
    CHECK(found->ip == expected.ip);
    CHECK(found->profile == expected.profile);
    CHECK(found->account == expected.account);
    CHECK(found->version == expected.version);
    CHECK(found->changed_version == expected.changed_version);
    CHECK(found->created_at == expected.created_at);
    CHECK(found->updated_at == expected.updated_at);
    CHECK(found->last_started_at == expected.last_started_at);
    CHECK(found->due == expected.due);
    CHECK(found->termination_reason == expected.termination_reason);
    CHECK(found->hourly_rate == expected.hourly_rate);
    CHECK(found->bill == expected.bill);
    CHECK(found->billing.granularity == expected.billing.granularity);
    CHECK(found->billing.minimum == expected.billing.minimum);
    CHECK(found->idle_timeout == expected.idle_timeout);
    // Postgres keeps short keys first, and writes blanks.
    CHECK(found->tags_json == R"({"env":"a\"b","owners":"\\n","team":"€","zz":""})");
    CHECK(found->tags_json == expected.tags_json);
  };
  check();
  const auto live = [&](EventData data, Instant at) {
    const auto happened = ground.event(7, samples::us, std::move(data), at, state.version + 1);
    state = evolve(state, happened);
    ground.batch.add(happened, state, ground.sequence);
    ground.flush();
    check();
  };
  live(ServerStopping{Status::running, some_time(9000)}, some_time(7000));
  live(ServerStopped{Status::stopping}, some_time(9000));
  CHECK(read(id)->due);
  const auto changed = read(id)->version;
  live(CommandRejected{{RejectionCode::invalid_transition, "no"}}, some_time(9500));
  CHECK(read(id)->version == changed + 1);
  CHECK(read(id)->changed_version == changed);
  CHECK(read(id)->updated_at == some_time(9000));
  live(ServerTerminated{Status::stopped, TerminationReason::idle_timeout}, some_time(99000));
  CHECK(read(id)->termination_reason == "idle_timeout");
  CHECK_FALSE(read(ServerId{some_uuid(8)}));
}

TEST_CASE("every millisecond up to the end of simulated time is stored as it is") {
  using namespace std::chrono;
  Ground ground;
  std::uint64_t number = 0;
  for (const auto& [date, text] :
       {std::pair(2259y / 10 / 26, "2259-10-26"), std::pair(8999y / 12 / 31, "8999-12-31")}) {
    for (const auto& [fraction, digits] :
         {std::pair(735ms, "735"), std::pair(1ms, "001"), std::pair(999ms, "999")}) {
      ground.add_server(++number, samples::us, sys_days(date) + 54885s + fraction);
      ground.flush();
      CHECK(
          query_value(ground.url, "SELECT created_at AT TIME ZONE 'UTC' FROM servers WHERE id = '" +
                                      some_uuid(number).to_string() + "'") ==
          std::string(text) + " 15:14:45." + digits);
    }
  }
}

TEST_CASE("lists are newest first, ties by id, page by page") {
  Ground ground;
  for (std::uint64_t i = 0; i < 25; ++i) {
    ground.add_server(25 - i, samples::us, some_time(static_cast<std::int64_t>(i / 5) * 1000));
  }
  ground.flush();
  const auto all = ground.list({}, 50);
  CHECK(all.total == 25);
  REQUIRE(all.items.size() == 25);
  CHECK(all.items[0].name == "web-1");  // five of one instant: the lowest id first
  CHECK(all.items[4].name == "web-5");
  CHECK(all.items[24].name == "web-25");
  std::vector<std::string> walked;
  std::optional<ServerPosition> position;
  for (int pages = 0; pages < 10; ++pages) {
    auto page = ground.list({}, 3, 17, position);  // a position wins over an offset
    if (!position) {
      page = ground.list({}, 3);
    }
    CHECK(page.total == 25);
    const bool more = page.items.size() == 4;  // one more than asked for
    for (std::size_t i = 0; i < std::min<std::size_t>(3, page.items.size()); ++i) {
      walked.push_back(page.items[i].name);
      position = {page.items[i].created_at, page.items[i].id};
    }
    CHECK(more == (walked.size() < 25));
  }
  CHECK(walked == names(all));
  CHECK(names(ground.list({}, 4, 3)) ==
        std::vector<std::string>(walked.begin() + 3, walked.begin() + 8));
  CHECK(ground.list({}, 4, 1000).items.empty());
  CHECK(ground.list({}, 4, 1000).total == 25);
  CHECK(ground.list({}, 200).items.size() == 25);
  CHECK(ground.list({}, 4, 0, ServerPosition{some_time(-1), some_uuid(1).to_string()}).total == 25);
}

TEST_CASE("every combination of filters selects and counts the same servers") {
  Ground ground;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    ground.add_server(i, i % 2 == 0 ? samples::us : samples::eu, some_time(), [&](Blueprint& b) {
      b.name = "name-" + std::to_string(i % 3);
      b.instance_type = i % 5 == 0 ? "t2.small" : "t2.micro";
      b.terms.create_ends_in = i % 4 == 0 ? Status::stopped : Status::running;
      b.tags = {{"env", i % 6 == 0 ? "test" : "prod"}, {"team", "t" + std::to_string(i % 2)}};
      b.account = i % 7 < 3 ? "team-a" : "default";
    });
  }
  ground.flush();
  for (unsigned bits = 0; bits < 96; ++bits) {
    ServerFilter filter;
    if (bits >= 32) {
      filter.account = bits < 64 ? "team-a" : "default";
    }
    if ((bits & 1) != 0) {
      filter.region = "us-east-1";
    }
    if ((bits & 2) != 0) {
      filter.status = "STOPPED";
    }
    if ((bits & 4) != 0) {
      filter.type = "t2.small";
    }
    if ((bits & 8) != 0) {
      filter.name = "name-0";
    }
    if ((bits & 16) != 0) {
      filter.tags = {{"env", "test"}, {"team", "t0"}};
    }
    std::size_t expected = 0;
    for (std::uint64_t i = 1; i <= 60; ++i) {
      const bool fits = (!filter.region || i % 2 == 0) && (!filter.status || i % 4 == 0) &&
                        (!filter.type || i % 5 == 0) && (!filter.name || i % 3 == 0) &&
                        (filter.tags.empty() || (i % 6 == 0 && i % 2 == 0)) &&
                        (!filter.account || (*filter.account == "team-a") == (i % 7 < 3));
      expected += fits ? 1 : 0;
    }
    CAPTURE(bits);
    const auto page = ground.list(filter, 200);
    CHECK(page.items.size() == expected);
    CHECK(page.total == expected);
    const auto skipped = ground.list(filter, 200, 1);
    CHECK(skipped.items.size() == (expected > 0 ? expected - 1 : 0));
    CHECK(skipped.total == expected);
    CHECK(ground.list(filter, 200, 100).total == expected);
  }
  CHECK(ground.list({.region = "nowhere"}).total == 0);
  CHECK(ground.list({.account = "nobody"}).total == 0);
  CHECK(ground.list({.tags = {{"env", "te"}}}).total == 0);
  CHECK(ground.list({.name = "' OR true --"}).total == 0);
}

TEST_CASE("a page is read off the index of its filters, however the matches lie") {
  Ground ground;
  // The planner knows this table, and that a status has a third of it: it would rather walk all.
  query(ground.url,
        "INSERT INTO servers SELECT gen_random_uuid(), to_timestamp(n), to_timestamp(n), 1, 100, 0,"
        " 0, 1, 0, 'name-' || n, 'region-' || n % 2, 'type-' || n % 3,"
        " (ARRAY['RUNNING', 'STOPPED', 'TERMINATED'])[n % 3 + 1], 'standard',"
        " CASE WHEN n < 10 THEN 'team-a' WHEN n % 2 = 0 THEN 'team-b' ELSE 'default' END,"
        " '10.0.0.1', jsonb_build_object('n', n::text), NULL, NULL, NULL, NULL, 1"
        " FROM generate_series(1, 20000) AS n;"
        " ANALYZE servers");
  const auto& statements = server_page_statements();
  const auto plan_of = [&](unsigned shape, const std::string& filters) {
    const auto name = "servers_page_" + std::to_string(shape);
    const auto page = std::find_if(statements.begin(), statements.end(),
                                   [&](const Statement& each) { return each.name == name; });
    REQUIRE(page != statements.end());
    std::string plan;
    for (const auto& line : query(
             ground.url, "SET plan_cache_mode TO force_generic_plan; PREPARE page AS " + page->sql +
                             "; EXPLAIN EXECUTE page(51, 253402300799999,"
                             " '00000000-0000-0000-0000-000000000000'" +
                             filters + ")")) {
      plan += line[0] + "\n";
    }
    return plan;
  };
  const struct {
    unsigned shape;
    const char* filters;
    const char* index;
  } rows[] = {{0, "", "servers_newest"},
              {1, ", 'region-1'", "servers_by_region"},
              {2, ", 'PENDING'", "servers_by_status"},
              {3, ", 'region-1', 'PENDING'", "servers_by_status"},
              {4, ", 'type-1'", "servers_by_type"},
              {5, ", 'region-1', 'type-1'", "servers_by_type"},
              {6, ", 'PENDING', 'type-1'", "servers_by_status"},
              {8, ", 'name-1'", "servers_by_name"},
              {10, ", 'PENDING', 'name-1'", "servers_by_name"},
              {16, ", '{}'", "servers_by_tag"},
              {32, ", 'default'", "servers_newest"},
              {34, ", 'PENDING', 'default'", "servers_by_status"},
              {96, ", 'team-a'", "servers_by_account"},
              {97, ", 'region-1', 'team-a'", "servers_by_account"},
              {98, ", 'RUNNING', 'team-a'", "servers_by_account"},
              {100, ", 'type-1', 'team-a'", "servers_by_account"},
              {103, ", 'region-1', 'RUNNING', 'type-1', 'team-a'", "servers_by_account"},
              {128, ", 100", "servers_newest"},
              {130, ", 'PENDING', 100", "servers_by_status"},
              {226, ", 'RUNNING', 'team-a', 100", "servers_by_account"}};
  for (const auto& row : rows) {
    const auto plan = plan_of(row.shape, row.filters);
    CAPTURE(plan);
    CHECK(plan.find(row.index) != std::string::npos);
  }
}

TEST_CASE("logs are newest first, below a version") {
  Ground ground;
  auto state = ground.add_server(1, samples::us, some_time());
  for (int i = 0; i < 9; ++i) {
    auto happened = ground.event(1, samples::us, CommandRejected{{RejectionCode::not_found, "x"}},
                                 some_time(i), state.version + 1);
    if (i % 2 == 0) {
      happened.cause.reset();
    }
    state = evolve(state, happened);
    ground.batch.add(happened, state, ground.sequence);
  }
  ground.add_server(2, samples::us, some_time());
  ground.flush();
  const auto list = [&](std::uint32_t limit, Version before) {
    return list_server_events(ground.pool, ServerId{some_uuid(1)}, limit, before).value();
  };
  const auto all = list(100, 0);
  REQUIRE(all.size() == 10);
  CHECK(all[0].version == 10);
  CHECK(all[0].event == "command_rejected");
  CHECK(all[0].message == "Command rejected (not_found): x");
  CHECK(all[0].command_id.empty());
  CHECK_FALSE(all[1].command_id.empty());
  CHECK(all[9].version == 1);
  CHECK(all[9].event == "server_provisioned");
  CHECK(all[9].at == some_time());
  CHECK(all[9].actor == "api");
  CHECK(all[9].correlation_id == "request");
  CHECK(all[9].sequence == 1);
  const auto page = list(3, 5);
  REQUIRE(page.size() == 3);
  CHECK(page[0].version == 4);
  CHECK(page[2].version == 2);
}

TEST_CASE("an operation comes with its server, and lists by what is asked") {
  Ground ground;
  ground.add_server(1, samples::us, some_time());
  const auto accepted = CommandId{some_uuid(0xc001)};
  auto rejected = ground.event(
      2, samples::eu, CommandRejected{{RejectionCode::unknown_type, "no such type"}}, some_time(3));
  ground.batch.add(rejected, evolve({}, rejected), ground.sequence);
  ground.flush();
  const auto find = [&](const CommandId& id) {
    return ground.pool.read([&](Transaction& tx) { return find_operation(tx, id); }).value();
  };
  const auto created = find(accepted);
  REQUIRE(created);
  CHECK(created->operation.type == "create");
  CHECK(created->operation.status == "SUCCEEDED");
  CHECK(created->operation.command_sequence == 1);
  CHECK(created->operation.event_sequence == 1);
  CHECK(created->operation.version == 1);
  CHECK(created->operation.request_hash == "request-hash");
  CHECK(created->operation.decided_at == some_time());
  REQUIRE(created->server);
  CHECK(created->server->name == "web-1");
  const auto refused = find(rejected.cause->command);
  REQUIRE(refused);
  CHECK(refused->operation.status == "REJECTED");
  CHECK(refused->operation.code == "unknown_type");
  CHECK(refused->operation.detail == "no such type");
  CHECK_FALSE(refused->server);
  CHECK_FALSE(find(CommandId{some_uuid(99)}));

  for (std::uint64_t i = 3; i < 20; ++i) {
    ground.add_server(i, i % 2 == 0 ? samples::us : samples::eu, some_time());
  }
  ground.flush();
  const auto list = [&](const OperationFilter& filter, std::uint32_t limit = 50,
                        StreamSequence before = 0) {
    return ground.pool
        .read([&](Transaction& tx) { return list_operations(tx, filter, limit, before); })
        .value();
  };
  CHECK(list({}).size() == 19);
  CHECK(list({})[0].command_sequence == 19);
  CHECK(list({}, 5).size() == 5);
  CHECK(list({}, 5, 4).size() == 3);
  CHECK(list({.status = "SUCCEEDED"}).size() == 18);
  CHECK(list({.status = "REJECTED"}).size() == 1);
  CHECK(list({.status = "PENDING"}).empty());
  CHECK(list({.region = "eu-west-1"}).size() == 10);
  CHECK(list({.status = "REJECTED", .region = "us-east-1"}).empty());
  CHECK(list({.server_id = some_uuid(5).to_string()}).size() == 1);
  CHECK(list({.account = "team-a"}).empty());
  ground.add_server(20, samples::us, some_time(), [](Blueprint& b) { b.account = "team-a"; });
  ground.flush();
  CHECK(list({.account = "team-a"}).size() == 1);
  CHECK(list({.account = "team-a", .status = "SUCCEEDED", .region = "us-east-1"}).size() == 1);
  CHECK(list({.account = "team-a", .status = "REJECTED"}).empty());
  CHECK(list({.account = "default"}).size() == 19);
  CHECK(list({.account = "default", .status = "REJECTED"}).size() == 1);
  CHECK(list({}).size() == 20);
  const auto decided = [&](StreamSequence sequence) {
    return ground.pool.read([&](Transaction& tx) { return command_is_decided(tx, sequence); })
        .value();
  };
  CHECK(decided(20));
  CHECK_FALSE(decided(21));
}

namespace {

// One command for one server: its copies as JOURNAL tells of them, and its outcomes.
struct JournalledStop {
  Ground ground;
  std::unique_ptr<ProjectionWriter> journal;
  Command command;
  StreamSequence journalled = 0;

  JournalledStop() {
    journal = std::move(*ProjectionWriter::open(ground.url, Projection::journal));
    REQUIRE(journal->checkpoint());
    command.id = CommandId{some_uuid(0xc0)};
    command.server = ServerId{some_uuid(1)};
    command.region = samples::us;
    command.request_hash = "hash";
    command.action = Stop{};
  }

  void queue(const std::vector<StreamSequence>& sequences) {
    std::vector<OperationRow> rows;
    for (const auto sequence : sequences) {
      command.sequence = sequence;
      rows.push_back(pending_operation_row(command));
    }
    const Checkpoint next{journalled + 1, "hash", sequences.back()};
    REQUIRE(journal->apply_pending(rows, journalled, next).value());
    ++journalled;
  }
  void decide(EventData outcome, StreamSequence sequence) {
    command.sequence = sequence;
    auto event = ground.event(1, samples::us, std::move(outcome), some_time(), ground.sequence + 1);
    event.cause = summary_of(command).cause;
    ground.batch.add(event, evolve({}, event), ground.sequence);
    ground.flush();
  }
  std::string shown() {
    const auto found =
        ground.pool.read([&](Transaction& tx) { return find_operation(tx, command.id); }).value();
    return found->operation.status + " " + std::to_string(found->operation.command_sequence);
  }
  StreamSequence oldest() { return ground.pool.read(find_progress).value().oldest_pending; }
};

}  // namespace

TEST_CASE("what was left undone is PENDING again while a later copy waits (12.10)") {
  JournalledStop its;
  its.queue({5});
  CHECK(its.shown() == "PENDING 5");
  its.decide(CommandPurged{}, 5);
  CHECK(its.shown() == "PURGED 5");
  its.queue({5});  // the journal is read anew
  CHECK(its.shown() == "PURGED 5");
  its.queue({8});
  CHECK(its.shown() == "PENDING 8");
  its.decide(CommandPurged{}, 5);  // noted late, of the first copy
  CHECK(its.shown() == "PENDING 8");
  its.decide(CommandDeadLettered{"why"}, 8);
  CHECK(its.shown() == "DEAD_LETTERED 8");
  its.queue({11, 9});
  CHECK(its.shown() == "PENDING 11");
  its.decide(CommandRejected{{RejectionCode::not_found, "no such server"}}, 9);
  CHECK(its.shown() == "REJECTED 9");  // for good, whichever copy it was given to
  its.queue({12});
  CHECK(its.shown() == "REJECTED 9");
}

TEST_CASE("what waits again before its first copy had an outcome is pending since the first one") {
  // Else a bill would be final though a worker that holds the first copy may still decide it, at a
  // time before the later copy came (D40).
  JournalledStop its;
  its.queue({5});
  CHECK(its.oldest() == 5);
  its.queue({8});  // sent again after a purge, before the verdict
  CHECK(its.shown() == "PENDING 8");
  CHECK(its.oldest() == 5);
  its.queue({9});
  CHECK(its.oldest() == 5);
  its.decide(CommandPurged{}, 9);  // of the last one: nobody can append another outcome then
  CHECK(its.shown() == "PURGED 9");
  CHECK(its.oldest() == 0);
  its.queue({12});  // after an outcome: nobody holds an earlier one
  CHECK(its.oldest() == 12);
  its.decide(CommandRejected{{RejectionCode::not_found, "no such server"}}, 12);
  CHECK(its.oldest() == 0);
}

TEST_CASE("copies that come in one batch are pending since the first of them") {
  JournalledStop its;
  its.queue({7, 9, 6});
  CHECK(its.shown() == "PENDING 9");
  CHECK(its.oldest() == 6);
}

TEST_CASE("a command's place is kept to the last of 64 bits (issue 12, number 18)") {
  Ground ground;
  const std::vector<StreamSequence> places = {1,
                                              queue_numbers_counted - 1,
                                              queue_numbers_counted,
                                              (1ULL << 63) - 1,
                                              1ULL << 63,
                                              ~0ULL - 1,
                                              ~0ULL};
  auto journal = std::move(*ProjectionWriter::open(ground.url, Projection::journal));
  std::vector<OperationRow> rows;
  for (std::size_t i = 0; i < places.size(); ++i) {
    OperationRow row;
    row.id = some_uuid(0xd000 + i).to_string();
    row.status = "PENDING";
    row.command_sequence = places[i];
    rows.push_back(row);
  }
  REQUIRE(journal->apply_pending(rows, journal->checkpoint()->sequence, {1, "hash", 1}).value());

  const auto read = [&](auto&& query) { return ground.pool.read(query).value(); };
  CHECK(read(newest_command) == queue_numbers_counted - 1);
  const auto sorted = [](std::vector<StreamSequence> found) {
    std::sort(found.begin(), found.end());
    return found;
  };
  // Page by page, each of one row: none is left out, none comes twice.
  std::vector<StreamSequence> listed;
  for (StreamSequence before = 0; listed.size() <= places.size(); before = listed.back()) {
    const auto page = read([&](Transaction& tx) { return list_operations(tx, {}, 1, before); });
    if (page.empty()) {
      break;
    }
    listed.push_back(page.front().command_sequence);
  }
  CHECK(sorted(listed) == places);
  std::vector<StreamSequence> pending;
  for (StreamSequence after = 0; pending.size() <= places.size(); after = pending.back()) {
    const auto page = read([&](Transaction& tx) { return list_pending(tx, after, 1); });
    if (page.empty()) {
      break;
    }
    pending.push_back(page.front().command_sequence);
  }
  CHECK(sorted(pending) == places);
}

TEST_CASE("a starting worker gets addresses and deadlines of one instant, none of the dead") {
  Ground ground;
  ground.batch.add(PoolEvent{{1, some_time(), {}, {}, PoolExtended{{{{0x0A000001}, {0x0A000004}}}}},
                             samples::us},
                   ++ground.sequence);
  ground.add_server(1, samples::us, some_time());
  ground.batch.add(AddressClaimed{samples::us, {0x0A000001}, {some_uuid(1)}, some_time()}, 77);
  auto stopped = ground.add_server(2, samples::us, some_time(),
                                   [](Blueprint& b) { b.terms.create_ends_in = Status::stopped; });
  ground.batch.add(AddressClaimed{samples::us, {0x0A000002}, {some_uuid(2)}, some_time()}, 78);
  auto gone = ground.add_server(3, samples::us, some_time());
  ground.batch.add(AddressClaimed{samples::us, {0x0A000003}, {some_uuid(3)}, some_time()}, 79);
  const auto end = ground.event(
      3, samples::us, ServerTerminated{Status::running, TerminationReason::user}, some_time(9), 2);
  ground.batch.add(end, evolve(gone, end), ground.sequence);
  ground.flush();
  const auto snapshot = load_fleet_snapshot(ground.url);
  REQUIRE(snapshot);
  CHECK(snapshot->events.sequence == ground.sequence);
  REQUIRE(snapshot->addresses.size() == 4);
  auto addresses = snapshot->addresses;
  std::sort(addresses.begin(), addresses.end(), [](auto& a, auto& b) { return a.ip < b.ip; });
  CHECK(addresses[0].taken);
  CHECK(addresses[0].last_claim == 77);
  CHECK(addresses[1].taken);
  CHECK_FALSE(addresses[2].taken);
  CHECK(addresses[2].last_claim == 79);
  CHECK_FALSE(addresses[3].taken);
  CHECK(addresses[3].last_claim == 0);
  REQUIRE(snapshot->deadlines.size() == 1);
  CHECK(snapshot->deadlines[0].server == ServerId{some_uuid(2)});
  CHECK(snapshot->deadlines[0].due == stopped.server->deadline->due);

  const auto regions = ground.pool.read(list_regions);
  CHECK(regions->empty());
  Catalogue catalogue;
  catalogue.regions[samples::us] = {};
  catalogue.regions[samples::eu] = {};
  catalogue.instance_types = {{"big", {400}}, {"small", {100}}};
  REQUIRE(ground.writer->put_catalogue(catalogue));
  REQUIRE(ground.writer->put_catalogue(catalogue));
  const auto filled = ground.pool.read(list_regions).value();
  REQUIRE(filled.size() == 2);
  CHECK(filled[0].addresses_total == 0);
  CHECK(filled[1].name == "us-east-1");
  CHECK(filled[1].addresses_total == 4);
  CHECK(filled[1].addresses_free == 2);
  CHECK(ground.pool.read(list_instance_types)->at(0).name == "small");
  CHECK(query_value(ground.url, "SELECT string_agg(status, ',' ORDER BY ip) FROM ip_pool") ==
        "TAKEN,TAKEN,FREE,FREE");
  // Operators may not change a read model; what they insert goes elsewhere.
  CHECK_THROWS(query(ground.url, "UPDATE ip_pool SET server_id = NULL"));
}

TEST_CASE("a claim takes its address until it is void, wherever addresses are read (D6)") {
  Ground ground;
  const auto ip = [](std::uint32_t n) { return Ipv4{0x0A000000 + n}; };
  const auto server = [](std::uint64_t n) { return ServerId{some_uuid(n)}; };
  const auto claim = [&](std::uint64_t claimant, std::uint32_t n) {
    ground.batch.add(AddressClaimed{samples::us, ip(n), server(claimant), some_time()},
                     ++ground.sequence);
  };
  const auto live = [&](std::uint64_t number, std::uint32_t n) {
    return ground.add_server(number, samples::us, some_time(), [&](Blueprint& b) { b.ip = ip(n); });
  };
  Catalogue catalogue;
  catalogue.regions[samples::us] = {};
  REQUIRE(ground.writer->put_catalogue(catalogue));
  ground.batch.add(PoolEvent{{1, some_time(), {}, {}, PoolExtended{{{ip(1), ip(9)}}}}, samples::us},
                   ++ground.sequence);
  claim(1, 1);  // good
  live(1, 1);
  claim(2, 2);  // its server came to live with another address
  claim(2, 3);
  live(2, 3);
  claim(3, 4);  // its server was rejected
  const auto rejection = ground.event(
      3, samples::us, CommandRejected{{RejectionCode::no_free_address, "none"}}, some_time());
  ground.batch.add(rejection, evolve({}, rejection), ground.sequence);
  const auto gone = live(4, 5);
  const auto end = ground.event(
      4, samples::us, ServerTerminated{Status::running, TerminationReason::user}, some_time(9), 2);
  ground.batch.add(end, evolve(gone, end), ground.sequence);
  claim(4, 5);  // late: its server is terminated
  claim(5, 6);  // open
  const auto open_claim = ground.sequence;
  claim(3, 7);  // late, and the newest message: the next one may still make it good
  ground.flush();

  const auto pool_of = [&] {
    return query_value(ground.url,
                       "SELECT string_agg(left(status, 1), '' ORDER BY ip) FROM ip_pool");
  };
  const auto free_in_regions = [&] {
    return ground.pool.read(list_regions).value().at(0).addresses_free;
  };
  CHECK(pool_of() == "TFTFFTFFF");
  CHECK(query_value(ground.url, "SELECT count(server_id) FROM ip_pool") == "3");
  CHECK(free_in_regions() == 6);
  auto addresses = addresses_of_snapshot(ground);
  REQUIRE(addresses.size() == 9);
  std::string taken;
  for (const auto& address : addresses) {
    taken += address.taken ? (address.open_claimant ? 'O' : 'T') : 'F';
  }
  CHECK(taken == "TFTFFOOFF");
  CHECK(addresses[5].open_claimant == server(5));
  CHECK(addresses[5].last_claim == open_claim);
  CHECK(addresses[6].open_claimant == server(3));
  CHECK(addresses[1].last_claim > 0);  // what the next claim expects

  live(5, 6);
  ground.flush();
  CHECK(pool_of() == "TFTFFTFFF");
  CHECK(free_in_regions() == 6);
  addresses = addresses_of_snapshot(ground);
  CHECK_FALSE(addresses[5].open_claimant);
  CHECK(addresses[5].taken);
  CHECK_FALSE(addresses[6].taken);  // void by now
}

TEST_CASE("the clock and the checkpoint are read as they were written") {
  Ground ground;
  CHECK_FALSE(ground.pool.read(find_clock).value());
  const SimulatedTime clock{some_time(1), WallTime{1'790'000'000'123'456'789ns}, 2.5,
                            0xFFFFFFFFFFFFFFFF};
  messages::ClockLogged logged;
  logged.state.time = clock;
  logged.state.deadlines_applied_through = some_time(2);
  ground.batch.add(logged, ++ground.sequence);
  ground.flush();
  CHECK(ground.pool.read(find_clock).value() == ClockRow{clock, some_time(2)});
  const auto checkpoint = [&](const char* stream) {
    return ground.pool.read([&](Transaction& tx) { return find_checkpoint(tx, stream); }).value();
  };
  CHECK(checkpoint("EVENTS")->sequence == 1);
  CHECK(checkpoint("EVENTS")->hash == "hash");
  CHECK_FALSE(checkpoint("JOURNAL"));
}

TEST_CASE("what is projected and what is to come are read at one moment") {
  Ground ground;
  const auto progress = [&] { return ground.pool.read(find_progress).value(); };
  CHECK(progress().sequence == 0);
  CHECK_FALSE(progress().earliest_due);
  CHECK_FALSE(progress().deadlines_applied);
  CHECK(progress().oldest_pending == 0);
  std::map<int, State> states;
  for (const int number : {1, 2}) {
    states[number] = ground.add_server(number, samples::us, some_time(number));
  }
  const auto stop = [&](int number, Instant due) {
    auto& state = states[number];
    const auto happened = ground.event(number, samples::us, ServerStopping{Status::running, due},
                                       some_time(500), state.version + 1);
    state = evolve(state, happened);
    ground.batch.add(happened, state, ground.sequence);
  };
  stop(1, some_time(9000));
  stop(2, some_time(8000));
  messages::ClockLogged clock;
  clock.state.deadlines_applied_through = some_time(600);
  ground.batch.add(clock, ++ground.sequence);
  ground.flush();
  CHECK(progress().sequence == ground.sequence);
  CHECK(progress().earliest_due == some_time(8000));
  CHECK(progress().deadlines_applied == some_time(600));
  for (const auto* row : {"('00000000-0000-4000-8000-000000000001', 7, NULL",
                          "('00000000-0000-4000-8000-000000000002', 9, gen_random_uuid()",
                          "('00000000-0000-4000-8000-000000000003', 8, gen_random_uuid()"}) {
    query(ground.url,
          std::string("INSERT INTO operations (id, command_sequence, server_id, event_sequence, "
                      "version, status, type, region, code, detail, request_hash, actor, "
                      "correlation_id, account) VALUES ") +
              row + ", 0, 0, 'PENDING', 'stop', 'us-east-1', '', '', '', '', '', '')");
  }
  CHECK(progress().oldest_pending == 8);
}

TEST_CASE("an outage is to come until deadlines are applied as far as it, in time and in the log") {
  Ground ground;
  const auto due = [&] { return ground.pool.read(find_progress).value().earliest_due; };
  const auto apply = [&](Instant through, std::optional<StreamSequence> log_through) {
    messages::ClockLogged clock;
    clock.event.data = DeadlinesApplied{through, log_through};
    clock.state.deadlines_applied_through = through;
    ground.batch.add(clock, ++ground.sequence);
    ground.flush();
  };
  apply(some_time(5000), 0);
  RegionEvent outage;
  outage.version = 1;
  outage.at = some_time(2000);
  outage.data = IncidentSet{{.outage = OutageEffect::stopped}};
  outage.region = samples::us;
  ground.batch.add(outage, ++ground.sequence);
  const auto place = ground.sequence;
  ground.flush();
  CHECK(due() == some_time(2000));  // stored late
  apply(some_time(6000), place - 1);
  CHECK(due() == some_time(2000));
  apply(some_time(7000), place);
  CHECK_FALSE(due());
  messages::ClockLogged advanced;
  advanced.event.data = ClockAdvanced{1s};
  advanced.state.deadlines_applied_through = some_time(7000);
  ground.batch.add(advanced, ++ground.sequence);
  ground.flush();
  CHECK_FALSE(due());
}

TEST_CASE("a batch on a checkpoint that has moved writes nothing") {
  Ground ground;
  ground.add_server(1, samples::us, some_time());
  ground.flush();
  ground.add_server(2, samples::us, some_time());
  CHECK_FALSE(ground.writer->apply(std::move(ground.batch), 0, {9, "h", 0}).value());
  CHECK(ground.list({}).total == 1);
  CHECK(ground.list({}).items.size() == 1);
  CHECK(ground.writer->checkpoint()->sequence == 1);
}
