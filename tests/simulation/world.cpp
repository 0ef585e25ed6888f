#include "tests/simulation/world.h"

namespace vsim::simulation {
namespace {

World* the_world = nullptr;

}  // namespace

World& world() { return *the_world; }
void set_world(World* world) { the_world = world; }

bool Weather::strikes(Machine& machine, double chance) {
  // The draw is made in any case, so that fewer faults leave the others as they are.
  const bool yes = machine.chance(chance);
  if (!yes || faults >= faults_max) {
    return false;
  }
  ++faults;
  return true;
}

Luck Weather::luck_of_request(Machine& machine) {
  if (strikes(machine, request_lost)) {
    return Luck::request_lost;
  }
  return strikes(machine, answer_lost) ? Luck::answer_lost : Luck::good;
}

Luck Weather::luck_of_database(Machine& machine) {
  if (machine.now() < database_back_at) {
    return Luck::request_lost;
  }
  if (!strikes(machine, database_fails)) {
    return Luck::good;
  }
  return machine.draw(2) == 0 ? Luck::request_lost : Luck::answer_lost;
}

Time Weather::time_of_way(Machine& machine) {
  if (strikes(machine, slow)) {
    return std::chrono::milliseconds(1 + machine.draw(3000));
  }
  return std::chrono::microseconds(30 + machine.draw(300));
}

Time Weather::time_stalled(Machine& machine) {
  return strikes(machine, stalled) ? std::chrono::milliseconds(1 + machine.draw(3000)) : Time(0);
}

}  // namespace vsim::simulation
