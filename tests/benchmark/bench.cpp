#include "tests/benchmark/bench.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <regex>
#include <thread>

#include <fmt/format.h>

#include "domain/decimal.h"
#include "tests/benchmark/ask.h"
#include "tests/benchmark/door.h"
#include "tests/benchmark/live.h"
#include "tests/benchmark/machine.h"
#include "tests/benchmark/rebuild.h"
#include "tests/benchmark/time_travel.h"
#include "tests/benchmark/warm.h"
#include "tests/harness/shell_quoted.h"

namespace vsim::bench {
namespace {

using harness::shell_quoted;

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The first number behind `"total":` of a list's answer; -1: there is none.
long total_of(const std::string& body) {
  const std::string total = member_of(body, "total");
  const auto number = read_decimal(total);
  return number ? static_cast<long>(*number) : -1;
}

}  // namespace

bool Bench::run() {
  describe();
  if (options_.wants("yardstick")) {
    yardstick();
  }
  extend_pool();
  if (options_.only.count("time") > 0) {
    TimeTravel(options_, report_).run();
    return report_.finish();
  }
  if (options_.only.count("warm") > 0) {
    measure_warm(options_, report_);
    return report_.finish();
  }
  fill(options_.servers);
  if (options_.only.count("door") > 0) {
    measure_door(options_, server_ids_, report_);
    return report_.finish();
  }
  if (options_.only.count("live") > 0) {
    measure_live(options_, server_ids_, report_);
    return report_.finish();
  }
  if (options_.wants("reads")) {
    reads(options_.servers);
  }
  if (options_.wants("interference")) {
    interference();
  }
  if (options_.wants("writes")) {
    writes();
  }
  if (options_.wants("async")) {
    async_writes();
  }
  if (options_.wants("memory")) {
    memory();
  }
  if (options_.servers_more > server_ids_.size()) {
    fill(options_.servers_more);
    reads(options_.servers_more);
    memory();
  }
  if (options_.wants("rebuild")) {
    measure_rebuild(options_, report_);
  }
  return report_.finish();
}

void Bench::describe() {
  report_.begin("Machine", {"", ""});
  for (const auto& [name, value] : describe_machine(options_.nats_url, options_.database_url)) {
    report_.row({name, value});
  }
  report_.row({"workers", std::to_string(options_.worker_pids.size())});
}

void Bench::extend_pool() {
  // 131,072 addresses each: enough for all that a run creates, and for runs on the same system.
  for (const char* range : {"10.0.0.0/15", "10.2.0.0/15"}) {
    ask("POST", "/regions/us-east-1/addresses", fmt::format(R"({{"cidr":"{}"}})", range), 200);
  }
}

void Bench::yardstick() {
  report_.begin_rates("Yardstick: the broker alone");
  nats_bench("nats bench js pub sync", "sync", 1);
  nats_bench("nats bench js pub sync", "sync", 32);
  nats_bench("nats bench js pub async", "async", 1);
}

LoadResult Bench::floor(FloorOf what, std::size_t clients) {
  return run_floor(what, options_.nats_url, options_.database_url, clients, options_.duration());
}

void Bench::nats_bench(const std::string& what, const std::string& mode, std::size_t clients) {
  const std::string nats =
      shell_quoted(options_.nats_cli) + " --server " + shell_quoted(options_.nats_url);
  const std::string output = output_of(
      fmt::format("{} bench js pub {} vsimbench.yardstick --create --stream VSIMBENCH --msgs {} "
                  "--size 300 --clients {} --no-progress; {} stream rm VSIMBENCH -f",
                  nats, mode, options_.quick ? 4000 : 20000, clients, nats));
  std::smatch rate;
  std::smatch median;
  std::smatch slowest;
  if (!std::regex_search(output, rate, std::regex("stats: ([0-9,]+) msgs/sec"))) {
    report_.error(what + ": " + output);
    return;
  }
  std::regex_search(output, median, std::regex("P50:? ([0-9,.]+)us"));
  std::regex_search(output, slowest, std::regex("P99:? ([0-9,.]+)us"));
  const auto number = [](std::string text) {
    text.erase(std::remove(text.begin(), text.end(), ','), text.end());
    return read_decimal_fraction(text).value_or(0);
  };
  report_.row({what, std::to_string(clients), fmt::format("{:.0f}", number(rate[1])),
               fmt::format("{:.2f}", number(median[1]) / 1000),
               fmt::format("{:.2f}", number(slowest[1]) / 1000)});
}

void Bench::fill(std::size_t servers) {
  if (server_ids_.size() >= servers) {
    return;
  }
  Creates creates({.wait = Wait::outcome,
                   .profile = "instant",
                   .query = "",
                   .count_max = servers - server_ids_.size()});
  const LoadResult result = run_load(options_.api, {{&creates, 128}}, std::chrono::minutes(30));
  report_.errors_of("filling", result);
  server_ids_.insert(server_ids_.end(), creates.server_ids().begin(), creates.server_ids().end());
  wait_until_settled();
}

void Bench::reads(std::size_t servers) {
  const long total = total_of(ask("GET", "/servers?limit=1", "", 200));
  report_.begin_rates(fmt::format("Reads at {} servers ({} in all)", servers, total));
  struct Read {
    const char* name;
    const char* path;
  };
  for (const auto& [name, path] : {Read{"GET /servers/{id}", "/servers/{id}"},
                                   Read{"GET /servers?limit=50", "/servers?limit=50"},
                                   Read{"GET /servers/{id}/logs", "/servers/{id}/logs"}}) {
    for (const std::size_t clients : {std::size_t{1}, std::size_t{16}}) {
      Reads workload(name, path, server_ids_);
      report_.rate(name, clients,
                   run_load(options_.api, {{&workload, clients}}, options_.duration()), name);
    }
  }
}

void Bench::interference() {
  report_.begin_rates("Do waiting writes slow reads? (4 clients read)");
  Reads get("GET", "/servers/{id}", server_ids_);
  Reads health("healthz", "/healthz", server_ids_);
  const auto row = [&](const std::string& when, const LoadResult& result) {
    report_.rate("GET /servers/{id}, " + when, 4, result, "GET");
    report_.rate("GET /healthz, " + when, 1, result, "healthz");
  };
  row("alone", run_load(options_.api, {{&get, 4}, {&health, 1}}, options_.duration()));
  // Each of these waits some seconds of its server's PENDING: 32 parked requests, little work.
  Creates parked(
      {.wait = Wait::outcome, .profile = "standard", .query = "?until=settled", .expected = "202"});
  row("32 writes parked",
      run_load(options_.api, {{&get, 4}, {&health, 1}, {&parked, 32}}, options_.duration()));
  // Here the processors are shared too, so a read takes longer; it must not wait for a write.
  Creates busy({.wait = Wait::outcome, .profile = "instant", .query = ""});
  row("32 writers at full speed",
      run_load(options_.api, {{&get, 4}, {&health, 1}, {&busy, 32}}, options_.duration()));
  wait_until_settled();
}

void Bench::writes() {
  report_.begin_writes("Writes, waiting until the outcome can be read, and their floor");
  for (const std::size_t clients : options_.clients) {
    create(clients);
  }
  for (const std::size_t clients : options_.clients) {
    stop_and_start(clients);
  }
}

void Bench::create(std::size_t clients) {
  // Side by side: on a shared machine the disk of a minute ago is another one.
  const LoadResult floor_result = floor(FloorOf::create, clients);
  Creates creates({.wait = Wait::outcome, .profile = options_.profile, .query = ""});
  const LoadResult result = run_load(options_.api, {{&creates, clients}}, options_.duration());
  report_.write("create", clients, result, "create", floor_result);
  wait_until_settled();
}

void Bench::stop_and_start(std::size_t clients) {
  if (server_ids_.size() < clients) {
    report_.error("stop, start: too few servers could be created");
    return;
  }
  const LoadResult floor_result = floor(FloorOf::action, clients);
  StopsAndStarts workload(
      {server_ids_.end() - static_cast<std::ptrdiff_t>(clients), server_ids_.end()}, clients);
  LoadResult result = run_load(options_.api, {{&workload, clients}}, options_.duration());
  Series& both = result.series["both"];
  for (const char* name : {"stop", "start"}) {
    const Series& one = result.series[name];
    both.samples.add(one.samples);
    both.seconds = std::max(both.seconds, one.seconds);
  }
  report_.write("stop and start in turn", clients, result, "both", floor_result);
  // These clients' servers may be left stopped: later measurements take others.
  server_ids_.resize(server_ids_.size() - clients);
  wait_until_settled();
}

void Bench::async_writes() {
  report_.begin(
      "Writes with Prefer: respond-async",
      {"what", "clients", "accepted per second", "p50 ms", "p99 ms", "carried out per second"});
  for (const std::size_t clients : options_.clients) {
    async_creates(clients);
  }
  for (const std::size_t clients : options_.clients) {
    async_stops(clients);
  }
}

void Bench::async_creates(std::size_t clients) {
  Creates creates({.wait = Wait::accepted, .profile = options_.profile, .query = ""});
  const auto started = Clock::now();
  LoadResult result = run_load(options_.api, {{&creates, clients}}, options_.duration());
  wait_for_outcomes(creates.accepted());
  result.seconds_to_outcome = std::chrono::duration<double>(Clock::now() - started).count();
  report_async("create", clients, result, "create", creates.accepted());
  wait_until_settled();
}

void Bench::async_stops(std::size_t clients) {
  // Each server takes one command at a time, so each is stopped once.
  const std::size_t share = server_ids_.size() / 5;
  if (share < clients) {
    report_.error(fmt::format("stop async, {} clients: too few servers are left", clients));
    return;
  }
  ActionForEach stops("stop", server_ids_, share);
  const auto started = Clock::now();
  LoadResult result = run_load(options_.api, {{&stops, clients}}, options_.duration());
  wait_for_outcomes(stops.accepted());
  result.seconds_to_outcome = std::chrono::duration<double>(Clock::now() - started).count();
  report_async("stop", clients, result, "stop", stops.accepted());
  wait_until_settled();
}

void Bench::report_async(const std::string& what, std::size_t clients, const LoadResult& result,
                         const std::string& name, const Accepted& accepted) {
  report_.errors_of(fmt::format("{} async, {} clients", what, clients), result);
  const auto found = result.series.find(name);
  if (found == result.series.end()) {
    report_.error(fmt::format("{} async, {} clients: not one answer", what, clients));
    return;
  }
  report_.row(
      {what, std::to_string(clients), fmt::format("{:.0f}", found->second.per_second()),
       fmt::format("{:.2f}", found->second.samples.percentile_ms(50)),
       fmt::format("{:.2f}", found->second.samples.percentile_ms(99)),
       fmt::format("{:.0f}", static_cast<double>(accepted.count) / result.seconds_to_outcome)});
}

void Bench::memory() {
  const long total = total_of(ask("GET", "/servers?limit=1", "", 200));
  report_.begin(fmt::format("Memory at {} servers", total), {"process", "resident MB"});
  report_.row({"API", fmt::format("{:.0f}", resident_megabytes(options_.api_pid))});
  for (const int pid : options_.worker_pids) {
    report_.row({"worker", fmt::format("{:.0f}", resident_megabytes(pid))});
  }
}

std::string Bench::ask(const std::string& method, const std::string& path, const std::string& body,
                       int expected_status) {
  AskResult answer = bench::ask(options_.api, method, path, body);
  report_.errors_of(path, answer.result);
  if (answer.status != expected_status) {
    report_.error(fmt::format("{} {}: {} {}", method, path, answer.status, answer.body));
  }
  return std::move(answer.body);
}

void Bench::wait_until_settled() {
  const auto give_up = Clock::now() + std::chrono::minutes(2);
  for (const char* status : {"PENDING", "STOPPING"}) {
    const std::string path = fmt::format("/servers?limit=1&status={}", status);
    while (total_of(ask("GET", path, "", 200)) != 0) {
      if (Clock::now() > give_up) {
        report_.error(fmt::format("servers stay {} for minutes", status));
        return;
      }
      std::this_thread::sleep_for(milliseconds(100));
    }
  }
}

void Bench::wait_for_outcomes(const Accepted& accepted) {
  const auto give_up = Clock::now() + std::chrono::minutes(2);
  for (const std::string& operation : accepted.last_operation) {
    while (!operation.empty()) {
      const std::string body = ask("GET", operation, "", 200);
      if (body.find("\"status\":\"SUCCEEDED\"") != std::string::npos) {
        break;
      }
      if (body.find("\"status\":\"PENDING\"") == std::string::npos || Clock::now() > give_up) {
        report_.error(fmt::format("{}: {}", operation, body));
        return;
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
  }
}

}  // namespace vsim::bench
