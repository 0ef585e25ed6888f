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

void Report::rate(const std::string& what, std::size_t clients, const LoadResult& result,
                  const std::string& name) {
  errors_of(fmt::format("{}, {} clients", what, clients), result);
  const auto found = result.series.find(name);
  if (found == result.series.end()) {
    row({what, std::to_string(clients), "-", "-", "-"});
    error(fmt::format("{}, {} clients: not one answer", what, clients));
    return;
  }
  row({what, std::to_string(clients), fmt::format("{:.0f}", found->second.per_second()),
       fmt::format("{:.2f}", found->second.samples.percentile_ms(50)),
       fmt::format("{:.2f}", found->second.samples.percentile_ms(99))});
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
