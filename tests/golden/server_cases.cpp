#include <utility>

#include <doctest/doctest.h>

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/values.h"

namespace vsim::golden {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* all_members = "every optional member";
constexpr const char* no_members = "no optional member";

Terms rich_terms() {
  Terms terms;
  terms.hourly_rate = {1234};
  terms.courses = {Courses{FixedDelay{Duration(3000)}},
                   Courses{UniformDelay{Duration(1000), Duration(2500)}},
                   Courses{LognormalDelay{Duration(22'000), 0.35, Duration(120'000)}},
                   Courses{FixedDelay{}}, Courses{FixedDelay{Duration(1)}}};
  terms.create_ends_in = Status::stopped;
  terms.idle_timeout = hours(2);
  terms.billing.billable = {false, true, true, false, true, false, false};
  terms.billing.granularity = seconds(60);
  terms.billing.minimum = seconds(120);
  return terms;
}

Blueprint rich_blueprint() {
  return {.account = "default",
          .name = "web \"1\" \xC3\xBC",
          .instance_type = "t2.micro",
          .profile = "ec2",
          .tags = {{"env", "prod"}, {"line", "a\tb"}},
          .ip = *Ipv4::parse("10.0.0.7"),
          .terms = rich_terms()};
}

Blueprint plain_blueprint() {
  return {.account = "default",
          .name = "n",
          .instance_type = "t2.micro",
          .profile = "standard",
          .tags = {},
          .ip = *Ipv4::parse("10.0.0.7"),
          .terms = {}};
}

State rich_state(const LastCommand& last) {
  Server server{.blueprint = rich_blueprint(),
                .status = Status::stopping,
                .created_at = at(-90),
                .last_started_at = at(-80),
                .deadline = Deadline{.due = at(30), .becomes = Status::stopped},
                .termination_reason = TerminationReason::forced,
                .bill = {.closed = seconds(61), .open_since = at(-70)}};
  return {.version = 7,
          .region = the_region,
          .at = at(0),
          .last_change = {.version = 7, .at = at(0)},
          .server = std::move(server),
          .last_command = last};
}

State plain_state() {
  Server server;
  server.blueprint = plain_blueprint();
  server.created_at = at(0);
  return {.version = 3,
          .region = the_region,
          .at = at(0),
          .last_change = {.version = 3, .at = at(0)},
          .server = std::move(server),
          .last_command = std::nullopt};
}

// A subject on which a command ended that no create came before.
State state_without_server(const LastCommand& last) {
  return {.version = 1,
          .region = the_region,
          .at = at(0),
          .last_change = {.version = 1, .at = at(0)},
          .server = std::nullopt,
          .last_command = last};
}

Event event_with(EventData data, const State& state, std::optional<Cause> given) {
  const bool by_command = given.has_value();
  return {{.version = state.version,
           .at = state.at,
           .cause = std::move(given),
           .origin = by_command ? the_origin : no_origin,
           .data = std::move(data)},
          the_server,
          the_region};
}

void check_is(const eventstore::Message& message, const Event& event, const State& state) {
  const auto logged = messages::decode_event(message);
  REQUIRE_MESSAGE(logged, logged.error());
  const auto* read = std::get_if<messages::ServerLogged>(&*logged);
  REQUIRE(read != nullptr);
  CHECK(read->event == event);
  CHECK(read->state == state);
}

Case case_of(std::string name, const Event& event, const State& state) {
  return {.type = "server." + std::string(event_type(event.data)),
          .name = std::move(name),
          .message = {.subject = messages::server_events(the_region, the_server),
                      .headers = {},
                      .payload = messages::encode(event, state)},
          .check_read = [=](const auto& message) { check_is(message, event, state); }};
}

// Today's writer leaves out what it was written with.
Case old_case(std::string name, const Event& event, const State& state) {
  auto old = case_of(std::move(name), event, state);
  old.message = {};
  return old;
}

struct Cases {
  std::vector<Case> all;

