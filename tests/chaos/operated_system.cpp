#include "tests/chaos/operated_system.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <stdexcept>

#include <doctest/doctest.h>

#include "tests/chaos/chaos_run.h"
#include "tests/harness/eventually.h"
#include "tests/harness/json.h"
#include "tests/harness/servers.h"
#include "tests/harness/shell_quoted.h"
#include "tests/runbook/runbook.h"

namespace chaos {
namespace {

using namespace std::chrono_literals;
using harness::HttpClient;

constexpr auto answer_max = 20s;  // then a writer asks again
constexpr auto symptom_max = 60s;
const std::string numbers_broken = "the numbers of the queue are broken";
const std::string numbers_entry = "Queue numbers broken";
constexpr long room = 64L << 20;  // what an operator makes on a full disk

}  // namespace

std::vector<Trouble> troubles(std::uint64_t seed) {
  const harness::Json file = harness::Json::parse(harness::read_file(theme_file("operator")));
  std::vector<Trouble> all;
  for (const harness::Json& fault : file["faults"].elements()) {
    all.push_back({fault["kind"].text(), fault["entry"].text()});
  }
  std::mt19937_64 dice(seed);
  for (std::size_t i = all.size(); i > 1; --i) {
    std::swap(all[i - 1], all[dice() % i]);
  }
  return all;
}

OperatedSystem::OperatedSystem()
    : system_({.workers = 2, .settings = {{"TIME_SCALE", "10"}}}), disk_(system_, "256m") {
  harness::extend_pool(system_.api(), "10.20.0.0/18");
}

e2e::Target OperatedSystem::target() {
  const std::uint16_t port = system_.port("api");
  return {.writer = [port] { return HttpClient(port, answer_max); },
          .reader = [port] { return HttpClient(port, answer_max); },
          .nats_cli =
              [this](const std::vector<std::string>& arguments) {
                std::string script = ". .run/env; nats";
                for (const std::string& word : arguments) {
                  script += " " + harness::shell_quoted(word);
                }
                return system_.run(script);
              },
          .database_url = [this] { return system_.shell(R"(echo "$DATABASE_URL")"); },
          .wait_until_ready =
              [this] {
                for (const char* part : {"worker-1", "worker-2", "api"}) {
                  CHECK_MESSAGE(harness::eventually([&] { return system_.ready(part); }, 120s),
                                part, ": ", system_.readiness(part));
                }
              }};
}

void OperatedSystem::suffer(const Trouble& trouble, e2e::Storm& storm) {
  if (trouble.kind == "all_killed") {
    kill_all();
  } else if (trouble.kind == "full_disk") {
    fill_disk();
  } else if (trouble.kind == "older_log") {
    go_back(storm);
  } else if (trouble.kind != "passwords") {
    throw std::runtime_error("operator.json: there is no trouble " + trouble.kind);
  }
  follow(trouble.entry);
}

void OperatedSystem::kill_all() {
  for (const char* part : {"api", "worker-1", "worker-2", "nats", "postgres"}) {
    system_.kill(part);
  }
}

/// Until the broker has met it; then the operator makes room.
void OperatedSystem::fill_disk() {
  disk_.fill();
  REQUIRE_MESSAGE(
      harness::eventually([&] { return system_.metric("vsim_broker_trouble") == 1; }, symptom_max),
      system_.readiness("worker-1"));
  disk_.leave(room);
}

/// The log is copied; more is done; the copy takes its place.
void OperatedSystem::go_back(e2e::Storm& storm) {
  system_.kill("nats");
  kept_ = Clock::now();
  done("rm -rf kept && cp -a .run/nats kept && ops/up");
  REQUIRE(storm.wait_for_more(100, symptom_max));
  system_.kill("nats");
  replaced_ = Clock::now();
  done(
      "find .run/nats -mindepth 1 -delete && cp -a kept/. .run/nats && "
      "{ VSIM_READY_WITHIN_SECONDS=1 ops/up || true; }");
  REQUIRE_MESSAGE(
      harness::eventually([&] { return system_.metric("vsim_log_unsound") == 1; }, symptom_max),
      system_.readiness("worker-1"));
}

void OperatedSystem::done(const std::string& script) const {
  const harness::Output said = system_.run(script);
  REQUIRE_MESSAGE(said.ending.clean(), script, "\n", said.text);
}

void OperatedSystem::follow(const std::string& heading) {
  const runbook::Runbook book = runbook::shipped_runbook();
  const harness::Output said = system_.run(script_of(book, book.entry(heading)));
  if (!said.ending.clean() && heading != numbers_entry &&
      system_.readiness("api").find(numbers_broken) != std::string::npos) {
    return follow(numbers_entry);  // as the entry says
  }
  REQUIRE_MESSAGE(said.ending.clean(), heading, "\n", said.text);
}

std::vector<e2e::Write> OperatedSystem::without_lost(const std::vector<e2e::Write>& writes) const {
  std::vector<e2e::Write> left;
  std::copy_if(writes.begin(), writes.end(), std::back_inserter(left),
               [&](const auto& write) { return write.ended < kept_ || write.begun > replaced_; });
  return left;
}

void OperatedSystem::check_lost_are_listed(const std::vector<e2e::Write>& writes) const {
  const std::string list = system_.shell("cat lost-events-*.txt");
  std::size_t lost = 0;
  std::string unlisted;
  for (const e2e::Write& write : writes) {
    if (write.status == 201 && write.begun > kept_ && write.ended < replaced_) {
      ++lost;
      if (list.find(write.server_id) == std::string::npos) {
        unlisted += " " + write.server_id;
      }
    }
  }
  CHECK(lost > 0);
  CHECK_MESSAGE(unlisted.empty(), "lost with the log, and not listed:", unlisted);
}

}  // namespace chaos
