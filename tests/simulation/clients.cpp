#include "tests/simulation/clients.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include <fmt/format.h>

#include "api/outcomes.h"
#include "domain/account.h"
#include "domain/address_pool.h"
#include "domain/server.h"
#include "eventstore/jetstream_store.h"
#include "ops/vsimctl/dlq/replays.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_envelope.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "schema/messages/warm_pool_codec.h"

namespace vsim::simulation {
namespace {

using namespace std::chrono_literals;
using api::Write;
using eventstore::PublishError;

constexpr int attempts_max = 4;
constexpr int looks_for_api_max = 40;

/// Mostly so short that it ends while the run goes on; now and then longer than LEASE_MAX.
std::chrono::seconds lease_of(const PlannedCommand& planned) {
  return planned.number % 16 == 15 ? std::chrono::hours(25)
                                   : std::chrono::seconds(1 + planned.number % 29);
}

// Whose the servers are, by the numbers of their creates.
const std::string accounts[] = {std::string(default_account), std::string(default_account),
                                "team-a"};

const WarmPoolId pools[] = {{accounts[0], "pool"}, {accounts[2], "pool"}};

const Action plain_actions[] = {Start{}, Stop{}, Reboot{}, Terminate{}};
const Action forced = Terminate{"it is stuck"};

/// One of some, each of them for a while or until it is lifted.
SetIncident incident_of(std::uint64_t number) {
  SetIncident set;
  auto& incident = set.incident;
  switch (number % 5) {
    case 0:
    case 1:
      incident.outage = OutageEffect::stopped;
      break;
    case 2:
      incident.outage = OutageEffect::impaired;
      break;
    case 3:
      incident.types_out = {"t2.micro"};
      break;
    default:
      incident.outage = number % 2 == 0 ? std::optional(OutageEffect::untouched) : std::nullopt;
      incident.delay_factor = 4;
      incident.failure_rate = 0.5;
  }
  if (number % 3 == 0) {
    incident.reason = "a drill";
  }
  if (number / 5 % 3 > 0) {
    set.lasting = std::chrono::seconds(1 + number / 15 % 40);
  }
  return set;
}

/// The one of that kind.
Action action_of(const PlannedCommand& planned) {
  const auto& kind = planned.kind;
  if (kind == "extend_lease") {
    return ExtendLease{lease_of(planned)};
  }
  if (kind == "release") {
    return Release{};
  }
  const auto* found =
      std::find_if(std::begin(plain_actions), std::end(plain_actions),
                   [&](const Action& action) { return command_type(action) == kind; });
  assert(found != std::end(plain_actions));
  return *found;
}

/// In whose name a command for a server of `owner` comes: mostly its own account's, often nobody's,
/// now and then another one's, which finds no server there.
std::string sender_of(std::uint64_t number, const std::string& owner) {
  if (number % 3 == 0) {
    return {};
  }
  const auto& other = owner == accounts[0] ? accounts[2] : accounts[0];
  return number % 11 == 0 ? other : owner;
}

}  // namespace

Clients::Clients(World& world, const Catalogue& catalogue, std::function<const ApiLife&()> api,
                 std::size_t servers)
    : world_(world),
      catalogue_(catalogue),
      api_(std::move(api)),
      process_(std::make_shared<Process>(Process{.name = "clients"})),
      slots_(servers) {
  while (!broker_) {
    auto broker = eventstore::Broker::connect({.url = "nats://simulated", .name = "operator"});
    broker_ = broker ? std::move(*broker) : nullptr;
  }
}

void Clients::start(const std::vector<PlannedCommand>& plan, std::size_t clients) {
  const Time begin = world_.machine.now();
  for (std::size_t client = 0; client < clients; ++client) {
    std::vector<PlannedCommand> own;
    std::copy_if(plan.begin(), plan.end(), std::back_inserter(own),
                 [&](const auto& command) { return command.client == client; });
    const auto name = "client " + std::to_string(client);
    world_.machine.start(process_, name, [this, own, begin] { carry_out_all(own, begin); });
  }
}

void Clients::carry_out_all(const std::vector<PlannedCommand>& commands, Time begin) {
  auto& machine = world_.machine;
  for (const auto& command : commands) {
    machine.sleep(std::max(Time(0), begin + command.at - machine.now()));
    carry_out(command);
  }
}

void Clients::end() {
  world_.machine.kill(process_);
  world_.machine.await_end(process_);
}

Region Clients::region_of(const PlannedCommand& planned) const {
  auto region = catalogue_.regions.begin();
  std::advance(region, static_cast<std::ptrdiff_t>(planned.number % catalogue_.regions.size()));
  return region->first;
}

CommandId Clients::new_id() {
  Uuid uuid;
  for (auto& byte : uuid.bytes) {
    byte = static_cast<std::uint8_t>(world_.machine.draw(256));
  }
  uuid.bytes[6] = static_cast<std::uint8_t>(0x50 | (uuid.bytes[6] & 0x0f));
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3f));
  return {uuid};
}

