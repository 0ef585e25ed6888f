// Commands. Those of servers are read under the headers that the API sends, and under none, as a
// person sends them: then the id follows from the place and time at which the broker stored them.

#include <utility>

#include <doctest/doctest.h>

#include "schema/messages/action_codec.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "schema/messages/warm_pool_codec.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/values.h"

namespace vsim::golden {
namespace {

namespace header = messages::header;

const eventstore::Timestamp the_stamp = WallTime(at(0)) + std::chrono::nanoseconds(1);
const CommandId id_by_hand{*Uuid::parse("d2ef564d-dd89-52c3-b20f-a7bf82d09030")};
const char* const if_match = R"("3", "5")";

struct Given {
  CommandSummary note;
  bool by_hand = false;
  bool has_complaint = false;
  std::optional<std::vector<Version>> only_at = {};
};

// What the API publishes; `route` is what the request came by.
eventstore::Headers api_headers(const std::string& hash) {
  return {{std::string(header::command_id), cause("").command.to_string()},
          {std::string(header::message_id), cause("").command.to_string()},
          {std::string(header::request_hash), hash},
          {std::string(header::actor), the_origin.actor},
          {std::string(header::correlation_id), the_origin.correlation_id},
          {std::string(header::reply_to), "_INBOX.api.1"},
          {std::string(header::attempt), "1"}};
}

CommandSummary note_by_api(const std::string& type, const std::string& hash) {
  auto given = cause(type);
  given.sequence = 42;
  given.request_hash = hash;
  return {.region = the_region, .server = the_server, .cause = given, .origin = the_origin};
}

CommandSummary note_by_hand(const std::string& type) {
  return {.region = the_region,
          .server = the_server,
          .cause = {.command = id_by_hand, .sequence = 42, .request_hash = "", .type = type},
          .origin = {.actor = "nats", .correlation_id = ""}};
}

template <typename Check>
void check_is(const eventstore::Message& message, const Given& given, const Check& check) {
  const auto decoded = messages::decode_command(message);
  REQUIRE_MESSAGE(decoded, decoded.error());
  CHECK(messages::summary_of(*decoded) == given.note);
  CHECK(decoded->by_hand == given.by_hand);
  CHECK(decoded->may_be_repeat == false);
  CHECK(decoded->complaint.empty() == !given.has_complaint);
  CHECK(decoded->reply_to == (given.by_hand ? "" : "_INBOX.api.1"));
  check(decoded->command);
}

eventstore::Message stored(std::string subject, eventstore::Headers headers, std::string payload) {
  return {.subject = std::move(subject),
          .sequence = 42,
          .stored_at = the_stamp,
          .headers = std::move(headers),
          .payload = std::move(payload)};
}

// ---------------------------------------------------------------------------------------------
// Servers.

Case server_case(std::string name, const Action& action, eventstore::Headers headers,
                 const Given& given) {
  return {.type = "command." + std::string(command_type(action)),
          .name = std::move(name),
          .message = stored(messages::server_command(the_region, the_server), std::move(headers),
                            messages::encode_action(action)),
          .check_read = [=](const auto& message) {
            check_is(message, given, [&](const auto& command) {
              CHECK(std::get<Command>(command).action == action);
              CHECK(std::get<Command>(command).only_at == given.only_at);
            });
          }};
}

Case by_api(const Action& action, const char* name = "every optional member, by the API") {
  const auto payload = messages::encode_action(action);
  const bool creates = std::holds_alternative<Create>(action);
  const auto* acquire = std::get_if<Acquire>(&action);
  const auto* route = std::holds_alternative<ExtendLease>(action) ? "/lease"
                      : std::holds_alternative<Release>(action)   ? "/release"
                                                                  : "/action";
  const auto path = acquire != nullptr ? "/warm-pools/" + *acquire->pool + "/acquire"
                                       : "/servers/" + the_server.to_string() + route;
  const auto hash =
      creates ? messages::request_hash("POST", "/servers", the_region.name + "\n" + payload)
              : messages::request_hash("POST", path, payload, if_match);
  auto headers = api_headers(hash);
  Given given{.note = note_by_api(std::string(command_type(action)), hash)};
  if (!creates) {
    headers.push_back({std::string(header::only_at), "3,5"});
    headers.push_back({std::string(header::if_match), if_match});
    given.only_at = {3, 5};
  }
  return server_case(name, action, headers, given);
}

Case by_hand(const Action& action) {
  return server_case("no optional member, by hand", action, {},
                     {.note = note_by_hand(std::string(command_type(action))), .by_hand = true});
}

Case in_name_of_account(const Action& action) {
  Given given{.note = note_by_hand(std::string(command_type(action))), .by_hand = true};
  given.note.origin.account = "team-a";
  return server_case("in the name of an account, by hand", action,
                     {{std::string(header::account), "team-a"}}, given);
}

// ---------------------------------------------------------------------------------------------
// Pools, the clock and the door's faults.

Case pool_case(std::string name, std::string payload, const AddressRange& range) {
  const auto hash =
      messages::request_hash("POST", "/regions/" + the_region.name + "/addresses", payload);
  Given given{.note = note_by_api("extend_pool", hash)};
  given.note.server = {};
  return {
      .type = "command.extend_pool",
      .name = std::move(name),
      .message = stored(messages::pool_command(the_region), api_headers(hash), std::move(payload)),
      .check_read = [=](const auto& message) {
        check_is(message, given, [&](const auto& command) {
          CHECK(std::get<ExtendPool>(command).ranges == std::vector{range});
        });
      }};
}

Case clock_case(std::string name, const ClockAction& action, bool has_complaint = false) {
  auto payload = messages::encode_clock_action(action);
  const auto hash = messages::request_hash("POST", "/clock", payload);
  Given given{.note = note_by_api(std::string(command_type(action)), hash)};
  given.note.server = {};
  given.note.region = {};
  given.has_complaint = has_complaint;
  return {.type = "command." + std::string(command_type(action)),
          .name = std::move(name),
          .message = stored(std::string(messages::clock_command_subject), api_headers(hash),
                            std::move(payload)),
          .check_read = [=](const auto& message) {
            check_is(message, given, [&](const auto& command) {
              CHECK(std::get<ClockCommand>(command).action == action);
            });
          }};
}

Case faults_case(const FaultsAction& action, std::string_view method) {
  auto payload = messages::encode_faults_action(action);
  const auto hash = messages::request_hash(method, "/faults", payload);
  Given given{.note = note_by_api(std::string(command_type(action)), hash)};
  given.note.server = {};
  given.note.region = {};
  return {.type = "command." + std::string(command_type(action)),
          .name = "by the API",
          .message = stored(std::string(messages::faults_command_subject), api_headers(hash),
                            std::move(payload)),
          .check_read = [=](const auto& message) {
            check_is(message, given, [&](const auto& command) {
              CHECK(std::get<FaultsCommand>(command).action == action);
            });
          }};
}

Case region_case(std::string name, const RegionAction& action) {
  auto payload = messages::encode_region_action(action);
  const bool sets = std::holds_alternative<SetIncident>(action);
  const auto hash = messages::request_hash(sets ? "PUT" : "DELETE",
                                           "/regions/" + the_region.name + "/incident", payload);
  Given given{.note = note_by_api(std::string(command_type(action)), hash)};
  given.note.server = {};
  return {.type = "command." + std::string(command_type(action)),
          .name = std::move(name),
          .message =
              stored(messages::region_command(the_region), api_headers(hash), std::move(payload)),
          .check_read = [=](const auto& message) {
            check_is(message, given, [&](const auto& command) {
              CHECK(std::get<RegionCommand>(command).action == action);
            });
          }};
}

Case warm_pool_case(std::string name, const WarmPoolAction& action) {
  const WarmPoolId pool{"team-a", "ci-runners"};
  auto payload = messages::encode_warm_pool_action(action);
  const bool sets = std::holds_alternative<SetWarmPool>(action);
  const auto hash =
      messages::request_hash(sets ? "PUT" : "DELETE", "/warm-pools/" + pool.name, payload);
  Given given{.note = note_by_api(std::string(command_type(action)), hash)};
  given.note.server = {};
  given.note.region = {};
  given.note.warm_pool = pool;
  auto headers = api_headers(hash);
  headers.push_back({std::string(header::account), pool.account});
  return {.type = "command." + std::string(command_type(action)),
          .name = std::move(name),
          .message = stored(messages::warm_pool_command(pool), headers, std::move(payload)),
          .check_read = [=](const auto& message) {
            check_is(message, given, [&](const auto& command) {
              CHECK(std::get<WarmPoolCommand>(command).action == action);
            });
          }};
}

// As a replenisher sends it: the ids follow from pool and number.
Case warm_create() {
  const WarmPoolId pool{"team-a", "ci-runners"};
  const CommandId id{*Uuid::parse("1ee9db34-e0d2-5352-b8e5-29ae7837a81e")};
  const ServerId server = messages::server_id_of_create(id);
  const Create create{.name = "ci-runners-7",
                      .instance_type = "t2.micro",
                      .profile = {},
                      .tags = {},
                      .idle_timeout = {},
                      .lease = {},
                      .warm = WarmPlace{pool.name, 7, OnRelease::reset}};
  return {.type = "command.create",
          .name = "of a warm pool",
          .message = stored(messages::server_command(the_region, server),
                            {{std::string(header::command_id), id.to_string()},
                             {std::string(header::message_id), id.to_string()},
                             {std::string(header::actor), "replenisher"},
                             {std::string(header::account), pool.account}},
                            messages::encode_action(create)),
          .check_read = [=](const auto& message) {
            const auto decoded = messages::decode_command(message);
            REQUIRE_MESSAGE(decoded, decoded.error());
            const auto& command = std::get<Command>(decoded->command);
            CHECK(command.action == Action(create));
            CHECK(command.id == id);
            CHECK(command.server == server);
            CHECK(command.origin.account == pool.account);
            CHECK(decoded->may_be_repeat);
          }};
}

void add_warm(std::vector<Case>& cases) {
  cases.push_back(warm_create());
  cases.push_back(by_api(Acquire{"mine", {{"job", "12"}}, std::chrono::hours(1), "ci-runners"}));
  cases.push_back(by_hand(Acquire{}));
  cases.push_back(by_api(Release{}));
  cases.push_back(by_hand(Release{}));
  cases.push_back(by_hand(Retire{}));
  cases.push_back(
      warm_pool_case("every optional member", SetWarmPool{{.region = the_region,
                                                           .instance_type = "t2.micro",
                                                           .profile = "ec2",
                                                           .tags = {{"team", "a/b"}},
                                                           .target = 20,
                                                           .replenish_below = 15,
                                                           .warming_max = 5,
                                                           .on_release = OnRelease::reset}}));
  cases.push_back(
      warm_pool_case("no optional member", SetWarmPool{{.region = the_region,
                                                        .instance_type = "t2.micro",
                                                        .profile = {},
                                                        .tags = {},
                                                        .target = 1,
                                                        .replenish_below = 1,
                                                        .warming_max = 1,
                                                        .on_release = OnRelease::terminate}}));
  cases.push_back(warm_pool_case("by the API", DrainWarmPool{}));
}

Case old(Case one) {
  one.message = {};
  return one;
}

}  // namespace

std::vector<Case> command_cases() {
  const Create full{.name = "web \"1\" \xC3\xBC",
                    .instance_type = "t2.micro",
                    .profile = "ec2",
                    .tags = {{"env", "prod"}, {"team", "a/b"}},
                    .idle_timeout = std::chrono::hours(2)};
  const Create plain{.name = "n",
                     .instance_type = "t2.micro",
                     .profile = std::nullopt,
                     .tags = {},
                     .idle_timeout = std::nullopt};
  std::vector<Case> cases = {by_api(full), by_hand(plain), in_name_of_account(plain),
                             in_name_of_account(Stop{})};
  for (const auto& action : {Action(Start{}), Action(Stop{}), Action(Reboot{})}) {
    cases.push_back(by_api(action));
    cases.push_back(by_hand(action));
  }
  cases.push_back(by_api(Terminate{"it was stuck"}));
  cases.push_back(by_hand(Terminate{}));
  auto leased = full;
  leased.lease = std::chrono::hours(1);
  cases.push_back(by_api(leased, "with a lease, by the API"));
  const ExtendLease extension{std::chrono::minutes(10)};
  cases.push_back(by_api(extension));
  cases.push_back(by_hand(extension));
  add_warm(cases);
  const AddressRange range{*Ipv4::parse("10.0.0.1"), *Ipv4::parse("10.0.0.14")};
  cases.push_back(pool_case("by its ends", messages::encode_extend_pool({range}), range));
  cases.push_back(
      old(pool_case("by its network", R"({"type":"extend_pool","cidr":"10.0.0.0/28"})", range)));
  const Incident fire{.outage = OutageEffect::impaired,
                      .types_out = {"t2.micro"},
                      .delay_factor = 2.5,
                      .failure_rate = 0.125,
                      .until = {},
                      .reason = "a \"fire\""};
  auto until = fire;
  until.until = at(600);
  cases.push_back(region_case("for a while", SetIncident{fire, Duration(1'860'500)}));
  cases.push_back(region_case("until a time", SetIncident{until}));
  cases.push_back(
      region_case("no optional member", SetIncident{{.outage = OutageEffect::untouched}}));
  cases.push_back(region_case("of the region", LiftIncident{}));
  cases.push_back(clock_case("in thousandths", AdvanceClock{Duration(1'860'500)}));
  cases.push_back(clock_case("whole seconds", AdvanceClock{Duration(60'000)}));
  cases.push_back(clock_case("faster", ScaleClock{60}));
  cases.push_back(clock_case("slower", ScaleClock{0.25}));
  const FaultRule slow{.name = "slow",
                       .route = "POST /servers",
                       .key = "ci",
                       .share = ByProbability{0.125},
                       .effect = DelayAnswer{Duration(2'500)},
                       .moment = FaultMoment::after,
                       .until = {}};
  const FaultRule cut{.name = {},
                      .route = {},
                      .key = {},
                      .share = EveryNth{3},
                      .effect = CutConnection{},
                      .until = at(3600)};
  cases.push_back(
      faults_case(SetFaults{{{slow, std::chrono::seconds(60)}, {cut, std::nullopt}}, 7}, "PUT"));
  cases.push_back(faults_case(LiftFaults{}, "DELETE"));
  constexpr bool has_complaint = true;
  cases.push_back(
      old(clock_case("of a build that knew no least scale", ScaleClock{0.0000001}, has_complaint)));
  return cases;
}

}  // namespace vsim::golden
