// Goal (issue 16, done when): a warm pool of 20 under 32 clients that acquire and release while
// workers are killed: never more than 20 beside those that are somebody's, none had by two, none
// leaked. Method: threads over HTTP, each repeating its request under one key until it is answered
// for good; a kill every second. VSIM_CHAOS_SECONDS makes it longer.

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/chaos/chaos_run.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using harness::eventually;
using harness::HttpClient;
using harness::Json;
using namespace std::chrono_literals;

namespace {

constexpr int target = 20;
constexpr std::size_t callers = 32;
const std::string pool_path = "/warm-pools/ci";

/// What all callers have got.
struct Ledger {
  std::mutex mutex;
  std::set<std::string> had;  // ids, ever
  std::vector<std::string> had_twice;
  std::atomic<bool> over = false;
  std::atomic<int> strange = 0;

  void note(const std::string& id) {
    const std::lock_guard lock(mutex);
    if (!had.insert(id).second) {
      had_twice.push_back(id);
    }
  }
};

/// The body of the answer that is final; empty where the pool has none.
std::string ask(HttpClient& client, const std::string& path, const std::string& key,
                Ledger& ledger) {
  while (true) {
    try {
      const auto answer = client.post(path, "{}", {{"Idempotency-Key", key}});
      if (answer.status == 200) {
        return answer.body;
      }
      const auto code = answer.status == 409 ? answer.json()["code"].text() : "";
      if (code == "pool_empty") {
        return {};
      }
      // What a killed worker had in hand keeps its slot until it is delivered again.
      const bool is_late =
          answer.status == 202 || answer.status == 503 || code == "operation_in_progress";
      if (!is_late) {
        ++ledger.strange;
        return {};
      }
    } catch (const harness::Unreachable&) {
    }
    std::this_thread::sleep_for(20ms);
  }
}

void call(HttpClient client, std::size_t caller, Ledger& ledger) {
  for (int turn = 0; !ledger.over; ++turn) {
    const auto key = fmt::format("{}-{}", caller, turn);
    const auto body = ask(client, pool_path + "/acquire", "acquire-" + key, ledger);
    if (body.empty()) {
      std::this_thread::sleep_for(10ms);
      continue;
    }
    const auto id = Json::parse(body)["id"].text();
    ledger.note(id);
    std::this_thread::sleep_for(std::chrono::milliseconds(caller % 7));
    if (ask(client, "/servers/" + id + "/release", "release-" + key, ledger).empty()) {
      ++ledger.strange;
    }
  }
}

/// The most that the pool has held beside those that are somebody's.
std::int64_t watch(HttpClient client, const Ledger& ledger) {
  std::int64_t most = 0;
  while (!ledger.over) {
    const Json pool = client.get(pool_path).json();
    most = std::max(most,
                    pool["ready"].integer() + pool["warming"].integer() + pool["broken"].integer());
    std::this_thread::sleep_for(5ms);
  }
  return most;
}

}  // namespace

TEST_CASE("a warm pool under 32 clients, with workers killed: none too many, twice or leaked") {
  harness::SchemaCopy schema;
  schema.set_ack_wait(2s);
  harness::Fleet fleet({.workers = 3, .schema_dir = schema.path()});
  HttpClient client = fleet.client();
  const auto set = client.request(
      "PUT", pool_path,
      fmt::format(R"({{"region":"us-east-1","type":"t2.micro","profile":"instant","target":{}}})",
                  target),
      {{"Content-Type", "application/json"}});
  REQUIRE_MESSAGE(set.status == 200, describe(set));
  const auto settled = [&] {
    const Json pool = client.get(pool_path).json();
    return pool["ready"].integer() == target && pool["assigned"].integer() == 0;
  };
  REQUIRE(eventually(settled, 30s));
  Ledger ledger;
  std::int64_t most = 0;
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { most = watch(fleet.client(), ledger); });
    for (std::size_t caller = 0; caller < callers; ++caller) {
      threads.emplace_back([&, caller] { call(fleet.client(), caller, ledger); });
    }
    const auto end = std::chrono::steady_clock::now() + chaos::length_wanted(6s);
    for (std::size_t kill = 0; std::chrono::steady_clock::now() < end; ++kill) {
      std::this_thread::sleep_for(1s);
      const auto worker = kill % fleet.workers();
      fleet.worker(worker).kill();
      fleet.start_worker(worker);
    }
    fleet.wait_until_ready();
    ledger.over = true;
  }
  CHECK(most <= target);
  CHECK(ledger.had_twice.empty());
  CHECK(ledger.strange.load() == 0);
  CHECK(ledger.had.size() > callers);
  CHECK_MESSAGE(eventually(settled, 60s), client.get(pool_path).body);
  CHECK(harness::all_servers(client, "status=RUNNING").size() == target);
  CHECK(client.get(pool_path).json()["hits"].integer() ==
        static_cast<std::int64_t>(ledger.had.size()));
  expect(0, fleet.vsimctl({"verify"}));
}
