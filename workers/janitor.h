#pragma once

// Role `janitor`: sees to it that every command ends in an outcome and a record, whatever operators
// and crashes do. It runs its duties one after the other, twice a second. One is active where
// Postgres can tell; two at once only cost conflicts.

#include <functional>
#include <stop_token>

#include "workers/fleet_view.h"
#include "workers/purge_verdicts.h"
#include "workers/standby.h"

namespace vsim::workers {

class Janitor {
 public:
  /// All outlive it.
  Janitor(FleetView& view, PurgeVerdicts& purge_verdicts, Standby::IsActive is_active);

  /// Until stopped. What goes wrong is said once and tried again.
  void run(std::stop_token stop);

  /// Any thread: whether it was the active one when it last looked.
  bool active() const { return standby_.active(); }

 private:
  void round();
  void note(const char* duty, const eventstore::Result<void>& result);

  FleetView& view_;
  PurgeVerdicts& purge_verdicts_;
  Standby standby_;
  std::map<std::string, std::string> troubles_;  // by duty: said already
};

}  // namespace vsim::workers
