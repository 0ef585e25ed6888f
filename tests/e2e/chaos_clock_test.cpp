// Goal: time moves once for each advance that was answered, and the bill is what the rules give,
// whatever dies meanwhile. Method: servers of a profile without delays, fifteen advances of a day
// under Idempotency-Keys, a worker killed in the middle of each and started again; then the clock,
// every server's bill and the report are held against what can be counted on fingers.

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/seed.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;
using std::chrono::seconds;

namespace {

constexpr int servers = 40;
constexpr int advances = 15;
constexpr std::int64_t day = 86'400;

/// The same key until the change is there. Meanwhile it may be late (202), or wait behind a command
/// that a killed worker had carried out and not acked (409); nothing else.
HttpAnswer advance(harness::Fleet& fleet, std::int64_t by_seconds, const std::string& key) {
  const std::string body = R"({"advance_seconds":)" + std::to_string(by_seconds) + "}";
  HttpAnswer answer;
  for (int attempt = 0; attempt < 20; ++attempt) {
    HttpClient client = fleet.client();
    answer = client.post("/clock", body, {{"Idempotency-Key", key}, {"Prefer", "wait=30"}});
    const bool late = answer.status == 202 || answer.code() == "operation_in_progress";
    if (!late) {
      return answer;
    }
  }
  return answer;
}

}  // namespace

TEST_CASE("killed workers neither lose nor repeat an advance, nor a second of the bill") {
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  std::mt19937_64 dice(seed);
  const harness::SchemaCopy schema;
  schema.set_ack_wait(seconds(2));
  harness::Fleet fleet({.workers = 2, .settings = {}, .schema_dir = schema.path()});
  HttpClient client = fleet.client();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < servers; ++i) {
    create_server(client, {.profile = "instant"});
  }

  for (int round = 0; round < advances; ++round) {
    CAPTURE(round);
    const std::size_t victim = dice() % 2;
    HttpAnswer answer;
    std::jthread caller([&] { answer = advance(fleet, day, "day-" + std::to_string(round)); });
    // Chance, not a condition: the kill shall fall anywhere between the command and its effects.
    std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 60));
    fleet.worker(victim).kill();
    fleet.start_worker(victim);
    caller.join();
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
  }
  fleet.wait_until_ready();

  const HttpAnswer last = advance(fleet, 0, "last");
  REQUIRE_MESSAGE(last.status == 200, describe(last));
  const std::string until = last.json()["now"].text();
  const auto wall = std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - began);
  const std::int64_t least = advances * day;
  const std::int64_t most = least + wall.count() + 22;  // and what is waited for below
  // The watermark comes a moment after the deadlines, or when the next biller has taken over.
  const auto is_billed = [&] {
    const auto found = all_servers(client);
    return std::all_of(found.begin(), found.end(), [](const auto& server) {
      return server.second["accrued_seconds"].integer() > advances * day - 120;
    });
  };
  CHECK(harness::eventually(is_billed, seconds(20)));
  for (const auto& [id, server] : all_servers(client)) {
    CAPTURE(id);
    CHECK(server["status"].text() == "RUNNING");
    const auto live = server["live_uptime_seconds"].integer();
    CHECK(live >= least);
    CHECK(live <= most);
    CHECK(server["accrued_seconds"].integer() <= live);
  }
  const Json bill =
      client.get("/billing?group_by=server&from=2020-01-01T00:00:00Z&to=" + until).json();
  std::int64_t sum = 0;
  for (const Json& item : bill["items"].elements()) {
    const auto billed = item["billed_seconds"].integer();
    CHECK(billed >= least);
    CHECK(billed <= most);
    sum += item["rate_seconds"].integer();
  }
  CHECK(bill["items"].elements().size() == servers);
  CHECK(bill["total"]["rate_seconds"].integer() == sum);
}