Given& Clients::note_given(CommandId id, std::string kind, std::optional<ServerId> server) {
  given_.push_back(std::make_unique<Given>());
  given_.back()->id = id;
  given_.back()->kind = std::move(kind);
  given_.back()->server = server;
  return *given_.back();
}

Write Clients::make_create(const PlannedCommand& planned, const Region& region) {
  Create create{.name = "s" + std::to_string(planned.server),
                .instance_type = "t2.micro",
                .profile = planned.profile,
                .tags = {},
                .idle_timeout = std::nullopt};
  if (planned.leased) {
    create.lease = lease_of(planned);
  }
  if (planned.number % 5 == 0) {
    create.idle_timeout = std::chrono::seconds(1 + planned.number % 20);
  }
  Write write;
  write.terms.id = new_id();
  write.region = region;
  write.account = accounts[planned.number % std::size(accounts)];
  write.in_name_of = beside_owner(write.account, default_account);
  write.server = messages::server_id_of_create(write.terms.id);
  write.type = "create";
  write.payload = messages::encode_action(create);
  write.request_hash =
      messages::request_hash("POST", "/servers", region.name + "\n" + write.payload);
  return write;
}

Write Clients::make_faults(const PlannedCommand& planned) {
  const bool sets = planned.kind == "set_faults";
  const FaultRule rule{.name = {},
                       .route = planned.number % 2 == 0 ? "POST /servers" : "",
                       .key = {},
                       .share = EveryNth{1 + planned.number % 5},
                       .effect = AnswerStatus{503},
                       .until = {}};
  std::optional<std::chrono::seconds> lasts;
  if (planned.number % 3 == 0) {
    lasts = std::chrono::seconds(1 + planned.number % 100);
  }
  const auto action =
      sets ? FaultsAction(SetFaults{{{rule, lasts}}, std::nullopt}) : FaultsAction(LiftFaults{});
  Write write;
  write.terms.id = new_id();
  write.region = Region{std::string(messages::faults_region)};
  write.type = planned.kind;
  write.payload = messages::encode_faults_action(action);
  write.request_hash = messages::request_hash(sets ? "PUT" : "DELETE", "/faults", write.payload);
  return write;
}

Write Clients::make_region_write(const Region& region, const RegionAction& action) {
  Write write;
  write.terms.id = new_id();
  write.region = region;
  write.type = std::string(command_type(action));
  write.payload = messages::encode_region_action(action);
  write.request_hash =
      messages::request_hash(std::holds_alternative<SetIncident>(action) ? "PUT" : "DELETE",
                             "/regions/" + region.name + "/incident", write.payload);
  return write;
}

Write Clients::make_warm_pool_write(const WarmPoolId& pool, const WarmPoolAction& action) {
  Write write;
  write.terms.id = new_id();
  write.region = Region{messages::warm_pool_region(pool)};
  write.type = std::string(command_type(action));
  write.payload = messages::encode_warm_pool_action(action);
  write.account = pool.account;
  write.in_name_of = pool.account;
  write.request_hash =
      messages::request_hash(std::holds_alternative<SetWarmPool>(action) ? "PUT" : "DELETE",
                             "/warm-pools/" + pool.name, write.payload);
  return write;
}

