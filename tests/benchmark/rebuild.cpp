#include "tests/benchmark/rebuild.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <regex>

#include <fmt/format.h>

#include "domain/decimal.h"
#include "tests/benchmark/machine.h"
#include "tests/harness/lines.h"
#include "tests/harness/shell_quoted.h"

namespace vsim::bench {
namespace {

using harness::shell_quoted;

using Clock = std::chrono::steady_clock;

constexpr int rebuilds = 2;
constexpr const char* copy_schema = "bench_copy";

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Runs psql with one command; what it prints is its rows alone, or the reason.
std::string psql(const Options& options, const std::string& command) {
  return output_of(
      "psql " + shell_quoted(options.database_url) +
      " --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command " +
      shell_quoted(command));
}

/// The number of events that the last rebuild reports; 0: it failed.
double rebuild_once(const Options& options, std::string& output) {
  const auto vsimctl = std::filesystem::path(options.nats_cli).parent_path() / "vsimctl";
  output = output_of(shell_quoted(vsimctl.string()) + " rebuild --yes");
  std::smatch events;
  if (!std::regex_search(output, events, std::regex("swapped in at event ([0-9,]+)"))) {
    return 0;
  }
  std::string digits = events[1];
  digits.erase(std::remove(digits.begin(), digits.end(), ','), digits.end());
  return static_cast<double>(read_decimal(digits).value_or(0));
}

/// Seconds of a COPY of every read model's rows into another schema; below 0: it failed.
double copy_rows(const Options& options, std::string& output) {
  const std::string tables =
      "SELECT relname FROM pg_class WHERE relnamespace = 'vsim'::regnamespace AND relkind = 'r'";
  const std::string drop = fmt::format(
      "SET client_min_messages TO warning; DROP SCHEMA IF EXISTS {} CASCADE", copy_schema);
  const auto folder = std::filesystem::temp_directory_path() / "vsim-bench-copy";
  std::filesystem::create_directories(folder);
  output = psql(options, fmt::format("{}; CREATE SCHEMA {}", drop, copy_schema));
  double copy_seconds = 0;
  for (const std::string& table : harness::lines_of(psql(options, tables))) {
    const std::string file = shell_quoted((folder / table).string());
    const std::string copy = fmt::format("{}.{}", copy_schema, table);
    output += psql(options, fmt::format("\\copy vsim.{} TO {} (FORMAT binary)", table, file));
    output += psql(options,
                   fmt::format("CREATE TABLE {} (LIKE vsim.{} INCLUDING GENERATED)", copy, table));
    const auto began = Clock::now();
    output += psql(options, fmt::format("\\copy {} FROM {} (FORMAT binary)", copy, file));
    copy_seconds += seconds_since(began);
  }
  output += psql(options, drop);
  std::filesystem::remove_all(folder);
  return output.empty() ? copy_seconds : -1;
}

}  // namespace

void measure_rebuild(const Options& options, Report& report) {
  report.begin("Rebuild of the read models", {"what", "events", "seconds", "events per second"});
  double events = 0;
  std::string output;
  const auto row = [&](const std::string& what, double took_seconds) {
    report.row({what, fmt::format("{:.0f}", events), fmt::format("{:.2f}", took_seconds),
                fmt::format("{:.0f}", events / took_seconds)});
  };
  double fastest = 0;
  for (int run = 0; run < rebuilds; ++run) {
    const auto began = Clock::now();
    events = rebuild_once(options, output);
    const double took_seconds = seconds_since(began);
    if (events == 0) {
      report.error("vsimctl rebuild: " + output);
      return;
    }
    row("vsimctl rebuild, swapped in", took_seconds);
    fastest = run == 0 ? took_seconds : std::min(fastest, took_seconds);
  }
  const double copying = copy_rows(options, output);
  if (copying < 0) {
    report.error("COPY of the rows: " + output);
    return;
  }
  row("COPY of the same rows, no indexes", copying);
  report.row(
      {"share of the COPY's speed", "", "", fmt::format("{:.0f} %", 100 * copying / fastest)});
}

}  // namespace vsim::bench
