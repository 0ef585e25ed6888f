// Goal: the read models are a function of the log, whatever dies, comes twice or goes wrong while
// they are made. Method: a log in memory with faults at will, a real Postgres, real projectors;
// what counts is what the tables hold.

#include "workers/projector.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "eventstore/memory_store.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/message_headers.h"
#include "schema/read_model/servers.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_postgres.h"
#include "tests/integration/sample_log.h"
#include "tests/integration/table_checksums.h"

using namespace vsim;
using namespace std::chrono_literals;
using harness::eventually;
using harness::PrivatePostgres;
using harness::query_value;
using samples::table_checksums;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

// A projector at work in a thread of its own.
class Running {
 public:
  Running(
      eventstore::EventStore& store, const std::string& url,
      workers::Projector::OnCommitted tell = [](auto) {})
      : projector_(store, {url, schema_dir}, messages::load_catalogue(schema_dir).value(),
                   std::move(tell), metrics_),
        thread_([this](std::stop_token stop) { projector_.run(stop); }) {}

  workers::ProjectorStatus status() const { return projector_.status(); }

  bool caught_up(eventstore::EventStore& store) {
    return eventually([&] {
      const auto now = status();
      return now.active && now.checkpoint == store.last_sequence().value() && now.reason.empty();
    });
  }

  /// Waits until the status gives a reason that holds the text; the reason then.
  std::string reason_with(const std::string& text) {
    eventually([&] { return status().reason.find(text) != std::string::npos; });
    return status().reason;
  }

  std::string metrics() const { return metrics_.text(); }

 private:
  telemetry::Metrics metrics_;
  workers::Projector projector_;
  std::jthread thread_;
};

// What the counts say, and what counting says.
void check_counts(const std::string& url) {
  CHECK(query_value(url,
                    "SELECT count(*) FROM"
                    " (SELECT region, type, status, count(*) n FROM vsim.servers GROUP BY 1,2,3)"
                    " a FULL JOIN (SELECT region, type, status, servers FROM"
                    " vsim.server_counts WHERE servers <> 0) b USING (region, type, status)"
                    " WHERE n IS DISTINCT FROM servers") == "0");
}

// Rows, checkpoint, addresses and counts agree with each other and with the samples.
void check_whole(const std::string& url, const std::vector<samples::Sample>& fleet) {
  check_counts(url);
  for (const auto& sample : fleet) {
    CAPTURE(sample.id.to_string());
    const auto id = sample.id.to_string();
    CHECK(query_value(url, "SELECT version || ' ' || status FROM vsim.servers WHERE id = '" + id +
                               "'") == std::to_string(sample.state.version) + " " +
                                           std::string(to_string(sample.state.server->status)));
    CHECK(query_value(url,
                      "SELECT count(*) || ' ' || max(version) FROM vsim.server_events"
                      " WHERE server_id = '" +
                          id + "'") ==
          std::to_string(sample.state.version) + " " + std::to_string(sample.state.version));
  }
  // Billed, by its periods, is what the servers have settled; and one runs where a bill is open.
  CHECK(query_value(url,
                    "SELECT count(*) FROM vsim.servers s WHERE settled_seconds <>"
                    " (SELECT coalesce(sum(billed_seconds), 0) FROM vsim.billing_periods p"
                    "  WHERE p.server_id = s.id) OR open_since IS DISTINCT FROM"
                    " (SELECT began FROM vsim.billing_periods p"
                    "  WHERE p.server_id = s.id AND ended IS NULL)") == "0");
  CHECK(query_value(url, "SELECT count(*) FROM vsim.addresses WHERE server_id IS NOT NULL") ==
        query_value(url, "SELECT count(*) FROM vsim.servers WHERE status <> 'TERMINATED'"));
  CHECK(query_value(url,
                    "SELECT count(*) FROM vsim.servers s JOIN vsim.addresses a"
                    " USING (region, ip) WHERE s.status <> 'TERMINATED'"
                    " AND a.server_id = s.id") ==
        query_value(url, "SELECT count(*) FROM vsim.servers WHERE status <> 'TERMINATED'"));
}

}  // namespace

TEST_CASE("the read models hold what the log says, over all transitions") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  const auto fleet = samples::fill(log, 60, 3000);
  Running projector(store, url);
  REQUIRE(projector.caught_up(store));
  check_whole(url, fleet);
  CHECK(query_value(url, "SELECT count(DISTINCT status) FROM vsim.server_counts") == "7");
  CHECK(query_value(url, "SELECT count(*) FROM vsim.addresses") == "220");
  CHECK(query_value(url,
                    "SELECT count(*) FROM vsim.operations WHERE type = 'extend_pool'"
                    " AND status = 'SUCCEEDED' AND server_id IS NULL") == "2");
  CHECK(query_value(url, "SELECT scale || ' ' || seed FROM vsim.clock") == "1 42");
  CHECK(query_value(url, "SELECT version FROM vsim.clock") == "51");  // books closed 50 times
  CHECK(query_value(url,
                    "SELECT through = deadlines_applied FROM vsim.clock, vsim.billing_watermarks"
                    " WHERE region = 'us-east-1'") == "t");
  CHECK(query_value(url, "SELECT count(*) FROM vsim.regions") == "2");
  CHECK(query_value(url, "SELECT sequence FROM vsim.projection_checkpoint") ==
        std::to_string(store.last_sequence().value()));
  CHECK(projector.status().ready);
}

