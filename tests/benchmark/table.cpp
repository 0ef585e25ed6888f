#include "tests/benchmark/table.h"

#include <cstdio>

#include <fmt/format.h>

namespace vsim::bench {

void Report::begin(const std::string& title, const std::vector<std::string>& columns) {
  fmt::print("\n### {}\n\n", title);
  row(columns);
  std::string rule = "|";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    rule += i == 0 ? "---|" : "---:|";
  }
  fmt::print("{}\n", rule);
}

void Report::begin_rates(const std::string& title) {
  begin(title, {"what", "clients", "per second", "p50 ms", "p99 ms"});
}

void Report::row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) {
    line += " " + cell + " |";
  }
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Report::begin_writes(const std::string& title) {
  begin(title, {"what", "clients", "per second", "p50 ms", "p99 ms", "floor per second",
                "floor p50 ms", "share"});
}

void Report::rate(const std::string& what, std::size_t clients, const LoadResult& result,
                  const std::string& name) {
  row(rate_cells(what, clients, result, name));
}

void Report::write(const std::string& what, std::size_t clients, const LoadResult& result,
                   const std::string& name, const LoadResult& floor) {
  auto cells = rate_cells(what, clients, result, name);
  errors_of(fmt::format("{}, {} clients", what, clients), floor);
  const double least = floor.per_second("floor");
  if (least > 0) {
    const double median = floor.series.find("floor")->second.samples.percentile_ms(50);
    cells.push_back(fmt::format("{:.0f}", least));
    cells.push_back(fmt::format("{:.2f}", median));
    cells.push_back(fmt::format("{:.0f} %", 100 * result.per_second(name) / least));
  } else {
    cells.insert(cells.end(), {"-", "-", "-"});
  }
  row(cells);
}

std::vector<std::string> Report::rate_cells(const std::string& what, std::size_t clients,
                                            const LoadResult& result, const std::string& name) {
  errors_of(fmt::format("{}, {} clients", what, clients), result);
  const auto found = result.series.find(name);
  if (found == result.series.end() || found->second.samples.count() == 0) {
    error(fmt::format("{}, {} clients: not one answer", what, clients));
    return {what, std::to_string(clients), "-", "-", "-"};
  }
  const Series& series = found->second;
  return {what, std::to_string(clients), fmt::format("{:.0f}", series.per_second()),
          fmt::format("{:.2f}", series.samples.percentile_ms(50)),
          fmt::format("{:.2f}", series.samples.percentile_ms(99))};
}

void Report::errors_of(const std::string& what, const LoadResult& result) {
  for (const auto& [text, times] : result.errors) {
    error(fmt::format("{}: {} x {}", what, times, text));
  }
}

void Report::error(const std::string& text) { errors_.push_back(text); }

bool Report::finish() const {
  if (errors_.empty()) {
    return true;
  }
  fmt::print("\n### Errors\n\n");
  for (const std::string& text : errors_) {
    fmt::print("- {}\n", text);
  }
  return false;
}

}  // namespace vsim::bench