/// A pool keeps its region, or it is refused.
WarmPoolTerms Clients::terms_of(const PlannedCommand& planned, const WarmPoolId& pool) const {
  const auto n = planned.number / 2;
  WarmPoolTerms terms;
  const bool is_first = (pool == pools[0]) != (n % 16 == 7);
  terms.region = is_first ? catalogue_.regions.begin()->first : catalogue_.regions.rbegin()->first;
  terms.instance_type = "t2.micro";
  if (n / 9 % 2 == 0) {
    terms.profile = planned.profile;
  }
  if (n % 5 == 0) {
    terms.tags = {{"line", "ci"}};
  }
  terms.target = static_cast<std::uint32_t>(n % 4);
  terms.replenish_below = n / 4 % 3 == 0 ? terms.target / 2 : terms.target;
  terms.warming_max = static_cast<std::uint32_t>(1 + n / 12 % 3);
  terms.on_release = n / 36 % 3 == 0 ? OnRelease::reset : OnRelease::terminate;
  return terms;
}

/// Of a server that is ready as far as the read models know.
std::optional<Write> Clients::make_acquire(const PlannedCommand& planned) {
  std::vector<const read_model::ServerRow*> ready;
  for (const auto& [id, row] : world_.tables.servers) {
    if (row.warm_pool && row.status == "RUNNING" && !row.assigned_at) {
      ready.push_back(&row);
    }
  }
  if (ready.empty()) {
    return std::nullopt;
  }
  const auto& row = *ready[planned.number / 4 % ready.size()];
  Acquire acquire;
  acquire.pool = row.warm_pool;
  if (planned.number % 2 == 0) {
    acquire.name = "mine";
    acquire.tags = {{"job", std::to_string(planned.number % 100)}};
  }
  if (planned.leased) {
    acquire.lease = lease_of(planned);
  }
  Write write;
  write.terms.id = new_id();
  write.region = Region{row.region};
  write.server = ServerId{Uuid::parse(row.id).value()};
  write.account = row.account;
  write.in_name_of = sender_of(planned.number, row.account);
  write.type = "acquire";
  write.payload = messages::encode_action(acquire);
  write.request_hash =
      messages::request_hash("POST", "/warm-pools/" + *row.warm_pool + "/acquire", write.payload);
  return write;
}

std::optional<Write> Clients::make_write(const PlannedCommand& planned) {
  auto& slot = slots_[planned.server];
  Write write;
  if (planned.kind == "create") {
    write = make_create(planned, region_of(planned));
    slot = {write.server, write.region, write.account, 0};
  } else if (planned.kind == "advance" || planned.kind == "scale") {
    write.terms.id = new_id();
    write.region = Region{std::string(messages::clock_region)};
    write.type = planned.kind;
    const double scale[] = {1, 10, 0.5, 60};
    write.payload = messages::encode_clock_action(
        planned.kind == "advance"
            ? ClockAction(AdvanceClock{std::chrono::seconds(1 + planned.number % 4000)})
            : ClockAction(ScaleClock{scale[planned.number % 4]}));
    write.request_hash = messages::request_hash("POST", "/clock", write.payload);
  } else if (planned.kind == "set_faults" || planned.kind == "lift_faults") {
    write = make_faults(planned);
  } else if (planned.kind == "set_incident") {
    write = make_region_write(region_of(planned), incident_of(planned.number / 2));
  } else if (planned.kind == "lift_incident") {
    write = make_region_write(region_of(planned), LiftIncident{});
  } else if (planned.kind == "set_warm_pool" || planned.kind == "drain_warm_pool") {
    const auto& pool = pools[planned.number % std::size(pools)];
    write = make_warm_pool_write(pool, planned.kind == "set_warm_pool"
                                           ? WarmPoolAction(SetWarmPool{terms_of(planned, pool)})
                                           : WarmPoolAction(DrainWarmPool{}));
  } else if (planned.kind == "acquire") {
    auto acquire = make_acquire(planned);
    if (!acquire) {
      return std::nullopt;
    }
    write = std::move(*acquire);
    slot = {write.server, write.region, write.account, 0};
  } else if (planned.kind == "extend_pool") {
    write.terms.id = new_id();
    write.region = region_of(planned);
    write.type = planned.kind;
    const auto first = static_cast<std::uint32_t>(0x0a000100 + planned.number % 8);
    write.payload = messages::encode_extend_pool({{Ipv4{first}, Ipv4{first}}});
    write.request_hash = messages::request_hash(
        "POST", "/regions/" + write.region.name + "/addresses", write.payload);
  } else if (slot.server) {
    write.terms.id = new_id();
    write.region = slot.region;
    write.server = slot.server;
    write.account = slot.account;
    write.in_name_of = sender_of(planned.number, slot.account);
    const auto action = action_of(planned);
    const auto* route = std::holds_alternative<ExtendLease>(action) ? "/lease"
                        : std::holds_alternative<Release>(action)   ? "/release"
                                                                    : "/action";
    write.type = std::string(command_type(action));
    write.payload = messages::encode_action(action);
    if (planned.matches) {
      write.terms.only_at = std::vector<Version>{slot.version};
      write.terms.match = "\"" + std::to_string(slot.version) + "\"";
    }
    write.request_hash = messages::request_hash(
        "POST", "/servers/" + slot.server->to_string() + route, write.payload, write.terms.match);
  } else {
    return std::nullopt;
  }
  write.terms.keyed = planned.keyed;
  write.actor = "somebody";
  return write;
}

