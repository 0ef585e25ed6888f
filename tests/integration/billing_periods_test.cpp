// Goal: `billing_periods` holds each stretch of billable time once, with the bounds and the billed
// seconds that the server's own bill has, wherever batches end; and is read whole, in order, in
// bounded memory. Method: lives decided by the rules, written by the real writer into a real
// Postgres.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <doctest/doctest.h>

#include "schema/messages/catalogue_files.h"
#include "schema/read_model/billing.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/projection_tables.h"
#include "schema/read_model/projection_writer.h"
#include "schema/read_model/servers.h"
#include "tests/harness/database.h"
#include "tests/harness/private_postgres.h"
#include "tests/harness/scratch_dir.h"
#include "tests/harness/seed.h"
#include "tests/integration/sample_log.h"
#include "tests/integration/table_checksums.h"
#include "tests/unit/random_life.h"

using namespace vsim;
using namespace vsim::read_model;
using namespace std::chrono_literals;
using fixture::Dice;
using fixture::Lived;
using fixture::RandomLife;
using harness::PrivatePostgres;
using harness::query;
using harness::query_value;
using samples::some_time;
using samples::some_uuid;
using std::chrono::seconds;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

// A database, and a writer that projects what it is given.
struct Ground {
  std::string url = PrivatePostgres::shared().create_database();
  std::unique_ptr<ProjectionWriter> writer;
  ConnectionPool pool{url, 2};
  StreamSequence checkpoint = 0;
  StreamSequence sequence = 0;
  ProjectionBatch batch;

  Ground() {
    REQUIRE(apply_migrations(url, schema_dir));
    writer = std::move(*ProjectionWriter::open(url, Projection::events));
    REQUIRE(writer->checkpoint());
  }

  template <typename... Fact>
  void add(const Fact&... fact) {
    batch.add(fact..., ++sequence);
  }

  void flush() {
    REQUIRE(writer->apply(std::move(batch), checkpoint, {sequence, "hash", 0}).value());
    checkpoint = sequence;
    batch = {};
  }

  std::vector<BillingPeriodRow> periods(Instant from = some_time(-1),
                                        Instant to = some_time(1'000'000'000'000)) {
    return pool
        .read([&](Transaction& tx) {
          std::vector<BillingPeriodRow> all;
          for_each_billing_period(tx, from, to, [&](const auto& row) { all.push_back(row); });
          return all;
        })
        .value();
  }

  std::optional<ServerRow> server(const ServerId& id) { return find_server(pool, id).value(); }
};

const ServerId the_server{some_uuid(1)};

// One server that changes its status at the given milliseconds.
struct Told {
  Ground& ground;
  std::string profile;
  bool one_batch = true;  // else each event is a batch of its own
  State state = {};
  StreamSequence commands = 0;

  Told& at(std::int64_t milliseconds, Action action) {
    static const Catalogue catalogue = messages::load_catalogue(schema_dir).value();
    Command command;
    command.id = {some_uuid(0xc000 + ++commands)};
    command.sequence = commands;
    command.region = samples::us;
    command.server = the_server;
    command.action = std::move(action);
    live(decide(state, command, some_time(milliseconds), {catalogue, 1, Ipv4{1}}).events);
    return *this;
  }
  Told& create(std::int64_t milliseconds) {
    return at(milliseconds, Create{"web", "t2.micro", profile, {}, std::nullopt});
  }
  Told& wait(std::int64_t until_milliseconds) {
    live(decide_due(the_server, samples::us, state, some_time(until_milliseconds)));
    return *this;
  }
  void live(const std::vector<Event>& events) {
    for (const Event& event : events) {
      state = evolve(std::move(state), event);
      ground.add(event, state);
      if (!one_batch) {
        ground.flush();
      }
    }
  }

  /// All periods as "began-ended:billed" in milliseconds and seconds, a running one without both.
  std::string rows() const {
    std::string text;
    for (const auto& row :
         query(ground.url,
               "SELECT (extract(epoch FROM began) * 1000)::bigint,"
               " coalesce((extract(epoch FROM ended) * 1000)::bigint, 0), billed_seconds"
               " FROM vsim.billing_periods ORDER BY opened_version")) {
      const auto since = [&](const std::string& ms) {
        return ms == "0" ? ""
                         : std::to_string(std::stoll(ms) - some_time().time_since_epoch().count());
      };
      text += (text.empty() ? "" : " ") + since(row[0]) + "-" + since(row[1]) +
              (row[2] == "NULL" ? "" : ":" + row[2]);
    }
    return text;
  }
};

