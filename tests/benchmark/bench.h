#pragma once

// The measurements, one function a section, in the order in which they run.

#include <string>
#include <vector>

#include "tests/benchmark/floor.h"
#include "tests/benchmark/options.h"
#include "tests/benchmark/table.h"
#include "tests/benchmark/workloads.h"

namespace vsim::bench {

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {}

  /// Runs what the options ask for and prints it. True when nothing unexpected was answered.
  bool run();

 private:
  void describe();
  void extend_pool();
  void yardstick();
  LoadResult floor(FloorOf what, std::size_t clients);
  void fill(std::size_t servers);
  void reads(std::size_t servers);
  void interference();
  void writes();
  void async_writes();
  void memory();

  void nats_bench(const std::string& what, const std::string& arguments, std::size_t clients);
  void create(std::size_t clients);
  void stop_and_start(std::size_t clients);
  void async_creates(std::size_t clients);
  void async_stops(std::size_t clients);
  void report_async(const std::string& what, std::size_t clients, const LoadResult& result,
                    const std::string& name, const Accepted& accepted);

  /// One request; its answer's body. An unexpected status is noted as an error.
  std::string ask(const std::string& method, const std::string& path, const std::string& body,
                  int expected_status);
  /// Waits until no transition is under way, so that one measurement does not weigh on the next.
  void wait_until_settled();
  /// Waits until the last operation of every client has an outcome.
  void wait_for_outcomes(const Accepted& accepted);

  const Options& options_;
  Report report_;
  std::vector<std::string> server_ids_;  // RUNNING, of profile instant
};

}  // namespace vsim::bench
