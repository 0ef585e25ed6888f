#pragma once

// Simulated time in the hands of a test: a fleet whose clock all but stands still until it is
// advanced, roles in threads of their own, and what must hold for any log they leave.

#include <thread>
#include <vector>

#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "tests/unit/fleet_fixture.h"

namespace vsim::fixture {

/// Simulated seconds in a second so few that a test sees none of them pass.
inline constexpr double standing_still = 1e-6;

/// A clock command with an id and a place in the queue of its own, later than those before.
messages::DecodedCommand clock_command(ClockAction action, bool may_be_repeat = false);

/// Brings it into the log by that worker; gives its verdict. An unavailable log is tried again.
Verdict handle_clock(Fleet::Worker& worker, const messages::DecodedCommand& command);

/// Checks that the command was carried out, be it that a lost answer made it look twice.
void succeeds(const Verdict& verdict);

/// As the log has it now.
SimClock clock_of(eventstore::MemoryStore& store);

/// Blocks until the log says that all that was due is in it; false when that takes over 10 s.
bool all_applied(eventstore::MemoryStore& store);

/// All that the log holds.
std::vector<messages::LoggedEvent> whole_log(eventstore::MemoryStore& store);

/// Checks that events of time stand in the log in the order of their times, that each
/// deadlines_applied came after all that it speaks of, and that no watermark goes beyond one.
void keeps_time(eventstore::MemoryStore& store);

/// A role at work until the end of its life.
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
