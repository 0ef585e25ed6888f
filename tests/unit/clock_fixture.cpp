#include "tests/unit/clock_fixture.h"

#include <map>

#include <doctest/doctest.h>

#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "workers/fleet_commands.h"

namespace vsim::fixture {
namespace {

bool is_of_time(const Event& event) { return !event.cause && event.origin.actor == "timekeeper"; }

// What an outage of the region does is planned by no event of the server.
bool is_by_outage(const Event& event) {
  const auto* stopped = std::get_if<ServerStopped>(&event.data);
  return stopped != nullptr && stopped->failure && stopped->failure->code == "region_outage";
}

// Reads the log from its beginning, and remembers what must not be contradicted.
struct Checker {
  struct Pending {
    Instant due;
    StreamSequence since = 0;
  };
  std::map<ServerId, Pending> pending;
  StreamSequence sequence = 0;
  Instant latest = Instant::min();
  Instant applied = Instant::min();
  StreamSequence log_through = 0;
  Version version = 0;  // of the clock

  void operator()(const messages::ServerLogged& logged) {
    const auto& [event, state] = logged;
    if (is_of_time(event)) {
      CHECK(event.at >= latest);
      latest = event.at;
      if (!is_by_outage(event)) {
        CHECK(pending.at(event.server).due == event.at);  // at its own time, once
      }
    }
    pending.erase(event.server);
    if (state.server && state.server->deadline) {
      pending[event.server] = {state.server->deadline->due, sequence};
    }
  }
  void operator()(const messages::ClockLogged& logged) {
    if (version == 0) {
      applied = logged.state.deadlines_applied_through;  // where the clock began
    }
    CHECK(logged.event.version == ++version);
    const auto* said = std::get_if<DeadlinesApplied>(&logged.event.data);
    if (said == nullptr) {
      return;
    }
    REQUIRE(said->log_through);
    // The same moment again speaks of more of the log.
    CHECK((said->through > applied ||
           (said->through == applied && *said->log_through > log_through)));
    applied = said->through;
    log_through = *said->log_through;
    for (const auto& [server, deadline] : pending) {
      CHECK((deadline.due > applied || deadline.since > *said->log_through));
    }
  }
  void operator()(const BillingWatermark& watermark) const { CHECK(watermark.through <= applied); }
  void operator()(const AddressClaimed&) const {}
  void operator()(const messages::FaultsLogged&) const {}
  void operator()(const messages::WarmPoolLogged&) const {}
  void operator()(const messages::PoolLogged&) const {}
  void operator()(const messages::RegionLogged&) const {}
  void operator()(const messages::UnknownEvent&) const { FAIL("an event of an unknown type"); }
};

}  // namespace

messages::DecodedCommand clock_command(ClockAction action, bool may_be_repeat) {
  const auto other = command(Stop{});  // for its id and place
  messages::DecodedCommand decoded;
  decoded.command = ClockCommand{static_cast<const CommandHead&>(other), action};
  decoded.may_be_repeat = may_be_repeat;
  return decoded;
}

Verdict handle_clock(Fleet::Worker& worker, const messages::DecodedCommand& command) {
  workers::FleetCommands commands(worker.tools);
  while (true) {
    const auto verdict = commands.carry_out(command);
    if (verdict) {
      return *verdict;
    }
    REQUIRE(verdict.error().kind == eventstore::Error::Kind::unavailable);
  }
}

void succeeds(const Verdict& verdict) {
  const auto* decided = std::get_if<AlreadyDecided>(&verdict);
  const bool looked_twice = decided != nullptr && decided->outcome.kind == OutcomeKind::succeeded;
  REQUIRE((std::holds_alternative<Succeeded>(verdict) || looked_twice));
}

SimClock clock_of(eventstore::MemoryStore& store) {
  const std::string subject(messages::clock_subject);
  const auto last = store.load_last(std::span(&subject, 1)).value();
  return messages::read_clock(last.at(0)).value();
}

bool all_applied(eventstore::MemoryStore& store) {
  return harness::eventually([&] {
    const auto clock = clock_of(store);
    return clock.deadlines_applied_through >= clock.time.sim;
  });
}

std::vector<messages::LoggedEvent> whole_log(eventstore::MemoryStore& store) {
  std::vector<messages::LoggedEvent> log;
  const auto end = store.last_sequence().value();
  for (eventstore::Sequence sequence = 1; sequence <= end; ++sequence) {
    log.push_back(messages::decode_event(store.load(sequence).value().value()).value());
  }
  return log;
}

void keeps_time(eventstore::MemoryStore& store) {
  Checker checker;
  for (const auto& logged : whole_log(store)) {
    ++checker.sequence;
    CAPTURE(checker.sequence);
    std::visit(checker, logged);
  }
}

}  // namespace vsim::fixture
