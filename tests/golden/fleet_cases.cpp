// The events of pools, the clock, the door's faults, addresses and billing.

#include <utility>

#include <doctest/doctest.h>

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/values.h"

namespace vsim::golden {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

const AddressRange the_range{*Ipv4::parse("10.0.0.1"), *Ipv4::parse("10.0.0.9")};
const AddressRange one_address{*Ipv4::parse("10.1.0.1"), *Ipv4::parse("10.1.0.1")};
const Rejection the_rejection{RejectionCode::unknown_region, "there is no such region"};

eventstore::Message message_of(std::string subject, std::string payload) {
  return {.subject = std::move(subject), .headers = {}, .payload = std::move(payload)};
}

// ---------------------------------------------------------------------------------------------
// Pools.

Case pool_case(std::string name, const PoolEvent& event, const Pool& after) {
  return {.type = "pool." + std::string(event_type(event.data)),
          .name = std::move(name),
          .message = message_of(messages::pool_events(the_region), messages::encode(event, after)),
          .check_read = [=](const auto& message) {
            const auto logged = messages::decode_event(message);
            REQUIRE_MESSAGE(logged, logged.error());
            const auto* read = std::get_if<messages::PoolLogged>(&*logged);
            REQUIRE(read != nullptr);
            CHECK(read->event == event);
            CHECK(read->state == after);
          }};
}

PoolEvent pool_event(PoolEventData data, std::optional<Cause> given) {
  const bool by_command = given.has_value();
  return {{.version = 3,
           .at = at(0),
           .cause = std::move(given),
           .origin = by_command ? the_origin : Origin{.actor = "seed", .correlation_id = ""},
           .data = std::move(data)},
          the_region};
}

Pool pool_after(std::optional<LastCommand> last) {
  return {.version = 3, .at = at(0), .last_command = std::move(last)};
}

LastCommand last_of_pool(Outcome outcome) { return {cause("extend_pool"), std::move(outcome)}; }

// ---------------------------------------------------------------------------------------------
// The clock.

const WallTime before_stamp = WallTime(at(0)) + nanoseconds(1);
const WallTime the_stamp = before_stamp + seconds(10);  // ten minutes later, at a scale of 60

SimClock clock_before() {
  return {.version = 4,
          .time = {.sim = at(0), .stored_at = before_stamp, .scale = 60, .seed = 42},
          .deadlines_applied_through = at(-5),
          .last_command = std::nullopt};
}

SimClock clock_after(SimulatedTime time, std::optional<LastCommand> last) {
  return {.version = 5,
          .time = time,
          .deadlines_applied_through = at(-5),
          .last_command = std::move(last)};
}

ClockEvent clock_event(ClockEventData data, std::optional<Cause> given) {
  const bool by_command = given.has_value();
  return {.version = 5,
          .at = at(600),
          .cause = std::move(given),
          .origin = by_command ? the_origin : no_origin,
          .data = std::move(data)};
}

Case clock_case(std::string name, const ClockEvent& event, const SimClock& before,
                const SimClock& after) {
  Case made{
      .type = "clock." + std::string(event_type(event.data)),
      .name = std::move(name),
      .message = message_of(std::string(messages::clock_subject), messages::encode(event, before)),
      .check_read = [=](const auto& message) {
        const auto logged = messages::decode_event(message);
        REQUIRE_MESSAGE(logged, logged.error());
        const auto* read = std::get_if<messages::ClockLogged>(&*logged);
        REQUIRE(read != nullptr);
        CHECK(read->event == event);
        CHECK(read->state == after);
      }};
  made.message.stored_at = the_stamp;
  return made;
}

Case old(Case one) {
  one.message = {};
  return one;
}

Case started_case() {
  const ClockEvent event{
      .version = 1, .at = at(0), .cause = {}, .origin = {}, .data = ClockStarted{2.5, 42}};
  const SimClock after{.version = 1,
                       .time = {.sim = at(0), .stored_at = the_stamp, .scale = 2.5, .seed = 42},
                       .deadlines_applied_through = at(0),
                       .last_command = std::nullopt};
  return clock_case("the first event of a log", event, {}, after);
}

void add_clock_changes(std::vector<Case>& cases) {
  const LastCommand advanced{cause("advance"), {}};
  const auto advance = clock_event(ClockAdvanced{Duration(1'860'500)}, advanced.cause);
  const auto after_advance = clock_after(
      {.sim = at(2460) + Duration(500), .stored_at = the_stamp, .scale = 60, .seed = 42}, advanced);
  cases.push_back(clock_case("by a command", advance, clock_before(), after_advance));
  cases.push_back(old(clock_case("of a build whose clock named successes alone", advance,
                                 clock_before(), after_advance)));

  const LastCommand scaled{cause("scale"), {}};
  const SimulatedTime by_new_scale{
      .sim = at(600), .stored_at = the_stamp, .scale = 0.25, .seed = 42};
  cases.push_back(clock_case("by a command", clock_event(ClockScaled{0.25}, scaled.cause),
                             clock_before(), clock_after(by_new_scale, scaled)));

  const auto applied = clock_event(DeadlinesApplied{at(600), std::nullopt}, std::nullopt);
  auto after = clock_after(clock_before().time, std::nullopt);
  after.deadlines_applied_through = at(600);
  cases.push_back(clock_case("no optional member", applied, clock_before(), after));
  cases.push_back(old(clock_case("of a build that wrote null for no last command", applied,
                                 clock_before(), after)));
  auto before = clock_before();
  before.last_command = later_command();
  after.last_command = later_command();
  cases.push_back(old(clock_case("every optional member", applied, before, after)));
  const auto applied_of_log = clock_event(DeadlinesApplied{at(600), 107}, std::nullopt);
  cases.push_back(
      clock_case("every optional member, with the log's place", applied_of_log, before, after));
}

void add_clock_outcomes(std::vector<Case>& cases) {
  const auto time = clock_before().time;
  const LastCommand rejected{cause("advance"),
                             {.kind = OutcomeKind::rejected, .rejection = the_rejection}};
  cases.push_back(clock_case("of the last command",
                             clock_event(CommandRejected{the_rejection}, rejected.cause),
                             clock_before(), clock_after(time, rejected)));
  const auto add = [&](const ClockEventData& data, OutcomeKind kind) {
    const LastCommand last{cause("scale"), {.kind = kind, .rejection = {}}};
    cases.push_back(clock_case("of the last command", clock_event(data, last.cause), clock_before(),
                               clock_after(time, last)));
    auto before = clock_before();
    before.last_command = later_command();
    cases.push_back(clock_case("after a newer command's", clock_event(data, last.cause), before,
                               clock_after(time, later_command())));
  };
  add(CommandPurged{}, OutcomeKind::purged);
  add(CommandDeadLettered{"it failed 5 times"}, OutcomeKind::dead_lettered);
}

// ---------------------------------------------------------------------------------------------
// The door's faults.

std::vector<FaultRule> the_rules() {
  const FaultRule plain{.name = {},
                        .route = {},
                        .key = {},
                        .share = EveryNth{3},
                        .effect = AnswerStatus{503},
                        .until = {}};
  FaultRule full{.name = "slow",
                 .route = "POST /servers",
                 .key = "ci",
                 .share = ByProbability{0.125},
                 .effect = DelayAnswer{Duration(2'500)},
                 .moment = FaultMoment::after,
                 .until = at(3600)};
  FaultRule cut = full;
  cut.effect = CutConnection{};
  cut.moment = FaultMoment::before;
  return {plain, full, cut};
}

DoorFaults faults_after(std::vector<FaultRule> rules, std::optional<LastCommand> last) {
  return {.version = 3,
          .at = at(0),
          .rules = std::move(rules),
          .seed = 42,
          .changed = 3,
          .changed_at = at(0),
          .changed_by = the_origin.actor,
          .last_command = std::move(last)};
}

Case faults_case(std::string name, FaultsEventData data, const Cause& given,
                 const DoorFaults& after) {
  const FaultsEvent event{
      .version = 3, .at = at(0), .cause = given, .origin = the_origin, .data = std::move(data)};
  return {
      .type = "faults." + std::string(event_type(event.data)),
      .name = std::move(name),
      .message = message_of(std::string(messages::faults_subject), messages::encode(event, after)),
      .check_read = [=](const auto& message) {
        const auto logged = messages::decode_event(message);
        REQUIRE_MESSAGE(logged, logged.error());
        const auto* read = std::get_if<messages::FaultsLogged>(&*logged);
        REQUIRE(read != nullptr);
        CHECK(read->event == event);
        CHECK(read->state == after);
      }};
}

}  // namespace

std::vector<Case> pool_cases() {
  std::vector<Case> cases;
  const auto succeeded = last_of_pool({.kind = OutcomeKind::succeeded, .rejection = {}});
  const PoolExtended extension{{the_range, one_address}};
  cases.push_back(pool_case("every optional member", pool_event(extension, succeeded.cause),
                            pool_after(succeeded)));
  cases.push_back(pool_case("no optional member", pool_event(extension, std::nullopt),
                            pool_after(std::nullopt)));
  cases.push_back(old(pool_case("of the first builds, without a state",
                                pool_event(extension, succeeded.cause), pool_after(succeeded))));
  cases.push_back(old(pool_case("of the first builds, at the start of a log",
                                pool_event(extension, std::nullopt), pool_after(std::nullopt))));
  const auto rejected = last_of_pool({.kind = OutcomeKind::rejected, .rejection = the_rejection});
  cases.push_back(pool_case("of the last command",
                            pool_event(CommandRejected{the_rejection}, rejected.cause),
                            pool_after(rejected)));
  const auto add = [&](const PoolEventData& data, OutcomeKind kind) {
    const auto last = last_of_pool({.kind = kind, .rejection = {}});
    cases.push_back(
        pool_case("of the last command", pool_event(data, last.cause), pool_after(last)));
    cases.push_back(pool_case("after a newer command's", pool_event(data, last.cause),
                              pool_after(later_command())));
  };
  add(CommandPurged{}, OutcomeKind::purged);
  add(CommandDeadLettered{"it failed 5 times"}, OutcomeKind::dead_lettered);
  return cases;
}

std::vector<Case> clock_cases() {
  std::vector<Case> cases = {started_case()};
  add_clock_changes(cases);
  add_clock_outcomes(cases);
  return cases;
}

std::vector<Case> faults_cases() {
  const LastCommand set{cause("set_faults"), {}};
  const LastCommand lifted{cause("lift_faults"), {}};
  auto none = faults_after({}, lifted);
  none.seed = 0;
  std::vector<Case> cases = {faults_case("every optional member", FaultsSet{the_rules(), 42},
                                         set.cause, faults_after(the_rules(), set)),
                             faults_case("no optional member", FaultsLifted{}, lifted.cause, none)};
  const Rejection passed{RejectionCode::invalid_transition, "\"until\" has passed"};
  const auto add = [&](const FaultsEventData& data, OutcomeKind kind,
                       const std::optional<Rejection>& rejection) {
    const LastCommand last{cause("set_faults"), {.kind = kind, .rejection = rejection}};
    DoorFaults never;
    never.version = 3;
    never.at = at(0);
    never.last_command = last;
    cases.push_back(faults_case("of the last command, before any rule", data, last.cause, never));
    if (kind == OutcomeKind::rejected) {
      return;  // decided in its turn
    }
    auto after = faults_after(the_rules(), later_command());
    after.changed = 2;
    cases.push_back(faults_case("after a newer command's", data, last.cause, after));
  };
  add(CommandRejected{passed}, OutcomeKind::rejected, passed);
  add(CommandPurged{}, OutcomeKind::purged, {});
  add(CommandDeadLettered{"it failed 5 times"}, OutcomeKind::dead_lettered, {});
  return cases;
}

std::vector<Case> address_and_billing_cases() {
  const AddressClaimed unnamed{the_region, the_range.first, the_server, at(0)};
  auto claim = unnamed;
  claim.cause = cause("create");
  claim.origin = the_origin;
  auto of_account = claim;
  of_account.origin.account = "team-a";
  const BillingWatermark watermark{the_region, 9, at(60)};
  const auto is = []<typename Event>(const eventstore::Message& message, const Event&) {
    const auto logged = messages::decode_event(message);
    REQUIRE_MESSAGE(logged, logged.error());
    const auto* read = std::get_if<Event>(&*logged);
    REQUIRE(read != nullptr);
    return *read;
  };
  const auto subject = messages::address_events(the_region, claim.ip);
  return {
      {.type = "address.address_claimed",
       .name = "a claim that names its create",
       .message = message_of(subject, messages::encode(claim)),
       .check_read = [=](const auto& message) { CHECK(is(message, claim) == claim); }},
      {.type = "address.address_claimed",
       .name = "a claim in the name of an account",
       .message = message_of(subject, messages::encode(of_account)),
       .check_read = [=](const auto& message) { CHECK(is(message, of_account) == of_account); }},
      old({.type = "address.address_claimed",
           .name = "a claim",
           .message = {},
           .check_read = [=](const auto& message) { CHECK(is(message, unnamed) == unnamed); }}),
      {.type = "billing.billing_watermark",
       .name = "a watermark",
       .message = message_of(messages::billing_events(the_region), messages::encode(watermark)),
       .check_read = [=](const auto& message) {
         const auto read = is(message, watermark);
         CHECK(read.region == watermark.region);
         CHECK(read.version == watermark.version);
         CHECK(read.through == watermark.through);
       }}};
}

}  // namespace vsim::golden
