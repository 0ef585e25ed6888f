#pragma once

// The command line of vsim-bench.

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/benchmark/load.h"

namespace vsim::bench {

struct Options {
  Target api;
  std::string nats_url;
  std::string database_url;
  std::string nats_cli = "nats";
  std::string profile;  // of the creates that are measured; empty: the product's default
  int api_pid = 0;
  std::vector<int> worker_pids;
  std::size_t servers = 10'000;                        // in the read model when reads are measured
  std::size_t servers_more = 0;                        // and measured again at so many; 0: not
  std::vector<std::size_t> clients = {1, 8, 32, 128};  // of the writes, one measurement each
  bool quick = false;
  std::set<std::string> only;  // sections; empty: all

  bool wants(const std::string& section) const { return only.empty() || only.count(section) > 0; }
  std::chrono::milliseconds duration() const {
    return std::chrono::milliseconds(quick ? 1500 : 5000);
  }
};

/// Nothing: `exit_status` says how to end.
std::optional<Options> read_options(int argc, char** argv, int& exit_status);

}  // namespace vsim::bench
