#pragma once

// The role `replenisher`: keeps warm pools filled. It asks for what replenish() says, by commands
// whose ids are made of pool and number, so any number of replenishers ask for the same servers,
// and each is made once. D95

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "eventstore/command_queue.h"
#include "eventstore/event_store.h"
#include "workers/fleet_view.h"
#include "workers/patience.h"
#include "workers/standby.h"

namespace vsim::workers {

/// One thread.
class Replenisher {
 public:
  /// All outlive it. `publisher` writes to COMMANDS.
  Replenisher(eventstore::EventStore& store, FleetView& view,
              const eventstore::CommandPublisher& publisher, Standby::IsActive is_active);

  /// Works until stopped. Without pools it sleeps.
  void run(std::stop_token stop);

  /// One look at all pools. Gives the first error when queue or log did not take or give something:
  /// what is left to do waits for the next look.
  eventstore::Result<void> look(const std::stop_token& stop);

  bool active() const { return standby_.active(); }

 private:
  using Time = Patience::Time;
  struct Asked {
    Time sent;
    std::chrono::milliseconds again{0};       // after it was sent: it may not have got there
    Time look_at;                             // for what has become of it
    std::chrono::milliseconds look_again{0};  // after that look
  };
  struct Work {                            // of one pool
    std::map<std::uint64_t, Asked> asked;  // numbers of which the view knows nothing yet
    std::map<std::uint64_t, Time> retired;
    Patience patience;
    std::uint64_t provisioned = 0;  // as seen before
    std::uint64_t lost = 0;
    Version ordered = 0;  // when the pool was last changed
    bool filling = true;
    bool looked_back = false;  // at what had been asked for before this process was
  };
  struct Wanted {
    WarmPoolId id;
    Replenishment what;
  };

  void know(const KnownWarmPools& pools);
  std::vector<Wanted> wanted(const KnownWarmPools& pools) const;
  bool must_act(const std::vector<Wanted>& all);
  eventstore::Result<bool> is_done_by_active(const std::vector<Wanted>& all,
                                             const KnownWarmPools& pools,
                                             const std::stop_token& stop);
  eventstore::Result<void> tend_all(const std::vector<Wanted>& all, const KnownWarmPools& pools,
                                    const std::stop_token& stop);
  eventstore::Result<void> tend(const WarmPoolId& id, const KnownWarmPool& known,
                                const std::stop_token& stop);
  void take_in(Work& work, const KnownWarmPool& known, Time now);
  static std::uint64_t highest_of(const Work& work, const KnownWarmPool& known);
  std::vector<std::uint64_t> doubtful(Work& work, const KnownWarmPool& known, Time now) const;
  eventstore::Result<bool> look_for_gone(const WarmPoolId& id, Work& work,
                                         const KnownWarmPool& known, const std::stop_token& stop);
  eventstore::Result<void> create(const WarmPoolId& id, Work& work, const KnownWarmPool& known,
                                  const std::vector<std::uint64_t>& numbers,
                                  const std::stop_token& stop);
  eventstore::Result<void> retire(const WarmPoolId& id, Work& work, const KnownWarmPool& known,
                                  const std::vector<std::uint64_t>& numbers,
                                  const std::stop_token& stop);
  eventstore::Result<void> publish(const std::string& subject, const std::string& payload,
                                   const CommandId& id, const std::string& account);

  eventstore::EventStore& store_;
  FleetView& view_;
  const eventstore::CommandPublisher& publisher_;
  Standby standby_;
  std::map<WarmPoolId, Work> work_;
  bool helped_ = false;  // at the last look, though another is active
};

}  // namespace vsim::workers
