// Goal: `vsimctl rebuild` makes new read models without disturbing readers and writers, also where
// the old ones are gone or of another log; killed, it leaves nothing that matters. Method:
// readers and writers at work while it runs, each looking whether what it sees ever goes backwards;
// then the states in which operators need it.

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/storm.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Output;

namespace {

/// What watchers found wrong; any thread.
class Findings {
 public:
  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    all_ += text + "\n";
  }
  std::string all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::string all_;
};

/// Runs the look again and again, in a thread of its own, until the object ends.
class Watcher {
 public:
  Watcher(Findings& findings, std::function<void()> look)
      : thread_([this, &findings, look = std::move(look)](const std::stop_token& stop) {
          try {
            for (; !stop.stop_requested(); ++looks_) {
              look();
            }
          } catch (const std::exception& failure) {
            findings.add(failure.what());
          }
        }) {}
  std::size_t looks() const { return looks_; }

 private:
  std::atomic<std::size_t> looks_{0};
  std::jthread thread_;
};

std::int64_t never_less(std::int64_t seen, std::int64_t now, const std::string& what,
                        Findings& findings) {
  if (now < seen) {
    findings.add(what + " went from " + std::to_string(seen) + " to " + std::to_string(now));
  }
  return std::max(seen, now);
}

/// Reads one server and its log: always answered, never an older version.
std::function<void()> server_reader(Fleet& fleet, const std::string& id, Findings& findings) {
  auto client = std::make_shared<HttpClient>(fleet.client());
  auto seen = std::make_shared<std::int64_t>(0);
  return [=, &findings] {
    for (const bool log : {false, true}) {
      const std::string path = "/servers/" + id + (log ? "/logs?limit=1" : "");
      const HttpAnswer answer = client->get(path);
      if (answer.status != 200) {
        return findings.add(describe(answer));
      }
      const auto json = answer.json();
      *seen = never_less(*seen, (log ? json.at(0) : json)["version"].integer(), path, findings);
    }
  };
}

/// Stops and starts one server: each answer can be read at once, and Vsim-Sequence only grows.
std::function<void()> server_writer(Fleet& fleet, const std::string& id, Findings& findings) {
  auto client = std::make_shared<HttpClient>(fleet.client());
  auto sequence = std::make_shared<std::int64_t>(0);
  auto running = std::make_shared<bool>(true);
  return [=, &findings] {
    const HttpAnswer written = act(*client, id, *running ? "stop" : "start");
    if (written.status != 200) {
      return findings.add(describe(written));
    }
    *running = !*running;
    const std::string token = written.header("Vsim-Sequence");
    *sequence = never_less(*sequence, std::stoll(token.substr(token.find(':') + 1)),
                           "Vsim-Sequence", findings);
    const HttpAnswer read = client->get("/servers/" + id);
    if (read.status != 200) {
      return findings.add(describe(read));
    }
    never_less(written.json()["version"].integer(), read.json()["version"].integer(),
               "what was written to " + id, findings);
  };
}

/// The projection's checkpoint, as SQL shows it.
std::function<void()> checkpoint_reader(Fleet& fleet, Findings& findings) {
  auto seen = std::make_shared<std::int64_t>(0);
  return [=, &fleet, &findings] {
    const auto found = harness::query_value(
        fleet.database_url(),
        "SELECT sequence FROM vsim.projection_checkpoint WHERE stream = 'EVENTS'");
    *seen = never_less(*seen, std::stoll(found), "the checkpoint", findings);
  };
}

std::string schemas(Fleet& fleet) {
  return harness::query_value(fleet.database_url(),
                              "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace"
                              " WHERE nspname LIKE 'vsim%'");
}

Output rebuild(Fleet& fleet) {
  Output output = fleet.vsimctl({"rebuild", "--yes"});
  CHECK_MESSAGE(output.ending.clean(), output.text);
  return output;
}

