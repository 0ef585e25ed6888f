#pragma once

// A whole vsim with a gate between any two of its parts, to which the faults of a theme are done
// and of which they are taken again. Threads: one; clients of it may be used by others.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/chaos/theme.h"
#include "tests/e2e/storm.h"
#include "tests/harness/fleet.h"
#include "tests/harness/gate.h"
#include "tests/harness/postgres_faults.h"

namespace chaos {

constexpr std::chrono::seconds recovery_max{120};  // also on a machine that has more to do

class BatteredFleet {
 public:
  explicit BatteredFleet(const Theme& theme);

  harness::Fleet& fleet() { return fleet_; }
  /// Its writers come through the gate.
  e2e::Target target();

  void begin(const Fault& fault);
  void end(const Fault& fault);

  /// Waits until all parts are ready, with no fault left. A part whose start was refused since a
  /// certificate had expired is started again, as an operator would. Throws when one is not ready.
  void wait_until_recovered();

 private:
  void kill(const std::string& part);
  void start(const std::string& part);
  void stop(const std::string& part);
  void go_on(const std::string& part);
  void disturb(harness::Gate& gate, const Fault& fault);
  void change_certificate(const std::string& part, bool expired);
  void start_what_gave_up();
  harness::ChildProcess& process(const std::string& part);
  /// What makes a program come through its gates.
  harness::Settings gated(const std::string& part);
  harness::Gate& gate(const std::string& link) { return *gates_.at(link); }

  harness::ScratchDir scratch_;
  harness::SchemaCopy schema_;
  harness::Fleet fleet_;
  std::map<std::string, std::unique_ptr<harness::Gate>> gates_;  // by link
  std::map<std::string, harness::Settings> clocks_;              // of parts whose clock is wrong
  std::optional<harness::FrozenPostgres> frozen_;
  bool certificate_expired_ = false;  // since the last recovery
};

}  // namespace chaos
