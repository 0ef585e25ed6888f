// Goal: what operators watch shows on /metrics while it is so and not afterwards, and a scrape
// never waits for a broker or a database that does not answer. Method: bring each state about with
// the nats CLI, SQL, roles and signals; look at the page before, during and after. And whatever the
// sources can show is in the table of ops/prometheus and on the page of a process that has just
// begun (issue 20, point 9).

#include <csignal>
#include <filesystem>
#include <regex>
#include <set>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using namespace std::chrono_literals;
using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::random_uuid;

namespace {

constexpr auto patience = 30s;

bool shows(Fleet& fleet, const std::string& metric, double value, const std::string& label = "") {
  return eventually([&] { return fleet.worker_metric(0, metric, label) == value; }, patience);
}

bool shows_above(Fleet& fleet, const std::string& metric, double value,
                 const std::string& label = "") {
  return eventually([&] { return fleet.worker_metric(0, metric, label) > value; }, patience);
}

void restart_worker(Fleet& fleet, const std::string& roles) {
  fleet.worker().terminate();
  fleet.start_worker(0, {{"ROLES", roles}});
  fleet.wait_until_ready();
}

constexpr auto every_role = "commands,timekeeper,billing,projector,janitor";

using Names = std::set<std::string>;

/// The first group of each match.
Names names_in(const std::string& text, const std::string& pattern) {
  const std::regex name(pattern);
  Names names;
  for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

Names names_in_sources() {
  Names names;
  for (const char* folder : {"api", "eventstore", "ops/telemetry", "schema", "workers"}) {
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(harness::source_dir() + "/" + folder)) {
      if (file.path().extension() != ".cpp") {
        continue;
      }
      names.merge(names_in(harness::read_file(file.path().string()),
                           R"x((?:counter|gauge|gauge_set|histogram)\(\s*"([a-z_]+)")x"));
    }
  }
  return names;
}

/// What the table says of these; `who` as its column `of` has it.
Names names_in_table(const std::string& who) {
  return names_in(harness::read_file(harness::source_dir() + "/ops/prometheus/README.md"),
                  R"(\| \w+ \| `([a-z_]+)` \| [^|]*\| (?:)" + who + R"() \|)");
}

/// Those that have a sample, not only a help text.
Names names_on_page(std::uint16_t port) {
  return names_in(HttpClient(port).get("/metrics").body,
                  R"((?:^|\n)([a-z_]+?)(?:_bucket|_sum|_count)?[{ ])");
}

std::string listed(const Names& of, const Names& without) {
  std::string text;
  for (const std::string& name : of) {
    if (without.count(name) == 0) {
      text += " " + name;
    }
  }
  return text;
}

/// Whether a page comes, and comes at once.
bool scraped_at_once(std::uint16_t port) {
  const auto began = std::chrono::steady_clock::now();
  const bool came = HttpClient(port, 20s).get("/metrics").status == 200;
  return came && std::chrono::steady_clock::now() - began < 2s;
}

}  // namespace

TEST_CASE("every metric of the sources is in the table, and on the page of a fresh system") {
  const Names sources = names_in_sources();
  CHECK(sources.size() > 50);
  CHECK(listed(sources, names_in_table("both|worker|API")) == "");
  CHECK(listed(names_in_table("both|worker|API"), sources) == "");
  Fleet fleet;
  // Broker and Postgres have been asked once.
  CHECK(shows(fleet, "vsim_queue_commands", 0));
  CHECK(shows(fleet, "vsim_servers", 0));
  CHECK(eventually([&] { return names_on_page(fleet.worker_port()).count("vsim_servers") == 1; }));
  CHECK(listed(names_in_table("both|worker"), names_on_page(fleet.worker_port())) == "");
  CHECK(listed(names_in_table("both|API"), names_on_page(fleet.api_port())) == "");
  CHECK(fleet.worker_metric(0, "vsim_servers_reaped_total", R"(region="eu-west-1")") == 0);
}

TEST_CASE("a process that begins anew shows a later start") {
  Fleet fleet;
  const double before = fleet.worker_metric("process_start_time_seconds");
  CHECK(before > 1.7e9);
  restart_worker(fleet, every_role);
  CHECK(fleet.worker_metric("process_start_time_seconds") > before);
}

TEST_CASE("a paused consumer, the queue behind it and the age of its oldest command are shown") {
  Fleet fleet;
  CHECK(shows(fleet, "vsim_queue_commands", 0));
  CHECK(shows(fleet, "vsim_consumer_paused", 0));
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "--force"})
              .ending.clean());
  CHECK(shows(fleet, "vsim_consumer_paused", 1));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + random_uuid(), R"({"type":"stop"})"})
                .ending.clean());
  }
  CHECK(shows(fleet, "vsim_queue_commands", 3));
  CHECK(shows_above(fleet, "vsim_queue_oldest_seconds", 3));
  REQUIRE(fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "--force"}).ending.clean());
  CHECK(shows(fleet, "vsim_consumer_paused", 0));
  CHECK(shows(fleet, "vsim_queue_commands", 0));
  CHECK(shows(fleet, "vsim_queue_oldest_seconds", 0));
}

TEST_CASE("dead letters are shown while they are stored, and how full the store is") {
  Fleet fleet;
  CHECK(shows(fleet, "vsim_dead_letters", 0));
  REQUIRE(
      fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + random_uuid(), "no command"}).ending.clean());
  CHECK(shows(fleet, "vsim_dead_letters", 1));
  CHECK(fleet.worker_metric("vsim_dead_letters_total") == 1);
  REQUIRE(fleet.nats_cli({"stream", "purge", "DEAD_LETTERS", "--force"}).ending.clean());
  CHECK(shows(fleet, "vsim_dead_letters", 0));
  CHECK(shows_above(fleet, "vsim_broker_store_bytes", 1000));
  CHECK(shows(fleet, "vsim_broker_store_bytes_max", 10e9));
  CHECK(shows(fleet, "vsim_nats_permission_errors_total", 0));
}