void Clients::carry_out(const PlannedCommand& planned) {
  if (planned.kind == "by_hand" || planned.kind == "force" || planned.kind == "lease_by_hand") {
    return type_by_hand(planned);
  }
  if (planned.kind == "poison") {
    return type_poison(planned);
  }
  if (planned.kind == "create_again") {
    return type_create_again(planned);
  }
  if (planned.kind == "half_create") {
    return type_half_create(planned);
  }
  if (planned.kind == "fleet") {
    return type_for_fleet(planned);
  }
  if (planned.kind == "warm_by_hand") {
    return type_for_pool(planned);
  }
  if (planned.kind == "copy") {
    return copy_from_journal(planned);
  }
  if (const auto write = make_write(planned)) {
    auto& given = note_given(write->id(), planned.kind, write->server);
    given.account = write->in_name_of;
    send(planned, *write, given);
    if (planned.repeats && planned.keyed) {
      world_.machine.sleep(std::chrono::milliseconds(world_.machine.draw(3000)));
      send(planned, *write, given);
    }
    for (const auto& told : given.told) {
      if (told.kind == OutcomeKind::succeeded && write->server) {
        slots_[planned.server].version = told.version;
      }
    }
  }
}

/// A client with a key sends again when nobody knows; one without gives up.
void Clients::send(const PlannedCommand& planned, const Write& write, Given& given) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto told = given.told.size();
    const bool sure_before = given.stored;
    given.maybe_stored = given.maybe_stored || !given.stored;
    ask(write, planned.waits, given);
    if (given.told.size() > told || (given.stored && !sure_before) || !planned.keyed) {
      return;
    }
    world_.machine.sleep(200ms);
  }
}

void Clients::ask(const Write& write, bool waits, Given& given) {
  auto& machine = world_.machine;
  const auto request = std::make_shared<Request>();
  request->write = write;
  request->patience = waits ? 10s : 0s;
  bool asked = false;
  for (int look = 0; !asked && look < looks_for_api_max; ++look) {
    asked = api_().carry_out(machine, request);
    if (!asked) {
      machine.sleep(100ms);
    }
  }
  if (!asked) {
    machine.note("nobody answers " + given.id.to_string());
    return;
  }
  if (!request->answer) {
    machine.note("the API has died under " + given.id.to_string());
    return;
  }
  hear(*request->answer, given);
}

void Clients::hear(const api::Reply<api::WriteResult>& answer, Given& given) {
  auto& machine = world_.machine;
  if (!answer) {
    machine.note(fmt::format("is refused: {} {}", given.id.to_string(), answer.error().detail));
    return;
  }
  given.stored = true;
  const auto& operation = answer->operation;
  const auto kind = api::outcome_of(operation);
  machine.note(fmt::format("is told: {} {} event {}", given.id.to_string(), operation.status,
                           operation.event_sequence));
  if (operation.id != given.id.to_string()) {
    machine.fail("the answer is another command's: " + operation.id + " for " +
                 given.id.to_string());
  }
  if (kind) {
    given.told.push_back({*kind, operation.event_sequence, operation.version});
  }
}

