#pragma once

// Role `janitor`: brings every command to an outcome and a record, whatever operators and crashes
// do. It runs its duties one after the other, twice a second. One is active, by a lock in Postgres;
// two at once only cost conflicts.

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "workers/fleet_view.h"
#include "workers/janitor/delivery_sweep.h"
#include "workers/janitor/journal_repair.h"
#include "workers/janitor/pool_outbox.h"
#include "workers/janitor/purge_verdicts.h"
#include "workers/standby.h"

namespace vsim::workers {

/// All outlive the janitor.
struct JanitorDuties {
  PurgeVerdicts& purge_verdicts;
  PoolOutbox& pool_outbox;
  JournalRepair& journal_repair;
  DeliverySweep& delivery_sweep;
};

class Janitor {
 public:
  /// The view outlives it.
  Janitor(FleetView& view, JanitorDuties duties, Standby::IsActive is_active);

  /// Until stopped. A failure is logged once and retried.
  void run(std::stop_token stop);

  /// Any thread: whether it was the active one when it last looked.
  bool active() const { return standby_.active(); }

 private:
  void round();
  /// What waits to be done: since when the oldest of it does.
  std::optional<Instant> look(Instant now);
  void report(const char* duty, const eventstore::Result<void>& result);

  FleetView& view_;
  JanitorDuties duties_;
  Standby standby_;
  std::map<std::string, std::string> troubles_;  // by duty: said already
};

}  // namespace vsim::workers