TEST_CASE("dropped tables come back equal, wherever batches ended") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  std::map<std::string, std::string> before;
  {
    Running projector(store, url);
    samples::fill(log, 40, 1500);  // while it runs: many small batches
    REQUIRE(projector.caught_up(store));
    before = table_checksums(url);
  }
  REQUIRE(before.size() == 14);
  SUBCASE("all of them") { harness::query(url, "DROP SCHEMA vsim CASCADE"); }
  SUBCASE("one of them") { harness::query(url, "DROP TABLE vsim.server_counts"); }
  SUBCASE("under a running projector") {
    Running other(store, url);
    REQUIRE(other.caught_up(store));
    harness::query(url, "DROP SCHEMA vsim CASCADE");
    log.extend(samples::eu, {{1}, {2}});
    REQUIRE(other.caught_up(store));
    harness::query(url, "DROP SCHEMA vsim CASCADE");
    before.clear();
  }
  Running projector(store, url);  // big batches
  REQUIRE(projector.caught_up(store));
  if (before.empty()) {
    CHECK(query_value(url, "SELECT count(*) FROM vsim.servers") == "40");
  } else {
    CHECK(table_checksums(url) == before);
  }
}

TEST_CASE("of two projectors one is active, and the other takes over when its session ends") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  Running one(store, url);
  Running two(store, url);
  auto fleet = samples::fill(log, 20, 500);
  REQUIRE(eventually([&] {
    return (one.status().active && two.status().ready) ||
           (two.status().active && one.status().ready);
  }));
  for (int round = 0; round < 5; ++round) {
    // Ends both sessions, so that they race for the lock again.
    harness::query(url,
                   "SELECT pg_terminate_backend(pid) FROM pg_locks"
                   " WHERE locktype = 'advisory' AND granted AND database ="
                   " (SELECT oid FROM pg_database WHERE datname = current_database())");
    std::mt19937 dice(static_cast<unsigned>(round));
    for (auto& sample : fleet) {
      samples::live_on(log, sample, dice);
    }
    REQUIRE(eventually([&] {
      return query_value(url, "SELECT sequence FROM vsim.projection_checkpoint") ==
             std::to_string(store.last_sequence().value());
    }));
  }
  check_whole(url, fleet);
}

TEST_CASE("a batch that fails leaves neither rows nor a moved checkpoint") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  auto fleet = samples::fill(log, 10, 100);
  {
    Running projector(store, url);
    REQUIRE(projector.caught_up(store));
  }
  const auto before = table_checksums(url);
  // The last table of the statement fails, so all the others have been written by then.
  harness::query(url,
                 "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
                 " $$ BEGIN RAISE EXCEPTION 'injected'; END $$");
  harness::query(url,
                 "CREATE TRIGGER fail BEFORE INSERT ON vsim.addresses FOR EACH ROW"
                 " EXECUTE FUNCTION public.fail()");
  fleet.push_back(log.create(samples::eu, samples::blueprint("late", {0xC0A80B01})));
  Running projector(store, url);
  const auto reason = projector.reason_with("injected");
  CHECK(reason.find("message " + std::to_string(store.last_sequence().value() - 1)) !=
        std::string::npos);  // the claim, alone: what came before it has been found innocent
  CHECK_FALSE(projector.status().ready);
  CHECK(table_checksums(url) == before);
  CHECK(projector.metrics().find("vsim_projection_stopped 1") != std::string::npos);
  harness::query(url, "DROP TRIGGER fail ON vsim.addresses");
  CHECK(projector.caught_up(store));
  check_whole(url, fleet);
}

TEST_CASE("Postgres killed under load loses nothing and doubles nothing") {
  PrivatePostgres postgres;
  const auto url = postgres.create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  Running projector(store, url);
  auto fleet = samples::fill(log, 20, 200);
  REQUIRE(projector.caught_up(store));
  std::mt19937 dice(7);
  for (int round = 0; round < 5; ++round) {
    std::jthread load([&](std::stop_token stop) {
      while (!stop.stop_requested()) {
        samples::live_on(log, fleet[dice() % fleet.size()], dice);
        std::this_thread::sleep_for(1ms);
      }
    });
    std::this_thread::sleep_for(100ms);
    postgres.kill();
    postgres.restart();
    std::this_thread::sleep_for(100ms);
  }
  REQUIRE(projector.caught_up(store));
  check_whole(url, fleet);
}

