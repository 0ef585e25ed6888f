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
#include "workers/standby.h"

namespace vsim::workers {

/// How often a pool tries that cannot be filled, because its creates are refused or its servers do
/// not come to run: one server at a time, at first after a second, then twice as long each time, up
/// to a minute. Real time: what refuses them is asked by a queue of real commands.
class Patience {
 public:
  using Time = std::chrono::steady_clock::time_point;
  void went_wrong(Time now);
  void went_well() { *this = {}; }
  /// How many new servers may be asked for, of so many that are wanted.
  std::size_t allowed(std::size_t wanted, Time now) const;
  /// They have been asked for.
  void asked(std::size_t count, Time now);

 private:
  std::chrono::milliseconds pause_{0};  // 0: all goes well
  Time next_{};
};

/// One thread.
class Replenisher {
 public:
  /// All outlive it. `publisher` writes to COMMANDS.
  Replenisher(eventstore::EventStore& store, FleetView& view,
              const eventstore::CommandPublisher& publisher, Standby::IsActive is_active);

  /// Works until stopped. Without pools it sleeps.
  void run(std::stop_token stop);

  /// One look at all pools. Gives an error when queue or log did not take or give something: then
  /// the rest waits for the next look.
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
    std::map<std::uint64_t, std::pair<Version, Time>> retired;
    Patience patience;
    std::uint64_t provisioned = 0;  // as seen before
    std::uint64_t failed = 0;
    bool looked_back = false;  // at what had been asked for before this process was
  };
  struct Wanted {
    WarmPoolId id;
    Replenishment what;
  };

  std::vector<Wanted> wanted(const KnownWarmPools& pools) const;
  bool must_act(const std::vector<Wanted>& all);
  eventstore::Result<void> tend(const WarmPoolId& id, const KnownWarmPool& known,
                                const std::stop_token& stop);
  void take_in(Work& work, const KnownWarmPool& known, Time now);
  std::vector<std::uint64_t> doubtful(Work& work, const KnownWarmPool& known, Time now) const;
  eventstore::Result<std::vector<std::uint64_t>> find_gone(
      const WarmPoolId& id, const std::vector<std::uint64_t>& numbers);
  eventstore::Result<bool> look_for_gone(const WarmPoolId& id, Work& work,
                                         const KnownWarmPool& known, Time now);
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
};

}  // namespace vsim::workers