void Clients::publish(const std::string& subject, const std::string& payload,
                      const eventstore::Headers& headers, Given& given) {
  const eventstore::CommandPublisher publisher(*broker_, std::string(messages::commands_stream));
  const auto accepted = publisher.publish(subject, payload, headers);
  if (!accepted) {
    given.maybe_stored = accepted.error().kind == PublishError::Kind::unknown;
    return;
  }
  if (accepted->duplicate) {
    return;
  }
  given.stored = true;
  // Its id is made of its place, as a worker makes it.
  for (const auto& [sequence, message] : world_.hub.stream("COMMANDS").messages()) {
    if (sequence == accepted->sequence) {
      const auto id = messages::command_id_of(message_of(message));
      given.id = id ? *id : given.id;
      return;
    }
  }
  // Taken already: JOURNAL has the copy, unless that was lost.
  for (const auto& [sequence, copy] : world_.hub.stream("JOURNAL").messages()) {
    const auto original = messages::original_of(message_of(copy));
    if (original.sequence == accepted->sequence) {
      const auto id = messages::command_id_of(original);
      given.id = id ? *id : given.id;
      return;
    }
  }
  given.stored = false;  // nobody could tell which it was
}

void Clients::type_by_hand(const PlannedCommand& planned) {
  const auto& slot = slots_[planned.server];
  if (!slot.server) {
    return;
  }
  const auto action = planned.kind == "force"           ? forced
                      : planned.kind == "lease_by_hand" ? ExtendLease{lease_of(planned)}
                                                        : plain_actions[planned.number % 4];
  auto& given = note_given(CommandId{}, planned.kind, slot.server);
  publish(messages::server_command(slot.region, *slot.server), messages::encode_action(action), {},
          given);
}

void Clients::type_poison(const PlannedCommand& planned) {
  const auto& slot = slots_[planned.server];
  const char* texts[] = {"not json", R"({"type":"explode"})", R"({"type":"stop","why":1})", "{}",
                         R"({"type":"create"})"};
  const ServerId server = slot.server ? *slot.server : messages::server_id_of_create(new_id());
  const Region region = slot.server ? slot.region : region_of(planned);
  auto& given = note_given(CommandId{}, "poison", server);
  given.unreadable = true;
  publish(messages::server_command(region, server), texts[planned.number % 5], {}, given);
}

/// A create for an id that there was one for already: of a server, or of one that was refused.
void Clients::type_create_again(const PlannedCommand& planned) {
  const auto& slot = slots_[planned.server];
  if (!slot.server) {
    return;
  }
  auto& given = note_given(CommandId{}, planned.kind, slot.server);
  publish(messages::server_command(slot.region, *slot.server),
          make_create(planned, slot.region).payload, {}, given);
}

/// What a worker leaves behind that dies between an address's claim and its server's event, with
/// the create sent to another region meanwhile: the claim is void then.
void Clients::type_half_create(const PlannedCommand& planned) {
  const auto& clock = world_.tables.clock;
  if (!clock) {
    return;
  }
  const ServerId server = messages::server_id_of_create(new_id());
  const auto& [region, ranges] = *catalogue_.regions.begin();
  const Ipv4 last = ranges.front().last;
  const auto now = simulated_at(clock->clock, eventstore::Timestamp(world_.machine.now() + epoch));
  const auto subject = messages::address_events(region, last);
  const eventstore::Append claim{subject,
                                 messages::encode(AddressClaimed{region, last, server, now}),
                                 {},
                                 eventstore::Expectation{subject, 0}};
  eventstore::JetStreamStore events(*broker_, *broker_, std::string(messages::events_stream));
  auto& given = note_given(CommandId{}, planned.kind, server);  // also where the answer is lost
  if (!events.append(std::span(&claim, 1))) {
    return;
  }
  const Region& other = catalogue_.regions.rbegin()->first;
  while (!given.stored) {  // the claim must have a fate
    publish(messages::server_command(other, server), make_create(planned, other).payload, {},
            given);
    world_.machine.sleep(100ms);
  }
}

