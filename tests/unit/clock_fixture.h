#pragma once

// Simulated time that a test controls: a fleet whose clock practically stands still until it is
// advanced, roles in their own threads, and checks that every log they write must pass.

#include <thread>
#include <vector>

#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "tests/unit/fleet_fixture.h"

namespace vsim::fixture {

/// A scale so low that no simulated second passes during a test.
inline constexpr double standing_still = 1e-6;

/// A clock command with a new id and a sequence in the queue above all earlier ones.
messages::DecodedCommand clock_command(ClockAction action, bool may_be_repeat = false);

/// Has that worker carry it out; returns its verdict. Retries while the log is unavailable.
Verdict handle_clock(Fleet::Worker& worker, const messages::DecodedCommand& command);

/// Checks that the command was carried out, also where a lost answer made the worker try it twice.
void succeeds(const Verdict& verdict);

/// The clock after the last event of the log.
SimClock clock_of(eventstore::MemoryStore& store);

/// Blocks until the log says that all events due are in it; false when that takes over 10 s.
bool all_applied(eventstore::MemoryStore& store);

/// All that the log holds.
std::vector<messages::LoggedEvent> whole_log(eventstore::MemoryStore& store);

/// Checks that events of time stand in the log in the order of their times, that each
/// deadlines_applied came after all that it speaks of, and that no watermark goes beyond one.
void keeps_time(eventstore::MemoryStore& store);

/// Runs a role in a thread of its own; the destructor stops it.
template <typename Role>
class AtWork {
 public:
  template <typename... Arguments>
  explicit AtWork(Arguments&&... arguments)
      : role_(std::forward<Arguments>(arguments)...),
        thread_([this](const std::stop_token& stop) { role_.run(stop); }) {}

 private:
  Role role_;
  std::jthread thread_;
};

}  // namespace vsim::fixture
