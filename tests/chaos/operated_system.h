#pragma once

// A system by ops/up, under load, to which that is done which needs a hand: the hand then follows
// the runbook. Threads: one; writers of it may be used by others.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/e2e/storm.h"
#include "tests/runbook/fillable_disk.h"
#include "tests/runbook/shipped_system.h"

namespace chaos {

/// What happens, and the entry of the runbook that is followed then.
struct Trouble {
  std::string kind;  // all_killed, full_disk, older_log or passwords
  std::string entry;
};

/// Those of operator.json, in an order that the seed draws.
std::vector<Trouble> troubles(std::uint64_t seed);

class OperatedSystem {
 public:
  OperatedSystem();

  e2e::Target target();

  /// Makes the trouble under the storm, and follows the entry. REQUIREs of doctest.
  void suffer(const Trouble& trouble, e2e::Storm& storm);

  /// Without the writes that went with the log when it was replaced by an older one: what was begun
  /// afterwards holds, also what was acknowledged before the runbook had been followed.
  std::vector<e2e::Write> without_lost(const std::vector<e2e::Write>& writes) const;
  /// Those among them that were answered as done have to be in the list that the operator keeps.
  void check_lost_are_listed(const std::vector<e2e::Write>& writes) const;
  /// `vsimctl verify` finds no difference.
  void check_verified() const { done(". .run/env; vsimctl verify"); }

 private:
  using Clock = std::chrono::steady_clock;
  void kill_all();
  void fill_disk();
  void go_back(e2e::Storm& storm);
  void follow(const std::string& heading);
  void done(const std::string& script) const;

  runbook::ShippedSystem system_;
  runbook::FillableDisk disk_;
  Clock::time_point kept_{};      // when the older log was copied
  Clock::time_point replaced_{};  // when it took the place of the newer one
};

}  // namespace chaos
