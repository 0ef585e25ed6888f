// Commands as anybody may publish them: what is read keeps the limits, says the same when it is
// written and read again, and can be decided.

#include <algorithm>

#include "domain/account.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/warm_pool_codec.h"
#include "tests/fuzz/message_input.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

std::string encoded(const Command& command) { return messages::encode_action(command.action); }
std::string encoded(const ExtendPool& command) {
  return messages::encode_extend_pool(command.ranges);
}
std::string encoded(const RegionCommand& command) {
  return messages::encode_region_action(command.action);
}
std::string encoded(const ClockCommand& command) {
  return messages::encode_clock_action(command.action);
}
std::string encoded(const FaultsCommand& command) {
  return messages::encode_faults_action(command.action);
}

std::string encoded(const WarmPoolCommand& command) {
  return messages::encode_warm_pool_action(command.action);
}

bool asks_the_same(const Command& a, const Command& b) {
  return a.action == b.action && a.only_at == b.only_at && a.server == b.server &&
         a.region == b.region;
}
bool asks_the_same(const ExtendPool& a, const ExtendPool& b) {
  return a.ranges == b.ranges && a.region == b.region;
}
bool asks_the_same(const RegionCommand& a, const RegionCommand& b) {
  return a.action == b.action && a.region == b.region;
}
bool asks_the_same(const ClockCommand& a, const ClockCommand& b) { return a.action == b.action; }
bool asks_the_same(const FaultsCommand& a, const FaultsCommand& b) { return a.action == b.action; }
bool asks_the_same(const WarmPoolCommand& a, const WarmPoolCommand& b) {
  return a.action == b.action && a.pool == b.pool;
}

void is_in_range(Duration lease, std::int64_t least) {
  must_hold(lease >= std::chrono::seconds(least) && lease <= messages::lease_max,
            "a lease is in range");
}

bool has_fit_account(const CommandHead& command) {
  const auto& account = command.origin.account;
  return account.empty() || !complaint_about_account(account);
}

void keeps_limits(const Command& command) {
  if (const auto* extension = std::get_if<ExtendLease>(&command.action)) {
    is_in_range(extension->by, 1);
  }
  if (const auto* acquire = std::get_if<Acquire>(&command.action)) {
    is_in_range(acquire->lease, 0);
    must_hold(acquire->tags.size() <= messages::tags_max, "tags are 50 at most");
  }
  const auto* create = std::get_if<Create>(&command.action);
  if (create == nullptr) {
    return;
  }
  must_hold(!create->name.empty() && create->name.size() <= 4 * messages::name_characters_max,
            "a name has 1 to 128 characters");
  must_hold(create->tags.size() <= messages::tags_max, "tags are 50 at most");
  const auto timeout = create->idle_timeout.value_or(Duration(0));
  must_hold(timeout.count() >= 0 && timeout <= messages::idle_timeout_max,
            "an idle timeout is in range");
  is_in_range(create->lease, 0);
}
void keeps_limits(const ExtendPool& command) {
  must_hold(!command.ranges.empty(), "an extension has addresses");
  for (const auto& range : command.ranges) {
    must_hold(range.first <= range.last && range.size() <= pool_extension_addresses_max,
              "a range is in order and not too large");
  }
}
void keeps_limits(const RegionCommand& command) {
  must_hold(!out_of_range(command.action), "an incident is in range");
}
void keeps_limits(const ClockCommand& command) {
  // Older builds knew no least scale, and commands that they took are carried out.
  const auto* scale = std::get_if<ScaleClock>(&command.action);
  const bool is_early = scale != nullptr && scale->scale > 0 && scale->scale < time_scale_min;
  must_hold(is_early || !out_of_range(command.action), "a change of the clock is in range");
}
void keeps_limits(const FaultsCommand& command) {
  const auto* set = std::get_if<SetFaults>(&command.action);
  if (set == nullptr) {
    return;
  }
  must_hold(!set->rules.empty() && set->rules.size() <= fault_rules_max, "rules are 1 to 32");
  for (const auto& [rule, lasts] : set->rules) {
    must_hold(!out_of_range(rule), "a rule is in range");
    must_hold(!lasts || (lasts->count() >= 1 && *lasts <= fault_lasts_max), "so is its length");
  }
}

void keeps_limits(const WarmPoolCommand& command) {
  must_hold(is_warm_pool_name(command.pool.name), "a pool's name is one");
  const auto* set = std::get_if<SetWarmPool>(&command.action);
  must_hold(set == nullptr || !out_of_range(set->terms), "a pool's terms are in range");
}

const Catalogue& catalogue() {
  static const Catalogue one = [] {
    Catalogue made;
    made.regions[Region{"us-east-1"}] = {};
    made.instance_types["t2.micro"] = HourlyRate{100};
    made.profiles["standard"] = LifecycleProfile{"standard", {}, Status::running, {}, {}};
    return made;
  }();
  return one;
}

constexpr Instant now = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);

void can_be_decided(const Command& command) {
  const Context context{catalogue(), 7, Ipv4{0x0A000001}};
  const auto decision = decide(State{}, command, now, context);
  must_hold(decision.events.size() == 1, "a new command has one outcome");
  const auto after = evolve(State{}, decision.events.front());
  must_hold(after.last_command.has_value(), "the outcome is noted");
  const auto& account = command.origin.account;
  must_hold(!after.server || after.server->blueprint.account ==
                                 (account.empty() ? std::string(default_account) : account),
            "a server is of the account in whose name it was created");
}
void can_be_decided(const ExtendPool& command) {
  must_hold(decide(Pool{}, command, now, catalogue()).events.size() == 1,
            "a new extension has an outcome");
}
void can_be_decided(const RegionCommand& command) {
  must_hold(decide(RegionState{}, command, now, catalogue(), now).events.size() == 1,
            "a new incident has an outcome");
}
void can_be_decided(const ClockCommand& command) {
  SimClock clock;
  clock.time.sim = now;
  must_hold(decide(clock, command, WallTime{}).events.size() == 1,
            "a new change of the clock has an outcome");
}
void can_be_decided(const FaultsCommand& command) {
  must_hold(decide(DoorFaults{}, command, now, 7).events.size() == 1,
            "a new change of the faults has an outcome");
}
void can_be_decided(const WarmPoolCommand& command) {
  must_hold(decide(WarmPool{}, command, now, catalogue()).events.size() == 1,
            "a new change of a warm pool has an outcome");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = fuzz::message_of(data, size);
  const auto decoded = messages::decode_command(message);
  if (!decoded) {
    must_hold(!decoded.error().empty(), "a refusal says why");
    return 0;
  }
  std::visit(
      [&](const auto& command) {
        keeps_limits(command);
        must_hold(has_fit_account(command), "an account's name is one");
        auto copy = message;
        copy.payload = encoded(command);
        const auto again = messages::decode_command(copy);
        must_hold(again.has_value(), "what was written is read again");
        must_hold(asks_the_same(command, std::get<std::decay_t<decltype(command)>>(again->command)),
                  "and asks for the same");
        can_be_decided(command);
      },
      decoded->command);
  return 0;
}
