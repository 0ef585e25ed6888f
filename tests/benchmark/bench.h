#pragma once

// The measurements, one function a section, in the order in which they run.

#include <map>
#include <string>
#include <vector>

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
  void broker_loop(std::size_t clients);
  void fill(std::size_t servers);
  void reads(std::size_t servers);
  void interference();
  void writes();
  void async_writes();
  void memory();
  void ratios();

  void nats_bench(const std::string& what, const std::string& arguments, std::size_t clients);
  void create_and_note(std::size_t clients);
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
  std::vector<std::string> server_ids_;        // RUNNING, of profile instant
  std::map<std::size_t, double> loop_rate_;    // by clients
  std::map<std::size_t, double> create_rate_;  // by clients
};

}  // namespace vsim::bench
