#include "tests/benchmark/warm.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "domain/decimal.h"
#include "tests/benchmark/ask.h"
#include "tests/benchmark/floor.h"
#include "tests/benchmark/workloads.h"

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes filling_max{5};
constexpr const char* pool_path = "/warm-pools/bench";

/// Puts the pool there, and waits until all of its servers are ready.
bool fill(const Options& options, std::size_t target, Report& report) {
  const auto set =
      ask(options.api, "PUT", pool_path,
          fmt::format(R"({{"region":"us-east-1","type":"t2.micro","profile":"instant",)"
                      R"("target":{},"replenish_below":{},"on_release":"reset"}})",
                      target, target / 2));  // what is given back fills it again
  if (set.status != 200) {
    report.error(fmt::format("PUT {}: {} {}", pool_path, set.status, set.body));
    return false;
  }
  const auto end = Clock::now() + filling_max;
  std::string ready;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ready = member_of(ask(options.api, "GET", pool_path).body, "ready");
    if (read_decimal(ready).value_or(0) >= target) {
      return true;
    }
  } while (Clock::now() < end);
  report.error(fmt::format("the pool has {} servers ready instead of {}", ready, target));
  return false;
}

}  // namespace

void measure_warm(const Options& options, Report& report) {
  const std::size_t target = options.quick ? 100 : 1000;
  const auto began = Clock::now();
  if (!fill(options, target, report)) {
    return;
  }
  const std::chrono::duration<double> took = Clock::now() - began;
  report.begin("A warm pool", {"what", ""});
  report.row(
      {fmt::format("until {} servers were ready", target), fmt::format("{:.1f} s", took.count())});
  report.begin_writes("Servers had from it and given back in turn, and the floor of a write");
  for (const std::size_t clients : options.clients) {
    const LoadResult floor = run_floor(FloorOf::action, options.nats_url, options.database_url,
                                       clients, options.duration());
    AcquiresAndReleases workload("bench", clients);
    const LoadResult result = run_load(options.api, {{&workload, clients}}, options.duration());
    report.write("acquire", clients, result, "acquire", floor);
    report.write("release", clients, result, "release", floor);
    const auto misses = result.series.find("empty");
    if (misses != result.series.end()) {
      report.row({fmt::format("{} requests found the pool empty", misses->second.samples.count())});
    }
  }
}

}  // namespace vsim::bench