  void add(const char* name, EventData data, const State& state, std::optional<Cause> given) {
    all.push_back(case_of(name, event_with(std::move(data), state, std::move(given)), state));
  }

  // Of a command, and of time, where a server has nothing that it may lack.
  void add_change(const EventData& full, const EventData& plain, const std::string& command) {
    const LastCommand last{.cause = cause(command), .outcome = {}};
    add(all_members, full, rich_state(last), last.cause);
    add(no_members, plain, plain_state(), std::nullopt);
  }
  template <typename Begun>
  void add_begun(Status from, const std::string& command) {
    add_change(Begun{from, at(30)}, Begun{from, at(30)}, command);
  }
  template <typename Ended>
  void add_ended(Status from, const std::string& command) {
    add_change(Ended{from}, Ended{from}, command);
  }
};

// What a profile with courses and hazards brings: D90.

Failure a_failure() { return {.code = "boot_failed", .detail = "no \"kernel\""}; }

std::vector<Deadline> hazards_drawn() {
  return {{.due = at(100), .becomes = Status::running, .turn = Turn::impairment},
          {.due = at(160), .becomes = Status::running, .turn = Turn::recovery},
          {.due = at(170),
           .becomes = Status::failed,
           .turn = Turn::host_failure,
           .failure = Failure{"host_failure", "its host"}},
          {.due = at(200), .becomes = Status::running, .turn = Turn::interruption_notice},
          {.due = at(320), .becomes = Status::terminated, .turn = Turn::interruption}};
}

Blueprint unlucky_blueprint() {
  auto blueprint = rich_blueprint();
  auto& courses = blueprint.terms.courses;
  courses[0] = {.usual = {},
                .several = {{.delay = FixedDelay{Duration(3000)}, .weight = 97},
                            {.delay = ExponentialDelay{Duration(500), Duration(9000)},
                             .weight = 2,
                             .ending = Ending::failed,
                             .code = "boot_failed",
                             .detail = "no \"kernel\""},
                            {.delay = FixedDelay{},
                             .weight = 0,
                             .ending = Ending::terminated,
                             .code = "no_capacity",
                             .detail = "there was no room"}}};
  courses[2] = {.usual = {}, .several = {{.delay = {}, .weight = 1, .ending = Ending::stuck}}};
  blueprint.terms.risks = {{.hazard = Hazard::host_failure,
                            .after = ExponentialDelay{hours(720), hours(7200)},
                            .becomes = Status::failed},
                           {.hazard = Hazard::impairment,
                            .after = FixedDelay{hours(1)},
                            .lasting = UniformDelay{Duration(1), Duration(2)}},
                           {.hazard = Hazard::interruption, .after = FixedDelay{hours(2)}}};
  return blueprint;
}

State unlucky_state(const LastCommand& last) {
  auto state = rich_state(last);
  auto& server = *state.server;
  server.blueprint = unlucky_blueprint();
  server.status = Status::rebooting;
  server.deadline = Deadline{.due = at(30), .becomes = Status::failed, .failure = a_failure()};
  server.later = hazards_drawn();
  server.failure = a_failure();
  server.health = Health::impaired;
  server.interruption_at = at(320);
  return state;
}

void add_misfortunes(Cases& cases) {
  const LastCommand last{.cause = cause("start"), .outcome = {}};
  const auto add = [&](const EventData& data) {
    cases.add("with a misfortune", data, unlucky_state(last), last.cause);
  };
  const End fails{.due = at(30), .failure = a_failure()};
  const End ends{.due = at(30), .failure = a_failure(), .failed_becomes = Status::terminated};
  const End stuck{.due = std::nullopt};
  add(ServerProvisioning{unlucky_blueprint(), ends, hazards_drawn()});
  add(ServerProvisioned{unlucky_blueprint(), hazards_drawn()});
  add(ServerStarting{Status::failed, fails, hazards_drawn()});
  add(ServerStarted{Status::pending, hazards_drawn()});
  add(ServerStopping{Status::running, stuck});
  add(ServerStopped{Status::running, a_failure()});
  add(ServerRebooting{Status::running, fails});
  add(ServerTerminating{Status::failed, stuck});
  add(ServerTerminated{Status::pending, TerminationReason::launch_failure, "", a_failure()});
  add(ServerFailed{Status::pending, a_failure()});
  add(ServerImpaired{at(160)});
  add(ServerRecovered{});
  add(ServerInterruptionNoticed{at(320)});
  // By an incident of its region: D92.
  auto touched = plain_state();
  touched.server->health = Health::impaired;
  touched.server->impaired_by = 3;
  cases.add("by an outage", ServerImpaired{std::nullopt, 3}, touched, std::nullopt);
  cases.add("by an outage that has an end", ServerImpaired{at(160), 3}, touched, std::nullopt);
  cases.add("from an outage", ServerRecovered{3}, plain_state(), std::nullopt);
  cases.add("interrupted", ServerTerminated{Status::running, TerminationReason::interruption},
            plain_state(), std::nullopt);
  // A server that waits to be reaped and has other deadlines, in the form of older builds.
  auto idle = plain_state();
  idle.server->status = Status::stopped;
  idle.server->deadline =
      Deadline{.due = at(60), .becomes = Status::terminated, .turn = Turn::idle_timeout};
  cases.add("idle", ServerStopped{Status::stopping}, idle, std::nullopt);
}

// What a lease brings: D91.
void add_leases(Cases& cases) {
  const LastCommand last{.cause = cause("create"), .outcome = {}};
  auto leased = rich_state(last);
  leased.server->later = {
      {.due = at(3600), .becomes = Status::terminated, .turn = Turn::lease_end}};
  cases.add("with a lease", ServerProvisioning{rich_blueprint(), End{at(30)}, {}, at(3600)}, leased,
            last.cause);
  cases.add("with a lease", ServerProvisioned{rich_blueprint(), {}, at(3600)}, leased, last.cause);
  const LastCommand extension{.cause = cause("extend_lease"), .outcome = {}};
  leased.last_command = extension;
  cases.add(all_members, LeaseExtended{at(3600)}, leased, extension.cause);
  cases.add("lease expired", ServerTerminated{Status::stopping, TerminationReason::lease_expired},
            plain_state(), std::nullopt);
}

// Of warm pools: D95.
void add_warm(Cases& cases) {
  const LastCommand last{.cause = cause("create"), .outcome = {}};
  auto blueprint = rich_blueprint();
  blueprint.warm = WarmPlace{"ci-runners", 7, OnRelease::reset};
  auto state = rich_state(last);
  state.server->blueprint = blueprint;
  cases.add("of a warm pool", ServerProvisioning{blueprint, End{at(30)}}, state, last.cause);
  cases.add("of a warm pool", ServerProvisioned{blueprint}, state, last.cause);
  const LastCommand taken{.cause = cause("acquire"), .outcome = {}};
  auto mine = state;
  mine.last_command = taken;
  mine.server->assignment = Assignment{taken.cause.command, at(0), "mine", {{"job", "12"}}};
  cases.add(all_members, ServerAssigned{"mine", {{"job", "12"}}, at(3600)}, mine, taken.cause);
  auto plainly = mine;
  plainly.server->assignment = Assignment{std::nullopt, at(0), std::nullopt, {}};
  cases.add(no_members, ServerAssigned{}, plainly, taken.cause);
  const LastCommand given_back{.cause = cause("release"), .outcome = {}};
  state.last_command = given_back;
  cases.add(all_members, ServerReleased{Status::running, End{at(30)}}, state, given_back.cause);
  cases.add(no_members, ServerReleased{Status::running, std::nullopt}, state, given_back.cause);
  cases.add("released", ServerTerminated{Status::running, TerminationReason::released}, state,
            given_back.cause);
  cases.add("retired", ServerTerminated{Status::pending, TerminationReason::retired}, plain_state(),
            std::nullopt);
}

void add_rejections(Cases& cases) {
  for (const auto code :
       {RejectionCode::invalid_transition, RejectionCode::no_free_address, RejectionCode::not_found,
        RejectionCode::unknown_region, RejectionCode::unknown_type, RejectionCode::unknown_profile,
        RejectionCode::precondition_failed, RejectionCode::lease_too_long,
        RejectionCode::region_unavailable, RejectionCode::insufficient_capacity,
        RejectionCode::not_ready, RejectionCode::not_assigned}) {
    const Rejection rejection{code, "because"};
    const LastCommand last{.cause = cause("start"),
                           .outcome = {.kind = OutcomeKind::rejected, .rejection = rejection}};
    auto state = rich_state(last);
    state.last_change = {.version = 6, .at = at(-1)};
    cases.add(std::string(to_string(code)).c_str(), CommandRejected{rejection}, state, last.cause);
  }
  const Rejection unknown{RejectionCode::not_found, "there is no such server"};
  const LastCommand last{.cause = cause("stop"),
                         .outcome = {.kind = OutcomeKind::rejected, .rejection = unknown}};
  auto state = state_without_server(last);
  cases.add(no_members, CommandRejected{unknown}, state, last.cause);
  auto foreign = event_with(CommandRejected{unknown}, plain_state(), last.cause);
  foreign.origin.account = "team-a";
  auto of_default = plain_state();
  of_default.last_command = last;
  cases.all.push_back(case_of("in the name of another account", foreign, of_default));
  state.version = 4;
  state.last_change = {.version = 4, .at = at(0)};  // that of the last event of all
  state.server = plain_state().server;
  cases.all.push_back(old_case("of a build that did not name the last change",
                               event_with(CommandRejected{unknown}, state, last.cause), state));
}

// An outcome that came after a newer command's; and that of the first command of a subject.
void add_outcome(Cases& cases, const EventData& data, OutcomeKind kind) {
  auto state = rich_state(later_command());
  state.last_change = {.version = 5, .at = at(-2)};
  cases.add(all_members, data, state, cause("stop"));
  const LastCommand last{.cause = cause("stop"), .outcome = {.kind = kind, .rejection = {}}};
  cases.add(no_members, data, state_without_server(last), last.cause);
  const auto alone = state_without_server(last);
  cases.all.push_back(old_case("of a build that named the command in the state alone",
                               event_with(data, alone, last.cause), alone));
}

}  // namespace