// Several lives as one log, each in its own order.
std::vector<Lived> shuffle_together(const std::vector<RandomLife>& lives, Dice& dice) {
  std::vector<Lived> log;
  std::vector<std::size_t> next(lives.size());
  std::vector<std::size_t> turns;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    turns.insert(turns.end(), lives[i].events.size(), i);
  }
  std::shuffle(turns.begin(), turns.end(), dice);
  for (const auto turn : turns) {
    log.push_back(lives[turn].events[next[turn]++]);
  }
  return log;
}

std::vector<RandomLife> random_lives(Dice& dice, std::uint64_t first, std::uint64_t count) {
  std::vector<RandomLife> lives;
  for (std::uint64_t i = first; i < first + count; ++i) {
    lives.push_back(fixture::random_life(dice, ServerId{some_uuid(i)},
                                         i % 2 == 0 ? samples::us : samples::eu,
                                         some_time(static_cast<std::int64_t>(dice() % 100'000))));
  }
  return lives;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool keeps_what_was_freed = true;
#else
constexpr bool keeps_what_was_freed = false;
#endif

}  // namespace

TEST_CASE("each life has the periods that the rules give it, in one batch or in many") {
  const auto stop_and_start = [](Told& s) { s.at(5000, Stop{}).at(5000, Start{}); };
  // clang-format off
  const struct {
    const char* profile;
    std::function<void(Told&)> live;
    const char* periods;
  } lives[] = {
      {"instant", [](Told&) {}, "0-"},
      {"instant", [](Told& s) { s.at(1500, Stop{}); }, "0-1500:2"},
      {"instant", [](Told& s) { s.at(1500, Terminate{}); }, "0-1500:2"},
      {"instant", [](Told& s) { s.at(1000, Reboot{}).at(3000, Stop{}); }, "0-3000:3"},
      {"instant", [&](Told& s) { stop_and_start(s); }, "0-5000:5 5000-"},
      {"instant", [&](Told& s) { stop_and_start(s), stop_and_start(s); }, "0-5000:5 5000-5000:0 5000-"},
      {"instant", [&](Told& s) { stop_and_start(s); s.at(7001, Stop{}); }, "0-5000:5 5000-7001:3"},
      {"instant", [](Told& s) { s.at(4000, Stop{}).wait(10'000'000); }, "0-4000:4"},  // reaped
      {"seed", [](Told& s) { s.wait(60'000); }, ""},
      {"seed", [](Told& s) { s.wait(60'000).at(60'000, Terminate{}).wait(99'999); }, ""},
  };
  // clang-format on
  for (const auto& life : lives) {
    for (const bool one_batch : {true, false}) {
      CAPTURE(life.periods);
      CAPTURE(one_batch);
      Ground ground;
      Told server{ground, life.profile, one_batch};
      server.create(0);
      life.live(server);
      if (one_batch) {
        ground.flush();
      }
      CHECK(server.rows() == life.periods);
    }
  }
}

TEST_CASE("every start of a server costs the minimum of its profile, a longer run its seconds") {
  Ground ground;
  Told server{ground, "ec2", false};
  const auto run_for = [&](std::int64_t milliseconds) {
    const auto hour = server.state.at + 1h;  // longer than any transition, shorter than idleness
    server.live(decide_due(the_server, samples::us, server.state, hour));
    REQUIRE(server.state.server->status == Status::running);
    const auto stop = server.state.at + Duration(milliseconds) - some_time();
    server.at(stop.count(), Stop{});
    const auto stopped = server.state.server->deadline->due - some_time();
    server.wait(stopped.count()).at(stopped.count(), Start{});
  };
  server.create(0);
  run_for(0);
  run_for(1500);
  run_for(60'001);
  CHECK(query_value(ground.url,
                    "SELECT string_agg(billed_seconds || '=' || settled_before, ' '"
                    " ORDER BY opened_version) FROM vsim.billing_periods") == "60=0 60=60 61=120");
  CHECK(ground.server(the_server)->bill.closed == 181s);
}

TEST_CASE("a period is read as it was written, also while it runs") {
  Ground ground;
  Told server{ground, "ec2", false};
  server.create(0).wait(3'600'000);
  auto rows = ground.periods();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].server == the_server);
  CHECK(rows[0].region == "us-east-1");
  CHECK(rows[0].type == "t2.micro");
  CHECK(rows[0].rate == HourlyRate{100});
  CHECK(rows[0].policy.granularity == 1s);
  CHECK(rows[0].policy.minimum == 60s);
  CHECK(rows[0].period == BillingPeriod{*server.state.server->last_started_at, std::nullopt});
  server.at(4'000'123, Stop{});
  rows = ground.periods();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].period.ended == some_time(4'000'123));
}

TEST_CASE("a window has the periods that touch it, and those of no length that begin in it") {
  Ground ground;
  Told server{ground, "instant"};
  server.create(1000).at(2000, Stop{}).at(3000, Start{}).at(3000, Stop{}).at(4000, Start{});
  ground.flush();
  // Periods: [1000, 2000), [3000, 3000), [4000, ...
  const struct {
    std::int64_t from;
    std::int64_t to;
    std::vector<std::int64_t> begins;
  } windows[] = {{0, 1000, {}},        {0, 1001, {1000}},
                 {1999, 2000, {1000}}, {2000, 3000, {}},
                 {2000, 3001, {3000}}, {3000, 3001, {3000}},
                 {3001, 4000, {}},     {3000, 4001, {3000, 4000}},
                 {9000, 9001, {4000}}, {0, 9000, {1000, 3000, 4000}},
                 {1500, 1500, {}},     {5000, 1000, {}}};
  for (const auto& window : windows) {
    CAPTURE(window.from);
    CAPTURE(window.to);
    std::vector<std::int64_t> begins;
    for (const auto& row : ground.periods(some_time(window.from), some_time(window.to))) {
      begins.push_back((row.period.began - some_time()).count());
    }
    CHECK(begins == window.begins);
  }
}

TEST_CASE("many periods come once each and in order, and memory does not grow with them") {
  Ground ground;
  constexpr std::int64_t count = 300'000;
  // Three begin at each instant; every tenth runs.
  query(ground.url,
        "INSERT INTO vsim.billing_periods SELECT md5((n % 1000)::text)::uuid, n,"
        " to_timestamp(1790000000 + n / 3), CASE WHEN n % 10 <> 0 THEN"
        " to_timestamp(1790000000 + n / 3 + n % 7) END, 100, 1, 0, 0, n % 7, 'us-east-1',"
        " 't2.micro', CASE WHEN n % 1000 = 7 THEN 'team-a' ELSE 'default' END"
        " FROM generate_series(0, " +
            std::to_string(count - 1) + ") AS n");
  const auto resident_kib = [] {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmRSS:") {
    }
    std::int64_t kib = 0;
    status >> kib;
    return kib;
  };
  ground.periods(some_time(), some_time(1));  // the connection is there
  const auto before = resident_kib();
  const auto walked = ground.pool.read([&](Transaction& tx) {
    std::int64_t rows = 0;
    std::int64_t most_kib = 0;
    std::pair<Instant, ServerId> last{};
    for_each_billing_period(tx, some_time(-1), some_time(1'000'000'000), [&](const auto& row) {
      const std::pair here(row.period.began, row.server);
      REQUIRE(last <= here);
      last = here;
      if (++rows % 10'000 == 0) {
        most_kib = std::max(most_kib, resident_kib());
      }
    });
    return std::pair(rows, most_kib);
  });
  REQUIRE(walked);
  CHECK(walked->first == count);
  const auto of_account = ground.pool.read([](Transaction& tx) {
    std::int64_t rows = 0;
    for_each_billing_period(
        tx, some_time(-1), some_time(1'000'000'000),
        [&](const auto& row) { rows += row.account == "team-a" ? 1 : 0; }, "team-a");
    return rows;
  });
  CHECK(of_account.value() == count / 1000);
  if (!keeps_what_was_freed) {
    CHECK(walked->second - before < 8 * 1024);  // all of the rows at once are above 40 MiB
  }
}

TEST_CASE("who throws out of a walk gets the exception's words, and the next query works") {
  Ground ground;
  Told{ground, "instant"}.create(0);
  ground.flush();
  ConnectionPool one(ground.url, 1);
  for (int round = 0; round < 3; ++round) {
    const auto failed = one.read([](Transaction& tx) {
      for_each_billing_period(tx, some_time(), some_time(9),
                              [](const auto&) { throw std::runtime_error("enough"); });
      return 0;
    });
    REQUIRE_FALSE(failed);
    CHECK(failed.error().detail == "enough");
    CHECK(one.read(billing_watermarks).value().empty());
  }
}

TEST_CASE("the last watermark of a region counts, and its servers say how far they are billed") {
  Ground ground;
  Told{ground, "instant"}.create(0);
  ground.add(BillingWatermark{samples::us, 1, some_time(60'000)});
  ground.add(BillingWatermark{samples::eu, 1, some_time(60'000)});
  ground.add(BillingWatermark{samples::us, 2, some_time(120'000)});
  ground.flush();
  const auto read = [&] { return ground.pool.read(billing_watermarks).value(); };
  CHECK(read() == std::map<std::string, Instant>{{"us-east-1", some_time(120'000)},
                                                 {"eu-west-1", some_time(60'000)}});
  CHECK(ground.server(the_server)->billed_through == some_time(120'000));
  ground.add(BillingWatermark{samples::us, 3, some_time(180'000)});
  ground.flush();
  CHECK(read()["us-east-1"] == some_time(180'000));
  const auto server = *ground.server(the_server);
  CHECK(accrued(server.bill, server.billing, server.billed_through) == 180s);
  const auto page = list_servers(ground.pool, {}, 10, 0, {}).value();
  CHECK(page.items[0].billed_through == some_time(180'000));
  CHECK(page.total == 1);
}

TEST_CASE("rows do not depend on where batches end") {
  const auto seed = harness::test_seed();
  CAPTURE(seed);
  Dice dice(seed);
  const auto log = shuffle_together(random_lives(dice, 1, 60), dice);
  std::vector<std::map<std::string, std::string>> sums;
  for (const std::size_t batch_events : {1, 2, 7, 1000}) {
    Ground ground;
    std::size_t added = 0;
    for (const Lived& lived : log) {
      ground.add(lived.event, lived.state);
      if (++added % 50 == 0) {
        messages::ClockLogged clock;
        clock.state.version = added;
        clock.state.time = {lived.event.at, WallTime{1ns * added}, 2.5, 1};
        clock.state.deadlines_applied_through = lived.event.at;
        ground.add(clock);
        ground.add(BillingWatermark{lived.event.region, added, lived.event.at});
      }
      if (added % batch_events == 0) {
        ground.flush();
      }
    }
    ground.flush();
    sums.push_back(samples::table_checksums(ground.url));
    CHECK(sums.back().at("billing_periods") != "0 ");
    CHECK(sums.back().at("billing_watermarks").starts_with("2 "));
  }
  for (std::size_t i = 1; i < sums.size(); ++i) {
    CHECK(sums[i] == sums[0]);
  }
}

TEST_CASE("the periods of every life add up to its bill, whole and cut anywhere") {
  const auto seed = harness::test_seed();
  CAPTURE(seed);
  Dice dice(seed);
  Ground ground;
  std::map<ServerId, RandomLife> lives;
  Instant end = some_time();
  constexpr std::uint64_t rounds = 20;
  constexpr std::uint64_t lives_a_round = 100;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto together = random_lives(dice, 1 + round * lives_a_round, lives_a_round);
    const auto most = static_cast<std::uint64_t>(fixture::one_of(dice, {2, 20, 200, 1000}));
    for (const Lived& lived : shuffle_together(together, dice)) {
      ground.add(lived.event, lived.state);
      end = std::max(end, lived.event.at + 2h);
      if (dice() % most == 0) {
        ground.flush();
      }
    }
    ground.flush();
    for (const RandomLife& life : together) {
      lives.emplace(life.id, life);
    }
  }
  REQUIRE(lives.size() == rounds * lives_a_round);

  std::map<ServerId, std::vector<BillingPeriod>> read;
  for (const auto& row : ground.periods(some_time(-1), end)) {
    read[row.server].push_back(row.period);
    const auto& life = lives.at(row.server);
    REQUIRE(row.region == life.region.name);
    REQUIRE(row.type == life.blueprint().instance_type);
    REQUIRE(row.rate == life.blueprint().terms.hourly_rate);
    REQUIRE(row.policy.granularity == life.policy().granularity);
    REQUIRE(row.policy.minimum == life.policy().minimum);
  }
  std::map<ServerId, seconds> cut;
  std::vector<Instant> borders{some_time(-1), end};
  for (int i = 0; i < 30; ++i) {
    const auto length = static_cast<std::uint64_t>((end - some_time()).count());
    borders.push_back(some_time(static_cast<std::int64_t>(dice() % length)));
  }
  std::sort(borders.begin(), borders.end());
  for (std::size_t i = 1; i < borders.size(); ++i) {
    for (const auto& row : ground.periods(borders[i - 1], borders[i])) {
      cut[row.server] += billed_between(row.policy, row.period, borders[i - 1], borders[i]);
    }
  }
  std::map<std::string, std::string> settled_rows;
  for (const auto& row : query(ground.url,
                               "SELECT server_id, coalesce(sum(billed_seconds), 0)"
                               " FROM vsim.billing_periods GROUP BY server_id")) {
    settled_rows[row[0]] = row[1];
  }
  for (const auto& [id, life] : lives) {
    CAPTURE(id.to_string());
    const Bill& bill = life.last().server->bill;
    const auto total = billed_total(bill, life.policy(), end);
    REQUIRE(read[id] == fixture::periods_of(life));
    REQUIRE(cut[id] == total);
    const auto settled = settled_rows.find(id.to_string());
    REQUIRE((settled == settled_rows.end() ? "0" : settled->second) ==
            std::to_string(bill.closed.count()));
    const auto server = ground.server(id);
    REQUIRE(billed_total(server->bill, server->billing, end) == total);
  }
}

TEST_CASE("a period is ended by way of its index, also if the plan was made on empty tables") {
  Ground ground;
  BatchShape one_end;
  one_end[BatchTable::billing_periods_ended] = RowForm::one;
  BatchShape few_ends;
  few_ends[BatchTable::billing_periods_ended] = RowForm::few;
  BatchShape shape = BatchShape::any();
  std::string value = "'{}'";
  SUBCASE("among all parts") {}
  SUBCASE("of few servers") { shape = few_ends; }
  SUBCASE("of one server") {
    shape = one_end;
    value = "NULL";
  }
  const auto sql = apply_events_statement(shape).sql;
  std::string arguments = "'EVENTS', 0, 1, 'hash', 0";
  for (int i = 6; sql.find("$" + std::to_string(i) + "::") != std::string::npos; ++i) {
    arguments += ", " + value;
  }
  std::string plan;
  for (const auto& line :
       query(ground.url,
             "SET enable_seqscan TO off; SET plan_cache_mode TO force_generic_plan;"
             " PREPARE apply AS " +
                 sql + "; EXPLAIN EXECUTE apply(" + arguments + ")")) {
    plan += line[0] + "\n";
  }
  CAPTURE(plan);
  const auto update = plan.find("Update on billing_periods");
  REQUIRE(update != std::string::npos);
  CHECK(plan.find("Tid Scan on billing_periods", update) != std::string::npos);
  CHECK(plan.find("Index Cond: (server_id = ", update) != std::string::npos);
  CHECK(plan.find("Materialize", update) == std::string::npos);
}

namespace {

/// The migrations whose names come before this one.
void copy_older_schema(const std::string& folder, const std::string& first_left_out) {
  namespace fs = std::filesystem;
  fs::create_directories(folder + "/postgres");
  for (const auto& entry : fs::directory_iterator(schema_dir + "/postgres")) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".sql") && name < first_left_out) {
      fs::copy(entry.path(), folder + "/postgres/");
    }
  }
  fs::copy(schema_dir + "/postgres/operator", folder + "/postgres/operator");
}

}  // namespace

TEST_CASE("tables that an older build has filled are emptied, so that all is projected again") {
  Ground ground;
  REQUIRE(ground.writer->checkpoint()->sequence == 0);
  const std::pair<std::string, std::string> emptied[] = {
      {"005", "sequence, simulated_at, stored_at_ns, scale, seed) VALUES (1, now(), 1, 1, 1"},
      {"008",
       "sequence, simulated_at, stored_at_ns, scale, seed, version, deadlines_applied)"
       " VALUES (1, now(), 1, 1, 1, 1, now()"}};
  for (const auto& [by, clock] : emptied) {
    CAPTURE(by);
    const auto url = PrivatePostgres::shared().create_database();
    const harness::ScratchDir older("older-schema");
    copy_older_schema(older.path(), by);
    REQUIRE(apply_migrations(url, older.path()));
    query(url, "INSERT INTO vsim.server_counts VALUES ('us-east-1', 't2.micro', 'RUNNING', 1)");
    query(url, "INSERT INTO vsim.clock (" + clock + ")");
    query(url, "INSERT INTO vsim.projection_checkpoint VALUES ('EVENTS', 9, 'h', 0)");
    auto at_work = std::move(*ProjectionWriter::open(url, Projection::events));
    REQUIRE(at_work->checkpoint()->sequence == 9);
    const auto report = apply_migrations(url, schema_dir);
    REQUIRE(report);
    CHECK(report->dropped_because.empty());
    REQUIRE(!report->applied.empty());
    CHECK(report->applied.front().starts_with(by));
    CHECK(report->applied.back() == "016_deadlines_log.sql");
    // A projector that was at work meanwhile does not go on where it was.
    CHECK(at_work->checkpoint()->sequence == 0);
    CHECK(samples::table_checksums(url) == samples::table_checksums(ground.url));
    // And an older one writes no row without the version of the server's last change.
    CHECK(query(url,
                "SELECT is_nullable FROM information_schema.columns WHERE table_schema = 'vsim'"
                " AND table_name = 'servers' AND column_name = 'changed_version'"
                " AND column_default IS NULL") == std::vector<std::vector<std::string>>{{"NO"}});
  }
}

TEST_CASE("what stood in the tables before there were accounts is of the default one") {
  const auto url = PrivatePostgres::shared().create_database();
  const harness::ScratchDir older("older-schema");
  copy_older_schema(older.path(), "013");
  REQUIRE(apply_migrations(url, older.path()));
  const std::string id = "'00000000-0000-4000-8000-000000000001'";
  query(url, "INSERT INTO vsim.server_counts VALUES ('us-east-1', 't2.micro', 'RUNNING', 1)");
  query(url,
        "INSERT INTO vsim.billing_periods (server_id, opened_version, began, hourly_rate,"
        " granularity_seconds, minimum_seconds, settled_before, region, type) VALUES (" +
            id + ", 1, now(), 100, 1, 0, 0, 'us-east-1', 't2.micro')");
  query(url,
        "INSERT INTO vsim.operations (id, command_sequence, server_id, event_sequence, version,"
        " status, type, region, code, detail, request_hash, actor, correlation_id) VALUES (" +
            id + ", 1, " + id + ", 2, 1, 'SUCCEEDED', 'create', 'us-east-1', '', '', '', '', '')");
  query(url, "INSERT INTO vsim.projection_checkpoint VALUES ('EVENTS', 9, 'h', 0)");
  const auto report = apply_migrations(url, schema_dir);
  REQUIRE(report);
  CHECK(report->applied.front() == "013_accounts.sql");
  for (const char* table : {"server_counts", "billing_periods", "operations"}) {
    CAPTURE(table);
    CHECK(query_value(url, std::string("SELECT account FROM vsim.") + table) == "default");
    // An older projector that is still at work is refused, and makes no row of nobody's.
    CHECK(query_value(url,
                      "SELECT column_default IS NULL FROM information_schema.columns WHERE"
                      " table_schema = 'vsim' AND column_name = 'account' AND table_name = '" +
                          std::string(table) + "'") == "t");
  }
  // They stay, and are projected on from where they stand.
  CHECK(query_value(url, "SELECT sequence FROM vsim.projection_checkpoint") == "9");
}