/// Commands for what a whole fleet or a region shares that are refused, or mistyped.
void Clients::type_for_fleet(const PlannedCommand& planned) {
  const std::string clock(messages::clock_command_subject);
  const std::pair<std::string, std::string> commands[] = {
      {clock, R"({"type":"advance","seconds":315000000})"},  // too far in the last ten years only
      {clock, R"({"type":"scale","scale":1,"why":1})"},
      {messages::pool_command(Region{"nowhere-1"}),
       R"({"type":"extend_pool","cidr":"10.9.0.0/30"})"},
      {messages::pool_command(region_of(planned)),
       R"({"type":"extend_pool","cidr":"10.9.0.0/30","why":1})"},
      {std::string(messages::faults_command_subject),
       R"({"type":"set_faults","rules":[{"every":1,"cut":true,"until":"2000-01-01T00:00:00Z"}]})"},
      {std::string(messages::faults_command_subject), R"({"type":"lift_faults","why":1})"},
      {messages::region_command(region_of(planned)), R"({"type":"lift_incident","why":1})"}};
  const auto& [subject, payload] = commands[planned.number % std::size(commands)];
  auto& given = note_given(CommandId{}, planned.kind, std::nullopt);
  given.unreadable = true;
  publish(subject, payload, {}, given);
}

/// Drained by hand, or mistyped, or a number that is taken under another id than its own.
void Clients::type_for_pool(const PlannedCommand& planned) {
  const auto& pool = pools[planned.number / 3 % std::size(pools)];
  auto& given = note_given(CommandId{}, planned.kind, std::nullopt);
  given.unreadable = planned.number % 3 > 0;
  if (planned.number % 3 == 2) {
    auto create = Create{.name = "guess",
                         .instance_type = "t2.micro",
                         .profile = {},
                         .tags = {},
                         .idle_timeout = {}};
    create.warm = WarmPlace{pool.name, 1 + planned.number / 6 % 8, OnRelease::terminate};
    const auto id = messages::command_id_of_warm_create(pool, create.warm->number);
    return publish(messages::server_command(region_of(planned), messages::server_id_of_create(id)),
                   messages::encode_action(create), {}, given);
  }
  publish(
      messages::warm_pool_command(pool),
      given.unreadable ? R"({"type":"drain_warm_pool","why":1})" : R"({"type":"drain_warm_pool"})",
      {}, given);
}

/// What `vsimctl journal replay` and `vsimctl dlq replay` do.
void Clients::copy_from_journal(const PlannedCommand& planned) {
  const auto& journal = world_.hub.stream("JOURNAL").messages();
  if (journal.empty()) {
    return;
  }
  auto copy = journal.begin();
  std::advance(copy, static_cast<std::ptrdiff_t>(planned.number % journal.size()));
  const auto original = messages::original_of(message_of(copy->second));
  const auto replay = vsimctl::replay_of(original);
  if (!replay.id) {
    return;
  }
  auto headers = replay.headers;
  headers.push_back({"Nats-Msg-Id",
                     replay.id->to_string() + "-r" + std::to_string(world_.machine.now().count())});
  const eventstore::CommandPublisher publisher(*broker_, std::string(messages::commands_stream));
  publisher.publish(replay.subject, replay.payload, headers);
}

std::optional<Told> Clients::create_now(const Region& region) {
  PlannedCommand planned;
  planned.kind = "create";
  planned.profile = "instant";
  planned.keyed = true;
  planned.number = 1;
  auto write = make_create(planned, region);
  write.terms.keyed = true;
  auto& given = note_given(write.id(), "create", write.server);
  given.account = write.in_name_of;
  for (int attempt = 0; attempt < attempts_max && given.told.empty(); ++attempt) {
    ask(write, true, given);
  }
  return given.told.empty() ? std::nullopt : std::optional(given.told.back());
}

bool Clients::drain_now() {
  for (const auto& pool : pools) {
    auto write = make_warm_pool_write(pool, DrainWarmPool{});
    write.terms.keyed = true;
    auto& given = note_given(write.id(), "drain_warm_pool", std::nullopt);
    for (int attempt = 0; attempt < 5 * attempts_max && given.told.empty(); ++attempt) {
      given.maybe_stored = given.maybe_stored || !given.stored;
      ask(write, true, given);
    }
    if (given.told.empty()) {
      return false;
    }
  }
  return true;
}

bool Clients::lift_now(const Region& region) {
  auto write = make_region_write(region, LiftIncident{});
  write.terms.keyed = true;
  auto& given = note_given(write.id(), "lift_incident", std::nullopt);
  for (int attempt = 0; attempt < 5 * attempts_max && given.told.empty(); ++attempt) {
    given.maybe_stored = given.maybe_stored || !given.stored;
    ask(write, true, given);
  }
  return !given.told.empty();
}

}  // namespace vsim::simulation