std::vector<Case> server_cases() {
  Cases cases;
  cases.add_change(ServerProvisioning{rich_blueprint(), at(30)},
                   ServerProvisioning{plain_blueprint(), at(30)}, "create");
  cases.add_change(ServerProvisioned{rich_blueprint()}, ServerProvisioned{plain_blueprint()},
                   "create");
  cases.add_begun<ServerStarting>(Status::stopped, "start");
  cases.add_ended<ServerStarted>(Status::pending, "start");
  cases.add_begun<ServerStopping>(Status::running, "stop");
  cases.add_ended<ServerStopped>(Status::stopping, "stop");
  cases.add_begun<ServerRebooting>(Status::running, "reboot");
  cases.add_ended<ServerRebooted>(Status::rebooting, "reboot");
  cases.add_begun<ServerTerminating>(Status::stopped, "terminate");
  cases.add_change(ServerTerminated{Status::rebooting, TerminationReason::forced, "it was stuck"},
                   ServerTerminated{Status::terminating, TerminationReason::user}, "terminate");
  cases.add("left idle", ServerTerminated{Status::stopped, TerminationReason::idle_timeout},
            plain_state(), std::nullopt);
  add_misfortunes(cases);
  add_leases(cases);
  add_warm(cases);
  add_rejections(cases);
  add_outcome(cases, CommandPurged{}, OutcomeKind::purged);
  add_outcome(cases, CommandDeadLettered{"it failed 5 times"}, OutcomeKind::dead_lettered);
  return std::move(cases.all);
}

}  // namespace vsim::golden
