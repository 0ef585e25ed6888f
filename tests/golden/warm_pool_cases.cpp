// The events of warm pools.

#include <utility>

#include <doctest/doctest.h>

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/values.h"

namespace vsim::golden {
namespace {

const WarmPoolId the_pool{"team-a", "ci-runners"};

Case pool_case(std::string name, const WarmPoolEvent& event, const WarmPool& after) {
  return {.type = "warm_pool." + std::string(event_type(event.data)),
          .name = std::move(name),
          .message = {.subject = messages::warm_pool_events(the_pool),
                      .headers = {},
                      .payload = messages::encode(event, after)},
          .check_read = [=](const auto& message) {
            const auto logged = messages::decode_event(message);
            REQUIRE_MESSAGE(logged, logged.error());
            const auto* read = std::get_if<messages::WarmPoolLogged>(&*logged);
            REQUIRE(read != nullptr);
            CHECK(read->event == event);
            CHECK(read->state == after);
          }};
}

WarmPoolEvent event_of(WarmPoolEventData data, const Cause& given) {
  return {
      {.version = 3, .at = at(0), .cause = given, .origin = the_origin, .data = std::move(data)},
      the_pool};
}

WarmPool state_of(std::optional<WarmPoolTerms> terms, std::optional<LastCommand> last) {
  WarmPool pool;
  pool.version = 3;
  pool.at = at(0);
  if (terms) {
    pool.created_at = at(-60);
    pool.last_change = {.version = 3, .at = at(0)};
  }
  pool.terms = std::move(terms);
  pool.last_command = std::move(last);
  return pool;
}

}  // namespace

std::vector<Case> warm_pool_cases() {
  const WarmPoolTerms rich{.region = the_region,
                           .instance_type = "t2.micro",
                           .profile = "ec2",
                           .tags = {{"line", "a\tb"}, {"vsim:stop", "stuck"}},
                           .target = 20,
                           .replenish_below = 15,
                           .warming_max = 5,
                           .on_release = OnRelease::reset};
  const WarmPoolTerms plain{.region = the_region,
                            .instance_type = "t2.micro",
                            .profile = {},
                            .tags = {},
                            .target = 0,
                            .replenish_below = 0,
                            .warming_max = 1,
                            .on_release = OnRelease::terminate};
  const LastCommand set{cause("set_warm_pool"), {}};
  const LastCommand drained{cause("drain_warm_pool"), {}};
  auto draining = state_of(rich, drained);
  draining.draining = true;
  std::vector<Case> cases = {
      pool_case("every optional member", event_of(WarmPoolSet{rich}, set.cause),
                state_of(rich, set)),
      pool_case("no optional member", event_of(WarmPoolSet{plain}, set.cause),
                state_of(plain, set)),
      pool_case("of the last command", event_of(WarmPoolDraining{}, drained.cause), draining)};
  const Rejection none{RejectionCode::not_found, "there is no warm pool"};
  const LastCommand rejected{cause("drain_warm_pool"),
                             {.kind = OutcomeKind::rejected, .rejection = none}};
  cases.push_back(pool_case("of the last command", event_of(CommandRejected{none}, rejected.cause),
                            state_of({}, rejected)));
  const auto add = [&](const WarmPoolEventData& data, OutcomeKind kind) {
    const LastCommand last{cause("set_warm_pool"), {.kind = kind, .rejection = {}}};
    cases.push_back(
        pool_case("of the last command", event_of(data, last.cause), state_of({}, last)));
    cases.push_back(pool_case("after a newer command's", event_of(data, last.cause),
                              state_of(rich, later_command())));
  };
  add(CommandPurged{}, OutcomeKind::purged);
  add(CommandDeadLettered{"it failed 5 times"}, OutcomeKind::dead_lettered);
  return cases;
}

}  // namespace vsim::golden
