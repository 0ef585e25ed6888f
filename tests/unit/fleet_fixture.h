#pragma once

// A log in memory with a clock and a pool, a view that follows it, and commands brought into it the
// way a worker does.

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/memory_store.h"
#include "schema/messages/event_codec.h"
#include "tests/unit/server_fixture.h"
#include "workers/command_proposal.h"

namespace vsim::fixture {

/// Takes this machine's clock for the broker's, as MemoryStore does.
void learn_from_this_machine(eventstore::BrokerClock& clock);

/// A clock that needs no further measurement within a test.
inline constexpr eventstore::ClockLimits measured_once{.silent_max = std::chrono::hours(24)};

/// The n-th server.
ServerId server_number(std::uint8_t n);

/// Simulated time runs with the wall's, from the fixture's beginning.
class Fleet {
 public:
  /// `addresses` in the region's pool; `scale` of the clock.
  explicit Fleet(eventstore::MemoryStore& store, std::uint32_t addresses, double scale = 1);
  ~Fleet();

  /// A worker of its own view beside the first: what a second process would be.
  struct Worker {
    explicit Worker(eventstore::MemoryStore& store);
    ~Worker();
    /// The view knows all that the log holds.
    void catch_up();

    eventstore::BrokerClock wall;  // this machine's, by which a MemoryStore stamps
    workers::FleetView view;
    telemetry::Metrics metrics;
    workers::ReapedServers reaped;
    workers::DecisionTools tools;
    workers::AddressFinder addresses;
    std::jthread thread;
  };
  Worker& worker() { return *worker_; }

  /// Brings one command into the log, as a group of its own; gives its verdict.
  Verdict handle(const Command& command, bool may_be_repeat = false);

  /// All events of a server, oldest first.
  std::vector<messages::ServerLogged> history(const ServerId& server);
  State state(const ServerId& server);

 private:
  eventstore::MemoryStore& store_;
  std::unique_ptr<Worker> worker_;
};

/// Brings commands into the log as one group of that worker; gives their verdicts.
std::vector<Verdict> handle_group(Fleet::Worker& worker, std::span<const Command> commands,
                                  bool may_be_repeat = false);

}  // namespace vsim::fixture
