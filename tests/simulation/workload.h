#pragma once

// What a run does and what befalls it: read from a workload file, drawn from the seed.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "tests/simulation/machine.h"

namespace vsim::simulation {

/// A file of this folder, such as standard.json. README.md says what each member means.
struct Workload {
  std::string name;
  std::size_t commands = 100;
  std::size_t clients = 4;
  std::size_t servers = 12;
  std::size_t workers = 2;
  std::size_t addresses = 10;              // of each region
  double seconds = 30;                     // over which commands and faults are spread
  int year = 0;                            // in which simulated time begins; 0: this one
  std::map<std::string, double> mix;       // kind of command -> weight
  std::map<std::string, double> habits;    // of clients -> chance
  std::map<std::string, double> faults;    // kind of fault -> how many in a run, on average
  std::map<std::string, double> chances;   // of a single call -> chance
  std::map<std::string, double> profiles;  // name -> weight
};

tl::expected<Workload, std::string> read_workload(const std::string& file);

struct PlannedCommand {
  Time at{};
  std::size_t client = 0;
  std::string kind;
  std::size_t server = 0;
  std::string profile;
  bool keyed = false;
  bool waits = true;     // for the outcome
  bool repeats = false;  // sends it once more
  bool matches = false;  // with If-Match
  bool leased = false;   // a create, with a lease
  std::uint64_t number = 0;
};

struct PlannedFault {
  Time at{};
  std::string kind;
  std::size_t whom = 0;
  Time length{};
  std::uint64_t number = 0;
};

struct Plan {
  std::vector<PlannedCommand> commands;
  std::vector<PlannedFault> faults;
};

/// The same for the same seed and workload.
Plan make_plan(const Workload& workload, std::uint64_t seed);

}  // namespace vsim::simulation