TEST_CASE("a log that went backwards is refused, and said so") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  samples::fill(log, 10, 100);
  {
    Running projector(store, url);
    REQUIRE(projector.caught_up(store));
  }
  const auto before = table_checksums(url);
  eventstore::MemoryStore restored;
  samples::SampleLog other(restored);
  SUBCASE("it is shorter") {
    samples::fill(other, 5, 10);
    Running projector(restored, url);
    CHECK(projector.reason_with("went backwards").find("EVENTS ends at") != std::string::npos);
    CHECK_FALSE(projector.status().ready);
  }
  SUBCASE("it is longer, but another") {
    samples::fill(other, 10, 300, 2);
    Running projector(restored, url);
    CHECK(projector.reason_with("went backwards").find("is not the one") != std::string::npos);
    CHECK_FALSE(projector.status().ready);
    std::this_thread::sleep_for(300ms);
  }
  CHECK(table_checksums(url) == before);
}

TEST_CASE("what cannot be read is never skipped") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  auto fleet = samples::fill(log, 5, 50);
  const auto last_good = store.last_sequence().value();
  std::string expected;
  SUBCASE("an event of an unknown type") {
    log.append("vsim.evt.billing.us-east-1", R"({"type":"billing_closed","through":1})");
    expected = "billing_closed";
  }
  SUBCASE("no JSON at all") {
    log.append(messages::server_events(samples::us, fleet[0].id), std::string(1000, '\0'));
    expected = "message " + std::to_string(last_good + 1);
  }
  log.create(samples::eu, samples::blueprint("behind it", {0xC0A80B01}));
  Running projector(store, url);
  const auto reason = projector.reason_with(expected);
  CHECK(reason.find(expected) != std::string::npos);
  CHECK_FALSE(projector.status().ready);
  CHECK(projector.status().checkpoint == last_good);
  CHECK(query_value(url, "SELECT sequence FROM vsim.projection_checkpoint") ==
        std::to_string(last_good));
  CHECK(query_value(url, "SELECT count(*) FROM vsim.servers WHERE name = 'behind it'") == "0");
  CHECK(projector.metrics().find("vsim_projection_stopped 1") != std::string::npos);
}

TEST_CASE("those who wait for an outcome are notified when it can be read, not before") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  std::mutex mutex;
  std::map<std::string, StreamSequence> notified;
  std::atomic<int> too_early = 0;
  Running projector(store, url, [&](std::span<const eventstore::Message> committed) {
    const std::lock_guard lock(mutex);
    for (const auto& event : committed) {
      const std::string inbox(find_header(event.headers, messages::header::reply_to));
      if (inbox.empty()) {
        continue;
      }
      notified[inbox] = event.sequence;
      const auto name = inbox.substr(std::string("_INBOX.").size());
      const auto rows = "SELECT count(*) FROM vsim.servers WHERE name = '" + name + "'";
      if (query_value(url, rows) != "1") {
        ++too_early;
      }
    }
  });
  log.extend(samples::us, {{0xC0A80A01}, {0xC0A80AFF}});
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto name = "web-" + std::to_string(i);
    log.create(samples::us, samples::blueprint(name, {0xC0A80A01 + i}), "_INBOX." + name);
  }
  REQUIRE(projector.caught_up(store));
  const std::lock_guard lock(mutex);
  CHECK(notified.size() == 20);
  CHECK(notified["_INBOX.web-0"] == 3);
  CHECK(too_early == 0);
}

TEST_CASE("text that Postgres cannot hold does not stop the projection") {
  const auto url = PrivatePostgres::shared().create_database();
  eventstore::MemoryStore store;
  samples::SampleLog log(store);
  auto wanted = samples::blueprint("quote\" back\\slash {brace} 'tick' \xC3\xA4\xE2\x82\xAC", {1});
  wanted.tags = {{"k\"e\\y", "v\x01"}, {"empty", ""}};
  auto sample = log.create(samples::us, wanted);
  log.record(sample, CommandDeadLettered{std::string("a\0b", 3)}, log.next_cause("stop"));
  Running projector(store, url);
  REQUIRE(projector.caught_up(store));
  CHECK(query_value(url, "SELECT name FROM vsim.servers") == wanted.name);
  CHECK(query_value(url, "SELECT tags->>E'k\"e\\\\y' FROM vsim.servers") == "v\x01");
  CHECK(query_value(url, "SELECT detail FROM vsim.operations WHERE status = 'DEAD_LETTERED'") ==
        "a\xEF\xBF\xBD"
        "b");
}
