#pragma once

// A whole vsim whose broker and Postgres store on forgetful disks, and the switch that cuts their
// power. Threads: one; clients of the fleet may be used by others.

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/harness/fleet.h"
#include "tests/powercut/disk.h"

namespace powercut {

/// Whose power is cut.
enum class Struck : std::uint8_t { broker, postgres, both };

const char* name_of(Struck struck);

/// How many cuts a test makes: VSIM_CUTS, else `usual`.
std::size_t cuts_wanted(std::size_t usual);

class PoweredFleet {
 public:
  /// Broker and Postgres sync as `durability` says; two workers.
  explicit PoweredFleet(harness::Durability durability);

  harness::Fleet& fleet() { return fleet_; }

  /// Cuts the power of these servers under whatever goes on, and starts them again on what their
  /// disks have left. With `all`, API and workers are killed and started too, as on one machine.
  /// Tells what was left. Does not wait until the parts are ready.
  std::string cut(Struck struck, bool all, std::uint64_t seed);

  void kill_programs();
  void start_programs();

 private:
  harness::SchemaCopy schema_;
  Disk broker_disk_;
  Disk postgres_disk_;
  harness::Fleet fleet_;
};

}  // namespace powercut
