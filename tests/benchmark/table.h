#pragma once

// The report: Markdown tables, each row printed as soon as it is measured.

#include <string>
#include <vector>

#include "tests/benchmark/load.h"

namespace vsim::bench {

class Report {
 public:
  /// A headline, and the head of a table of rates.
  void begin_rates(const std::string& title);
  /// "| what | clients | per second | p50 ms | p99 ms |" of the samples under `name`.
  void rate(const std::string& what, std::size_t clients, const LoadResult& result,
            const std::string& name);
  /// The same for writes, each beside the floor that was measured with it.
  void begin_writes(const std::string& title);
  /// A row of rate(), and "| floor per second | floor p50 ms | share |": what part of the floor's
  /// rate is reached.
  void write(const std::string& what, std::size_t clients, const LoadResult& result,
             const std::string& name, const LoadResult& floor);
  /// A row whose figures come from elsewhere.
  void row(const std::vector<std::string>& cells);
  /// A headline, and the head of a table with these columns.
  void begin(const std::string& title, const std::vector<std::string>& columns);

  /// Errors of a measurement: printed at the end, and they decide the exit status.
  void errors_of(const std::string& what, const LoadResult& result);
  void error(const std::string& text);
  /// Prints what went wrong; true if nothing did.
  bool finish() const;

 private:
  std::vector<std::string> rate_cells(const std::string& what, std::size_t clients,
                                      const LoadResult& result, const std::string& name);

  std::vector<std::string> errors_;
};

}  // namespace vsim::bench
