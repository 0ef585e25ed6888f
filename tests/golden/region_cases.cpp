// The events of regions.

#include <utility>

#include <doctest/doctest.h>

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/values.h"

namespace vsim::golden {
namespace {

Case region_case(std::string name, const RegionEvent& event, const RegionState& after) {
  return {.type = "region." + std::string(event_type(event.data)),
          .name = std::move(name),
          .message = {.subject = messages::region_events(the_region),
                      .headers = {},
                      .payload = messages::encode(event, after)},
          .check_read = [=](const auto& message) {
            const auto logged = messages::decode_event(message);
            REQUIRE_MESSAGE(logged, logged.error());
            const auto* read = std::get_if<messages::RegionLogged>(&*logged);
            REQUIRE(read != nullptr);
            CHECK(read->event == event);
            CHECK(read->state == after);
          }};
}

RegionEvent event_of(RegionEventData data, std::optional<Cause> given) {
  const bool by_command = given.has_value();
  return {{.version = 3,
           .at = at(0),
           .cause = std::move(given),
           .origin = by_command ? the_origin : no_origin,
           .data = std::move(data)},
          the_region};
}

RegionState state_of(std::optional<LastCommand> last) {
  return {.version = 3, .at = at(0), .incident = {}, .outages = {}, .last_command = last};
}

RegionState rich_state(const Incident& incident, std::optional<LastCommand> last) {
  auto state = state_of(std::move(last));
  state.incident = KnownIncident{3, at(0), incident};
  state.outages = {
      {.incident = 1, .from = at(-60), .to = at(-30), .effect = OutageEffect::impaired},
      {.incident = 3, .from = at(0), .to = incident.until, .effect = OutageEffect::stopped}};
  return state;
}

}  // namespace

std::vector<Case> region_cases() {
  const Incident rich{.outage = OutageEffect::stopped,
                      .types_out = {"t2.micro", "t2.small"},
                      .delay_factor = 2.5,
                      .failure_rate = 0.125,
                      .until = at(600),
                      .reason = "a \"fire\""};
  const Incident plain{.outage = OutageEffect::stopped};
  const LastCommand set{cause("set_incident"), {}};
  const LastCommand lifted{cause("lift_incident"), {}};
  std::vector<Case> cases = {
      region_case("every optional member", event_of(IncidentSet{rich}, set.cause),
                  rich_state(rich, set)),
      region_case("no optional member", event_of(IncidentSet{plain}, set.cause),
                  rich_state(plain, set)),
      region_case("of the last command", event_of(IncidentLifted{}, lifted.cause),
                  state_of(lifted)),
      region_case("by the timekeeper", event_of(IncidentEnded{}, std::nullopt),
                  state_of(later_command()))};
  const Rejection none{RejectionCode::not_found, "there is no incident"};
  const LastCommand rejected{cause("lift_incident"),
                             {.kind = OutcomeKind::rejected, .rejection = none}};
  cases.push_back(region_case("of the last command",
                              event_of(CommandRejected{none}, rejected.cause), state_of(rejected)));
  const auto add = [&](const RegionEventData& data, OutcomeKind kind) {
    const LastCommand last{cause("set_incident"), {.kind = kind, .rejection = {}}};
    cases.push_back(region_case("of the last command", event_of(data, last.cause), state_of(last)));
    cases.push_back(region_case("after a newer command's", event_of(data, last.cause),
                                state_of(later_command())));
  };
  add(CommandPurged{}, OutcomeKind::purged);
  add(CommandDeadLettered{"it failed 5 times"}, OutcomeKind::dead_lettered);
  return cases;
}

}  // namespace vsim::golden
