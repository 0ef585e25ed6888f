// vsim-simulate: runs the system under seeds; see README.md beside this.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <limits>
#include <random>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/time.h>
#include <unistd.h>

#include "domain/decimal.h"
#include "ops/telemetry/build_info.h"
#include "tests/golden/recorded_log.h"
#include "tests/simulation/simulation.h"

namespace vsim::simulation {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t twice_one_in = 100;
constexpr std::time_t seed_seconds_max = 120;  // of the processor, with all repeats to shrink it
constexpr std::size_t recorded_messages_max = 600;

struct Options {
  std::string workload = VSIM_SOURCE_DIR "/tests/simulation/standard.json";
  std::optional<std::uint64_t> seed;
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  double minutes = 0;
  bool fresh = false;
  bool steps = false;
  bool no_shrink = false;
  bool found = false;
  bool record = false;
};

/// What the arguments' own reader takes for a number, but holds none of: -1, 2^64.
std::string complaint_about_seed(const std::string& text) {
  return read_decimal(text) ? "" : text + " is no whole number below 2^64";
}

/// Halves what is left of one limit for as long as the run still fails.
template <typename Value>
void shrink(Value& limit, Value most, const std::function<bool()>& fails) {
  Value least = 0;  // with so many it may not fail
  limit = most;
  while (least < limit) {
    const Value before = limit;
    limit = least + (limit - least) / 2;
    if (!fails()) {
      least = limit + 1;
      limit = before;
    }
  }
}

void explain(const Workload& workload, std::uint64_t seed, const RunResult& found,
             const Options& options) {
  Limits limits;
  RunResult last = found;
  const auto fails = [&] {
    auto again = run_seed(workload, seed, limits, false);
    if (again.failure) {
      last = std::move(again);
      return true;
    }
    return false;
  };
  if (!options.no_shrink) {
    shrink(limits.commands, found.commands, fails);
    shrink(limits.faults, found.faults, fails);
    shrink(limits.lucks, found.lucks, fails);
  }
  fmt::print("\nseed {} of {} fails: {}\n", seed, workload.name, *found.failure);
  fmt::print("build {}\n", telemetry::build_version());
  fmt::print("with {} of {} commands, {} of {} faults, {} of {} faults of single calls:\n  {}\n",
             last.commands, found.commands, last.faults, found.faults, last.lucks, found.lucks,
             *last.failure);
  fmt::print("its last steps (simulated seconds, process/thread, what):\n");
  for (const auto& line : last.last_steps) {
    fmt::print("{}\n", line);
  }
  fmt::print("again: ops/simulate --workload {} --seed {}\n", options.workload, seed);
}

std::uint64_t seed_under_way = 0;

/// A failed assertion, a crash, or a run that takes too much of the processor.
void tell_of_death(int signal) {
  char text[100];
  const auto size = std::snprintf(text, sizeof text, "\nseed %llu dies of signal %d\n",
                                  static_cast<unsigned long long>(seed_under_way), signal);
  static_cast<void>(::write(STDOUT_FILENO, text, static_cast<std::size_t>(size)));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void watch_over(std::uint64_t seed) {
  seed_under_way = seed;
  const itimerval longest{{}, {seed_seconds_max, 0}};
  setitimer(ITIMER_PROF, &longest, nullptr);
}

/// False: it has failed, and that was told.
bool try_seed(const Workload& workload, std::uint64_t seed, const Options& options,
              std::uint64_t& steps) {
  watch_over(seed);
  const auto result = run_seed(workload, seed, {}, options.steps);
  steps += result.steps;
  if (result.failure) {
    explain(workload, seed, result, options);
    return false;
  }
  if (seed % twice_one_in == 0 || options.seed) {
    const auto again = run_seed(workload, seed, {}, options.steps);
    if (again.history != result.history) {
      fmt::print("\nseed {} has two histories: {} and {} steps\n", seed, result.steps, again.steps);
      return false;
    }
  }
  return true;
}

/// The seeds that found something once.
int run_found(Options options) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array found;
  if (parser.load(VSIM_SOURCE_DIR "/tests/simulation/found.json").get(root) != simdjson::SUCCESS ||
      root["found"].get(found) != simdjson::SUCCESS) {
    fmt::print(stderr, "found.json cannot be read\n");
    return 2;
  }
  std::uint64_t steps = 0;
  std::size_t failed = 0;
  for (const auto one : found) {
    const std::uint64_t seed = one["seed"];
    const std::string_view name = one["workload"];
    options.workload = VSIM_SOURCE_DIR "/tests/simulation/" + std::string(name);
    const auto workload = read_workload(options.workload);
    failed += workload && try_seed(*workload, seed, options, steps) ? 0 : 1;
  }
  fmt::print("{} seeds of found.json, {} failed\n", found.size(), failed);
  return failed == 0 ? 0 : 1;
}

/// The first seed whose log holds all that those of tests/golden/logs lack, as a file there.
int record(const Workload& workload, const Options& options) {
  auto least = std::numeric_limits<std::size_t>::max();
  auto logs = golden::logs_as_of_today();
  logs.emplace_back();
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const auto result = run_seed(workload, seed, {}, false);
    if (result.failure) {
      fmt::print(stderr, "seed {} fails: {}\n", seed, *result.failure);
      return 1;
    }
    logs.back() = result.log;
    auto missing = golden::missing_in(logs);
    const auto members = golden::members_missing_in(logs);
    missing.insert(missing.end(), members.begin(), members.end());
    if (missing.size() < least) {
      least = missing.size();
      fmt::print(stderr, "seed {}, {} messages: lacks [{}]\n", seed, result.log.size(),
                 fmt::join(missing, ", "));
    }
    if (!missing.empty() || result.log.size() > recorded_messages_max) {
      continue;
    }
    const auto path = golden::next_recorded_log();
    if (const auto written = golden::write_recorded_log(path, result.log); !written) {
      fmt::print(stderr, "{}\n", written.error());
      return 2;
    }
    fmt::print("{}.jsonl: {} messages of seed {}\n", path, result.log.size(), seed);
    return 0;
  }
  fmt::print(stderr, "no seed from {} to {} gives such a log of {} messages at most\n",
             options.first, options.first + options.seeds - 1, recorded_messages_max);
  return 1;
}