TEST_CASE("servers by state and the pools are shown, and what leaves them") {
  Fleet fleet({.settings = {{"PROFILE", "instant"}}});
  const std::string here = R"(region="us-east-1")";
  CHECK(shows(fleet, "vsim_pool_addresses", 100, here));
  CHECK(shows(fleet, "vsim_pool_addresses_free", 100, here));
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {})["id"].text();
  CHECK(shows(fleet, "vsim_pool_addresses_free", 99, here));
  CHECK(shows(fleet, "vsim_servers", 1, R"(region="us-east-1",status="RUNNING")"));
  REQUIRE(client.del("/servers/" + id).status == 200);
  CHECK(shows(fleet, "vsim_pool_addresses_free", 100, here));
  CHECK(shows(fleet, "vsim_servers", 0, R"(status="RUNNING")"));
  CHECK(shows(fleet, "vsim_servers", 1, R"(status="TERMINATED")"));
}

TEST_CASE("a projection that lags shows by how many events and seconds") {
  Fleet fleet({.settings = {{"PROFILE", "instant"}}});
  CHECK(shows(fleet, "vsim_projection_lag_events", 0));
  CHECK(shows(fleet, "vsim_projection_lag_seconds", 0));
  restart_worker(fleet, "commands,timekeeper");
  REQUIRE(fleet
              .nats_cli({"pub", "vsim.cmd.us-east-1." + random_uuid(),
                         R"({"type":"create","name":"late","instance_type":"t2.micro"})"})
              .ending.clean());
  CHECK(shows_above(fleet, "vsim_projection_lag_events", 0));
  CHECK(shows_above(fleet, "vsim_projection_lag_seconds", 3));
  restart_worker(fleet, every_role);
  CHECK(shows(fleet, "vsim_projection_lag_events", 0));
  CHECK(shows(fleet, "vsim_projection_lag_seconds", 0));
}

TEST_CASE("deadlines that nobody applies are overdue, the idle among them, until somebody does") {
  Fleet fleet({.settings = {{"IDLE_TIMEOUT", "1s"}}});
  CHECK(shows(fleet, "vsim_deadlines_overdue", 0));
  restart_worker(fleet, "commands,projector");
  HttpClient client = fleet.client();
  const std::string idle = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, idle, "stop").status == 200);
  create_server(client, {.profile = "standard"});
  CHECK(shows(fleet, "vsim_idle_overdue", 1));
  CHECK(shows(fleet, "vsim_deadlines_overdue", 2));
  CHECK(fleet.worker_metric("vsim_deadlines_pending") == 2);
  restart_worker(fleet, every_role);
  CHECK(shows(fleet, "vsim_deadlines_overdue", 0));
  CHECK(shows(fleet, "vsim_idle_overdue", 0));
}

TEST_CASE("billing that stands still grows old, in regions where an address is taken") {
  Fleet fleet({.settings = {{"PROFILE", "instant"}, {"TIME_SCALE", "60"}}});
  const std::string here = R"(region="us-east-1")";
  CHECK(shows(fleet, "vsim_clock_scale", 60));
  CHECK(shows(fleet, "vsim_billing_interval_seconds", 60));
  restart_worker(fleet, "commands,timekeeper,projector");
  HttpClient client = fleet.client();
  create_server(client, {});
  CHECK(shows_above(fleet, "vsim_billing_watermark_age_seconds", 300, here));
  CHECK(fleet.worker_metric(0, "vsim_billing_watermark_age_seconds", "eu-west-1") == 0);
  restart_worker(fleet, every_role);
  CHECK(eventually(
      [&] {
        const double age = fleet.worker_metric(0, "vsim_billing_watermark_age_seconds", here);
        return age > 0 && age < 200;
      },
      patience));
}

TEST_CASE("a dead or silent broker shows as such, and no scrape waits for it") {
  Fleet fleet;
  const auto both_show = [&](double up) {
    return shows(fleet, "vsim_nats_up", up) &&
           eventually([&] { return fleet.api_metric("vsim_nats_up") == up; }, patience);
  };
  CHECK(both_show(1));
  fleet.nats().kill();
  CHECK(both_show(0));
  CHECK(scraped_at_once(fleet.worker_port()));
  CHECK(scraped_at_once(fleet.api_port()));
  fleet.nats().restart();
  CHECK(both_show(1));
  fleet.nats().process().signal(SIGSTOP);
  CHECK(both_show(0));
  CHECK(scraped_at_once(fleet.worker_port()));
  CHECK(scraped_at_once(fleet.api_port()));
  fleet.nats().process().signal(SIGCONT);
  CHECK(both_show(1));
}

TEST_CASE("a dead Postgres shows as such, and no scrape waits for it") {
  Fleet fleet;
  const auto both_show = [&](double up) {
    return shows(fleet, "vsim_postgres_up", up) &&
           eventually([&] { return fleet.api_metric("vsim_postgres_up") == up; }, patience);
  };
  CHECK(both_show(1));
  fleet.postgres().kill();
  CHECK(both_show(0));
  CHECK(scraped_at_once(fleet.worker_port()));
  CHECK(scraped_at_once(fleet.api_port()));
  fleet.postgres().restart();
  CHECK(both_show(1));
}