/// One line that holds the text, and exit status 1.
void check_refused(const Output& output, const std::string& text) {
  CHECK(output.ending.code == 1);
  CHECK_MESSAGE(output.text.find(text) != std::string::npos, output.text);
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// A rebuild that stands before its swap, since somebody holds a lock for as long as the object
/// lives or ten seconds.
class HeldUpRebuild {
 public:
  explicit HeldUpRebuild(Fleet& fleet)
      : url_(fleet.database_url()), holder_([url = fleet.database_url()] {
          try {
            harness::query(url,
                           "DO $$ BEGIN LOCK TABLE vsim.projection_checkpoint IN ROW SHARE MODE;"
                           " PERFORM pg_sleep(10); END $$");
          } catch (const std::exception&) {
            // ended by let_go()
          }
        }) {
    REQUIRE(
        eventually("SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND granted AND"
                   " relation = 'vsim.projection_checkpoint'::regclass"));
    harness::ChildOptions options;
    options.argv = {harness::product_program("vsimctl"), "rebuild", "--yes"};
    options.environment = {{"NATS_URL", fleet.nats().url()}, {"DATABASE_URL", url_}};
    options.unset = {"PORT"};
    process_ = harness::ChildProcess::spawn(options);
    REQUIRE(
        eventually("SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND NOT granted"
                   " AND relation = 'vsim.projection_checkpoint'::regclass"));
  }
  ~HeldUpRebuild() { let_go(); }
  HeldUpRebuild(const HeldUpRebuild&) = delete;
  HeldUpRebuild& operator=(const HeldUpRebuild&) = delete;

  harness::ChildProcess& process() { return process_; }
  void let_go() {
    harness::query(url_,
                   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE query LIKE 'DO $$ BEGIN LOCK%' AND pid <> pg_backend_pid()");
  }

 private:
  bool eventually(const std::string& count) {
    return harness::eventually([&] { return harness::query_value(url_, count) != "0"; },
                               std::chrono::seconds(30));
  }
  std::string url_;
  std::jthread holder_;
  harness::ChildProcess process_;
};

}  // namespace

TEST_CASE("while servers are written and read, rebuilds let no read fail or go backwards") {
  Fleet fleet({.workers = 2, .settings = {{"PROFILE", "instant"}}});
  HttpClient client = fleet.client();
  harness::extend_pool(fleet.client(), "10.0.0.0/20");
  const std::string busy = create_server(client, {.name = "busy"})["id"].text();
  const std::string other = create_server(client, {.name = "other"})["id"].text();
  Findings findings;
  e2e::Storm storm(fleet, 7, 4);
  {
    Watcher reader(findings, server_reader(fleet, busy, findings));
    Watcher writer(findings, server_writer(fleet, busy, findings));
    Watcher second_writer(findings, server_writer(fleet, other, findings));
    Watcher checkpoint(findings, checkpoint_reader(fleet, findings));
    for (int i = 0; i < 4; ++i) {
      REQUIRE(storm.wait_for_more(50));
      const auto reads = reader.looks();
      const auto writes = writer.looks();
      const Output output = rebuild(fleet);
      CHECK(output.text.find("swapped in at event") != std::string::npos);
      CHECK(harness::eventually([&] { return writer.looks() > writes && reader.looks() > reads; }));
    }
  }
  CHECK(findings.all() == "");
  check_truth(fleet, storm.finish());
  CHECK(schemas(fleet) == "vsim");
}

TEST_CASE("a pool that grows during rebuilds has all its addresses") {
  Fleet fleet;
  HttpClient client = fleet.client();
  std::atomic<bool> done{false};
  std::size_t extensions = 0;
  std::jthread extender([&] {
    HttpClient own = fleet.client();
    for (; !done && extensions < 250; ++extensions) {
      const std::string cidr = "10.1." + std::to_string(extensions) + ".0/30";
      if (own.post("/regions/us-east-1/addresses", R"({"cidr":")" + cidr + "\"}").status != 200) {
        break;
      }
    }
  });
  for (int i = 0; i < 3; ++i) {
    rebuild(fleet);
  }
  done = true;
  extender.join();
  CHECK(extensions > 0);
  CHECK(client.get("/regions").json()["items"].at(1)["addresses_total"].integer() ==
        100 + 2 * static_cast<std::int64_t>(extensions));  // less network and broadcast
}

