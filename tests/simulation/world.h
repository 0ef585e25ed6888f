#pragma once

// What surrounds the simulated processes: broker, Postgres, and what goes wrong with the ways to
// them.

#include <cstdint>
#include <map>
#include <string>

#include "tests/simulation/broker_hub.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/tables.h"

namespace vsim::simulation {

enum class Luck { good, request_lost, answer_lost };

/// Chances of single calls.
struct Weather {
  double request_lost = 0;
  double answer_lost = 0;
  double slow = 0;
  double stalled = 0;
  double database_fails = 0;
  std::uint64_t faults_max = ~0ULL;  // so many in all: for shrinking
  std::uint64_t faults = 0;
  Time database_back_at{0};

  Luck luck_of_request(Machine& machine);
  Luck luck_of_database(Machine& machine);
  Time time_of_way(Machine& machine);
  /// How long a sender stands still before a message that it does not wait for.
  Time time_stalled(Machine& machine);

 private:
  bool strikes(Machine& machine, double chance);
};

struct World {
  explicit World(std::uint64_t seed) : machine(seed), hub(machine) {}

  Machine machine;
  Hub hub;
  Tables tables;
  std::map<std::int64_t, const void*> session_locks;  // by number: the session that holds it
  Weather weather;
};

/// The world of the run under way.
World& world();
void set_world(World* world);

}  // namespace vsim::simulation
