#pragma once

// A log in memory with a clock and a pool, a view that follows it, and commands carried out as a
// worker does.

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

/// Uses this machine's clock as the broker's, as MemoryStore does.
void learn_from_this_machine(eventstore::BrokerClock& clock);

/// A clock that needs no further measurement within a test.
inline constexpr eventstore::ClockLimits measured_once{.silent_max = std::chrono::hours(24)};

/// The n-th server.
ServerId server_number(std::uint8_t n);

/// Commands for it.
Command for_number(std::uint8_t n, Action action);
Command create_number(std::uint8_t n, const char* profile = "instant");

/// Simulated time runs with the wall's, from the fixture's beginning.
class Fleet {
 public:
  /// `addresses` in the region's pool; `scale` of the clock.
  explicit Fleet(eventstore::MemoryStore& store, std::uint32_t addresses, double scale = 1);
  ~Fleet();

  /// A second worker with its own view, as in another process.
  struct Worker {
    /// Open claims are looked up when a test says so, and never behind its back.
    explicit Worker(eventstore::MemoryStore& store,
                    std::chrono::milliseconds claim_check_interval = std::chrono::hours(1));
    ~Worker();
    /// Waits until the view has applied the whole log.
    void catch_up();

    eventstore::BrokerClock wall;  // this machine's, by which a MemoryStore stamps
    workers::FleetView view;
    telemetry::Metrics metrics;
    workers::ReapedServers reaped;
    workers::AppendCosts costs;
    workers::DecisionTools tools;
    workers::AddressFinder addresses;
    std::jthread thread;
  };
  Worker& worker() { return *worker_; }

  /// Carries out one command, in a group of its own; returns its verdict.
  Verdict handle(const Command& command, bool may_be_repeat = false);

  /// All events of a server, oldest first.
  std::vector<messages::ServerLogged> history(const ServerId& server);
  State state(const ServerId& server);

 private:
  eventstore::MemoryStore& store_;
  std::unique_ptr<Worker> worker_;
};

/// Carries out commands as one group of that worker; returns their verdicts.
std::vector<Verdict> handle_group(Fleet::Worker& worker, std::span<const Command> commands,
                                  bool may_be_repeat = false);

}  // namespace vsim::fixture