TEST_CASE("only one rebuild runs; killed, it leaves the live read models as they were") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  {
    HeldUpRebuild first(fleet);
    check_refused(fleet.vsimctl({"rebuild", "--yes"}),
                  "another session is making schema vsim_next");
    CHECK(client.get("/servers/" + id).status == 200);
    first.process().kill();
    CHECK(schemas(fleet) == "vsim vsim_next");
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  rebuild(fleet);
  CHECK(schemas(fleet) == "vsim");
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  CHECK(act(client, id, "stop").status == 200);
}

TEST_CASE("a rebuild that is held up ends by itself, done or not, and leaves nothing behind") {
  Fleet fleet;
  HeldUpRebuild held(fleet);
  const auto ending = held.process().wait(std::chrono::seconds(30));
  REQUIRE(ending);
  CHECK((ending->clean() || ending->code == 1));  // the lock's time may end first
  CHECK(schemas(fleet) == "vsim");
  CHECK(fleet.client().get("/servers").status == 200);
}

TEST_CASE("a dropped schema comes back by a rebuild, without any worker") {
  Fleet fleet;
  HttpClient client = fleet.client();
  for (int i = 0; i < 5; ++i) {
    create_server(client, {.profile = "instant"});
  }
  fleet.worker().terminate();
  harness::query(fleet.database_url(), "DROP SCHEMA vsim CASCADE");
  CHECK(client.get("/servers").status == 503);
  CHECK(rebuild(fleet).text.find("There are no live ones") != std::string::npos);
  CHECK(client.get("/servers").json()["total"].integer() == 5);
  harness::query(fleet.database_url(), "DROP TABLE vsim.servers CASCADE");
  rebuild(fleet);
  CHECK(client.get("/servers").json()["total"].integer() == 5);
  fleet.start_worker();
  fleet.wait_until_ready();
  create_server(client, {.profile = "instant"});
  CHECK(client.get("/servers").json()["total"].integer() == 6);
}

TEST_CASE("after the log went backwards a rebuild is the way out, and says what it means") {
  Fleet fleet;
  HttpClient client = fleet.client();
  for (int i = 0; i < 5; ++i) {
    create_server(client, {.profile = "instant"});
  }
  fleet.nats().restart_empty();
  REQUIRE(fleet.vsimctl({"migrate"}).ending.clean());
  CHECK(harness::eventually(
      [&] {
        return client.get("/readyz").body.find("the log went backwards") != std::string::npos;
      },
      std::chrono::seconds(30)));
  const Output dry_run = fleet.vsimctl({"rebuild", "--dry-run"});
  CHECK(dry_run.ending.clean());
  CHECK(dry_run.text.find("the log went backwards. From the swap on reads show what EVENTS holds, "
                          "which may be older") != std::string::npos);
  CHECK(client.get("/servers").json()["total"].integer() == 5);  // nothing was done
  rebuild(fleet);
  fleet.wait_until_ready();
  CHECK(client.get("/servers").json()["total"].integer() == 0);
  create_server(client, {.profile = "instant"});
  CHECK(client.get("/servers").json()["total"].integer() == 1);
}

TEST_CASE("what cannot be done is said in a line, and changes nothing") {
  Fleet fleet;
  const auto url = fleet.database_url();
  const Output dry = fleet.vsimctl({"rebuild", "--dry-run"});
  CHECK(dry.ending.clean());
  CHECK(dry.text.find("EVENTS holds") == 0);
  CHECK(schemas(fleet) == "vsim");
  const Output unasked = fleet.vsimctl({"rebuild"});  // there is no terminal to ask on
  CHECK(unasked.ending.code == 2);
  CHECK(line_count(unasked.text) == 1);
  fleet.nats().kill();
  const Output no_broker = fleet.vsimctl({"rebuild", "--yes"});
  check_refused(no_broker, "NATS at");
  CHECK(line_count(no_broker.text) == 1);
  fleet.nats().restart();
  fleet.postgres().kill();
  const Output no_postgres = fleet.vsimctl({"rebuild", "--yes"});
  check_refused(no_postgres, "Postgres does not answer");
  CHECK(line_count(no_postgres.text) == 1);
  fleet.postgres().restart();
  CHECK(schemas(fleet) == "vsim");
}