int run(const Options& options) {
  if (options.found) {
    return run_found(options);
  }
  const auto workload = read_workload(options.workload);
  if (!workload) {
    fmt::print(stderr, "{}\n", workload.error());
    return 2;
  }
  if (options.record) {
    return record(*workload, options);
  }
  std::uint64_t first = options.seed.value_or(options.first);
  if (options.fresh) {
    first = std::random_device{}() * 1000ULL;
  }
  const std::uint64_t count = options.seed ? 1 : options.seeds;
  const auto begin = SteadyClock::now();
  const auto minutes = [&] {
    return std::chrono::duration<double>(SteadyClock::now() - begin).count() / 60;
  };
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t steps = 0;
  const auto goes_on = [&] {
    return options.minutes > 0 ? minutes() < options.minutes : done < count;
  };
  for (; goes_on() && failed == 0; ++done) {
    failed += try_seed(*workload, first + done, options, steps) ? 0 : 1;
  }
  fmt::print("{}: seeds {} to {}, {} failed, {} steps, {:.1f} s\n", workload->name, first,
             first + done - 1, failed, steps, minutes() * 60);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace vsim::simulation

int main(int argc, char** argv) {
  vsim::simulation::Options options;
  CLI::App app("Runs vsim under seeds: real roles, simulated broker, Postgres, clock and threads");
  auto* seed = app.add_option("--seed", options.seed,
                              "this seed alone, twice, and whether both are the same")
                   ->check(vsim::simulation::complaint_about_seed);
  auto* seeds = app.add_option("--seeds", options.seeds, "so many seeds")
                    ->check(CLI::Range(1, 1'000'000'000));
  auto* first = app.add_option("--first", options.first, "the first of them")
                    ->check(vsim::simulation::complaint_about_seed);
  auto* minutes = app.add_option("--minutes", options.minutes, "as many seeds as this takes")
                      ->check(CLI::PositiveNumber);
  app.add_option("--workload", options.workload, "a workload file");
  auto* fresh = app.add_flag("--fresh", options.fresh, "begin at a random seed");
  auto* steps = app.add_flag("--steps", options.steps, "print every step");
  auto* found = app.add_flag("--found", options.found, "the seeds of found.json");
  auto* no_shrink =
      app.add_flag("--no-shrink", options.no_shrink, "do not look for a shorter run that fails");
  auto* record = app.add_flag("--record", options.record,
                              "record a log of the workload for tests/golden/logs");
  for (auto* other : {seed, minutes, fresh, steps, found, no_shrink}) {
    record->excludes(other);
  }
  for (auto* other : {seeds, first, minutes, fresh, found}) {
    seed->excludes(other);
  }
  fresh->excludes(first);
  for (auto* other : {seeds, first, minutes, fresh}) {
    found->excludes(other);
  }
  minutes->excludes(seeds);
  CLI11_PARSE(app, argc, argv);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGPROF}) {
    std::signal(signal, vsim::simulation::tell_of_death);
  }
  return vsim::simulation::run(options);
}
