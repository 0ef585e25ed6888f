// Goal (issue 16, 2): an incident holds for whoever decides after it, also for a worker that has
// not followed the log since, and the timekeeper brings what an outage does into the log in its
// turn. Method: a log in memory, workers with views of their own, a clock that is advanced.

#include <doctest/doctest.h>

#include "schema/messages/region_codec.h"
#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "tests/unit/clock_fixture.h"
#include "workers/fleet_commands.h"
#include "workers/timekeeper.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace std::chrono_literals;
using eventstore::MemoryStore;

namespace {

messages::DecodedCommand region_command(RegionAction action) {
  const auto other = command(Stop{});  // for its id and place
  messages::DecodedCommand decoded;
  decoded.command =
      RegionCommand{static_cast<const CommandHead&>(other), the_region, std::move(action)};
  return decoded;
}

Verdict tell(Fleet::Worker& worker, RegionAction action) {
  return workers::FleetCommands(worker.tools).carry_out(region_command(std::move(action))).value();
}

SetIncident outage(OutageEffect effect, std::optional<Duration> lasting = {}) {
  return {.incident = {.outage = effect}, .lasting = lasting};
}

std::string refusal(const Verdict& verdict) {
  const auto* rejection = std::get_if<Rejection>(&verdict);
  return rejection == nullptr ? "" : std::string(to_string(rejection->code));
}

void jump(Fleet& fleet, Duration by) {
  succeeds(handle_clock(fleet.worker(), clock_command(AdvanceClock{by})));
}

std::vector<std::pair<std::string, Instant>> story(Fleet& fleet, std::uint8_t n) {
  std::vector<std::pair<std::string, Instant>> events;
  for (const auto& [event, state] : fleet.history(server_number(n))) {
    events.emplace_back(std::string(event_type(event.data)), event.at);
  }
  return events;
}

/// An outage that another worker decided at that moment, and stores only now.
StreamSequence store_late(MemoryStore& store, Instant decided, std::optional<Instant> until) {
  RegionEvent event;
  event.version = 1;
  event.at = decided;
  event.data = IncidentSet{{.outage = OutageEffect::stopped, .until = until}};
  event.region = the_region;
  const eventstore::Append late{messages::region_events(the_region),
                                messages::encode(event, evolve(RegionState{}, event)),
                                {},
                                std::nullopt};
  return store.append(std::span(&late, 1)).value();
}

/// Whether deadlines come to be applied as far as that place in the log.
bool spoken_of(MemoryStore& store, StreamSequence place) {
  return harness::eventually([&] {
    for (const auto& logged : whole_log(store)) {
      const auto* clock = std::get_if<messages::ClockLogged>(&logged);
      const auto* applied = clock ? std::get_if<DeadlinesApplied>(&clock->event.data) : nullptr;
      if (applied != nullptr && applied->log_through >= place) {
        return true;
      }
    }
    return false;
  });
}

struct Keeper {
  Keeper(MemoryStore& store, Fleet::Worker& worker)
      : role(store, worker.view, worker.costs, [] { return true; }, metrics) {}
  telemetry::Metrics metrics;
  AtWork<workers::Timekeeper> role;
};

}  // namespace

TEST_CASE("an outage holds for a worker that lags, from its event on") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  Fleet::Worker other(store);
  other.thread.request_stop();  // its view stands still
  other.thread.join();
  succeeds(tell(fleet.worker(), outage(OutageEffect::untouched)));
  const auto create = create_number(1, "instant");
  CHECK(refusal(handle_group(other, std::span(&create, 1)).front()) == "region_unavailable");
  succeeds(tell(fleet.worker(), LiftIncident{}));
  CHECK(refusal(tell(fleet.worker(), LiftIncident{})) == "not_found");
  const auto again = create_number(2, "instant");
  succeeds(handle_group(other, std::span(&again, 1)).front());
}

TEST_CASE("the timekeeper stops who runs at an outage's begin, and ends it at its time") {
  MemoryStore store;
  Fleet fleet(store, 20, standing_still);
  for (std::uint8_t n = 1; n <= 9; ++n) {
    succeeds(fleet.handle(create_number(n, "instant")));
  }
  succeeds(fleet.handle(create_number(10, "standard")));  // RUNNING at second 3
  const Keeper keeper(store, fleet.worker());
  jump(fleet, 2s);
  succeeds(tell(fleet.worker(), outage(OutageEffect::stopped, 10s)));
  REQUIRE(all_applied(store));
  jump(fleet, 20s);
  REQUIRE(all_applied(store));
  keeps_time(store);
  const std::vector<std::pair<std::string, Instant>> ran = {{"server_provisioned", at(0)},
                                                            {"server_stopped", at(2)}};
  for (std::uint8_t n = 1; n <= 9; ++n) {
    CHECK(story(fleet, n) == ran);
  }
  const std::vector<std::pair<std::string, Instant>> booted = {
      {"server_provisioning", at(0)}, {"server_started", at(3)}, {"server_stopped", at(3)}};
  CHECK(story(fleet, 10) == booted);
  const auto subject = messages::region_events(the_region);
  const auto last = store.load_last(std::span(&subject, 1)).value().at(0);
  const auto logged = std::get<messages::RegionLogged>(messages::decode_event(last).value());
  CHECK(std::holds_alternative<IncidentEnded>(logged.event.data));
  CHECK(logged.event.at == at(12));
}

TEST_CASE("a worker that starts with an outage under way applies it to who runs") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  succeeds(fleet.handle(create_number(1, "instant")));
  succeeds(tell(fleet.worker(), outage(OutageEffect::impaired)));
  jump(fleet, 5s);
  Fleet::Worker later(store);
  const Keeper keeper(store, later);
  REQUIRE(all_applied(store));
  CHECK(fleet.state(server_number(1)).server->health == Health::impaired);
  jump(fleet, 5s);
  succeeds(tell(fleet.worker(), LiftIncident{}));
  jump(fleet, 5s);
  REQUIRE(all_applied(store));
  const std::vector<std::pair<std::string, Instant>> expected = {
      {"server_provisioned", at(0)}, {"server_impaired", at(0)}, {"server_recovered", at(10)}};
  CHECK(story(fleet, 1) == expected);
}

TEST_CASE("an outage that is stored after its time was applied is told of again, once it is felt") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  succeeds(fleet.handle(create_number(1, "instant")));
  const Keeper keeper(store, fleet.worker());
  jump(fleet, 5s);
  REQUIRE(all_applied(store));
  CHECK(spoken_of(store, store_late(store, at(2), at(4))));
  const std::vector<std::pair<std::string, Instant>> expected = {{"server_provisioned", at(0)},
                                                                 {"server_stopped", at(2)}};
  CHECK(story(fleet, 1) == expected);
  keeps_time(store);
}
