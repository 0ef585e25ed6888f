#include "schema/messages/faults_codec.h"

#include <array>
#include <utility>

#include "schema/messages/clock_codec.h"
#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/member_names.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

constexpr std::array<std::string_view, 11> rule_members{
    "name", "route", "key",   "probability", "every",        "status",
    "cut",  "when",  "until", "for_seconds", "delay_seconds"};

std::string place_of(std::size_t index) { return "rules[" + std::to_string(index) + "]"; }

// ---------------------------------------------------------------------------------------------
// Written.

struct WriteShare {
  JsonWriter& json;
  void operator()(const ByProbability& share) const {
    json.key("probability");
    json.real(share.share);
  }
  void operator()(const EveryNth& every) const { json.member("every", every.n); }
};

struct WriteEffect {
  JsonWriter& json;
  void operator()(const AnswerStatus& effect) const { json.member("status", effect.status); }
  void operator()(const DelayAnswer& effect) const {
    json.key("delay_seconds");
    json.real(static_cast<double>(effect.by.count()) / 1000);
  }
  void operator()(const CutConnection&) const {
    json.key("cut");
    json.boolean(true);
  }
};

void write_if_given(JsonWriter& json, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    json.member(name, value);
  }
}

void write_rule(JsonWriter& json, const FaultRule& rule,
                std::optional<std::chrono::seconds> lasts = {}) {
  json.begin_object();
  write_if_given(json, "name", rule.name);
  write_if_given(json, "route", rule.route);
  write_if_given(json, "key", rule.key);
  std::visit(WriteShare{json}, rule.share);
  std::visit(WriteEffect{json}, rule.effect);
  if (rule.moment == FaultMoment::after) {
    json.member("when", to_string(rule.moment));
  }
  if (rule.until) {
    json.member("until", format_instant(*rule.until));
  }
  if (lasts) {
    json.member("for_seconds", lasts->count());
  }
  json.end_object();
}

// The rules stand in the state, also after an outcome that changes nothing.
struct WriteFaultsData {
  JsonWriter& json;
  const std::optional<Cause>& cause;

  void operator()(const FaultsSet&) const {}
  void operator()(const FaultsLifted&) const {}
  void operator()(const CommandRejected& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandPurged& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandDeadLettered& event) const { write_no_change(json, event, cause); }
};

void write_faults(JsonWriter& json, const DoorFaults& after) {
  json.begin_object();
  json.key("rules");
  json.begin_array();
  for (const auto& rule : after.rules) {
    write_rule(json, rule);
  }
  json.end_array();
  json.member("seed", after.seed);
  json.member("changed", after.changed);
  if (after.changed > 0) {
    json.member("changed_at", format_instant(after.changed_at));
    json.member("changed_by", after.changed_by);
  }
  if (after.last_command) {
    json.key("last_command");
    write_last_command(json, *after.last_command);
  }
  json.end_object();
}

struct WriteFaultsAction {
  JsonWriter& json;

  void operator()(const SetFaults& action) const {
    json.key("rules");
    json.begin_array();
    for (const auto& [rule, lasts] : action.rules) {
      write_rule(json, rule, lasts);
    }
    json.end_array();
    if (action.seed) {
      json.member("seed", *action.seed);
    }
  }
  void operator()(const LiftFaults&) const {}
};

// ---------------------------------------------------------------------------------------------
// Read.

/// The one member of several that must be given; nothing, and a complaint, when it is not one.
std::string_view read_choice(const Fields& fields, std::initializer_list<std::string_view> names) {
  std::string_view given;
  std::size_t count = 0;
  std::string list;
  for (const auto name : names) {
    given = fields.has(name) ? name : given;
    count += fields.has(name) ? 1 : 0;
    list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  }
  if (count != 1) {
    fields.complain("exactly one of " + list + " must be given");
  }
  return count == 1 ? given : std::string_view();
}

std::string read_word(const Fields& fields, std::string_view name) {
  if (!fields.has(name)) {
    return {};
  }
  std::string word(fields.text(name));
  if (word.empty()) {
    fields.complain(name, "must not be empty; leave it out for all");
  }
  return word;
}

FaultShare read_share(const Fields& fields) {
  const auto given = read_choice(fields, {"probability", "every"});
  if (given == "every") {
    const auto n = fields.integer("every");
    return EveryNth{n > 0 ? static_cast<std::uint64_t>(n) : 0};
  }
  return ByProbability{given.empty() ? 1 : fields.real("probability")};
}

FaultEffect read_effect(const Fields& fields) {
  const auto given = read_choice(fields, {"status", "delay_seconds", "cut"});
  if (given == "status") {
    const auto status = fields.integer("status");
    return AnswerStatus{status > 0 && status < 1000 ? static_cast<int>(status) : 0};
  }
  if (given == "delay_seconds") {
    const auto seconds = fields.real("delay_seconds");
    const bool fits =
        seconds >= 0.001 && seconds <= std::chrono::duration<double>(fault_delay_max).count();
    return DelayAnswer{fits ? milliseconds_of(seconds) : Duration(0)};
  }
  if (given == "cut" && !fields.boolean("cut")) {
    fields.complain("cut", "can only be true; leave it out otherwise");
  }
  return CutConnection{};
}

FaultMoment read_moment(const Fields& fields) {
  if (!fields.has("when")) {
    return FaultMoment::before;
  }
  const auto given = fields.text("when");
  if (given != "before" && given != "after") {
    fields.complain("when", "must be before or after: the request is carried out");
  }
  return given == "after" ? FaultMoment::after : FaultMoment::before;
}

std::optional<std::chrono::seconds> read_lasts(const Fields& fields) {
  if (!fields.has("for_seconds")) {
    return std::nullopt;
  }
  if (fields.has("until")) {
    fields.complain(R"(give either "until" or "for_seconds", or neither)");
  }
  const auto lasts = fields.seconds("for_seconds");
  if (lasts < std::chrono::seconds(1) || lasts > fault_lasts_max) {
    fields.complain("for_seconds", "must be 1 to " + std::to_string(fault_lasts_max.count()) +
                                       " (10 years) of simulated time");
  }
  return lasts;
}

AskedFault read_rule(const Fields& fields) {
  AskedFault asked;
  auto& rule = asked.rule;
  rule.name = read_word(fields, "name");
  rule.route = read_word(fields, "route");
  rule.key = read_word(fields, "key");
  rule.share = read_share(fields);
  rule.effect = read_effect(fields);
  rule.moment = read_moment(fields);
  if (fields.has("until")) {
    rule.until = fields.instant("until");
  }
  asked.lasts = read_lasts(fields);
  const auto why = fields.ok() ? out_of_range(rule) : std::nullopt;
  if (why) {
    fields.complain(*why);
  }
  return asked;
}

/// Each rule with mistakes of its own, so that all of them are told at once.
std::vector<AskedFault> read_rules(const Fields& fields) {
  std::vector<AskedFault> rules;
  std::string mistakes;
  const auto elements = fields.array("rules");
  if (elements.size() > fault_rules_max) {
    fields.complain("rules", "must hold at most " + std::to_string(fault_rules_max));
    return rules;
  }
  for (const auto element : elements) {
    std::string mistake;
    simdjson::dom::object object;
    if (element.get(object) == simdjson::SUCCESS) {
      rules.push_back(read_rule(Fields(object, mistake)));
    } else {
      rules.emplace_back();
      mistake = "must be an object";
    }
    if (!mistake.empty()) {
      mistakes += (mistakes.empty() ? "" : "; ") + place_of(rules.size() - 1) + ": " + mistake;
    }
  }
  if (!mistakes.empty()) {
    fields.complain(mistakes);
  }
  return rules;
}

DoorFaults read_faults(const Fields& state) {
  DoorFaults faults;
  for (auto& asked : read_rules(state)) {
    faults.rules.push_back(std::move(asked.rule));
  }
  faults.seed = state.count("seed");
  faults.changed = state.count("changed");
  if (faults.changed > 0) {
    faults.changed_at = state.instant("changed_at");
    faults.changed_by = std::string(state.text("changed_by"));
  }
  if (state.has("last_command")) {
    faults.last_command = read_last_command(state.object("last_command"));
  }
  return faults;
}

}  // namespace

std::string_view to_string(FaultMoment moment) {
  switch (moment) {
    case FaultMoment::before:
      return "before";
    case FaultMoment::after:
      return "after";
  }
  return {};
}

std::string encode(const FaultsEvent& event, const DoorFaults& after) {
  JsonWriter json;
  json.begin_object();
  json.member("type", event_type(event.data));
  write_what_happened<WriteFaultsData>(json, event);
  json.key("state");
  write_faults(json, after);
  json.end_object();
  return json.take();
}

LoggedEvent read_faults_event(const Fields& fields) {
  const auto type = fields.text("type");
  const auto outcome = read_no_change(type, fields);
  if (type != "faults_set" && type != "faults_lifted" && !outcome) {
    return UnknownEvent{std::string(type)};
  }
  FaultsLogged logged;
  auto& [event, state] = logged;
  state = read_faults(fields.object("state"));
  state.version = fields.count("version");
  state.at = fields.instant("at");
  event.version = state.version;
  event.at = state.at;
  event.origin = read_origin(fields);
  const auto& last = state.last_command;
  event.cause = read_cause(fields, last ? std::optional(last->cause) : std::nullopt);
  if (outcome) {
    event.data = data_of<FaultsEventData>(*outcome);
  } else if (type == "faults_set") {
    event.data = FaultsSet{state.rules, state.seed};
  } else {
    event.data = FaultsLifted{};
  }
  return logged;
}

std::string encode_faults_action(const FaultsAction& action) {
  JsonWriter json;
  json.begin_object();
  json.member("type", command_type(action));
  std::visit(WriteFaultsAction{json}, action);
  json.end_object();
  return json.take();
}

SetFaults read_set_faults(const Fields& fields) {
  SetFaults set{.rules = read_rules(fields), .seed = std::nullopt};
  if (fields.ok() && set.rules.empty()) {
    fields.complain("rules", "must hold a rule at least; faults are lifted by DELETE /faults");
  }
  if (fields.has("seed")) {
    const auto seed = fields.integer("seed");
    if (seed < 0 || static_cast<std::uint64_t>(seed) > fault_seed_max) {
      fields.complain("seed", "must be 0 to " + std::to_string(fault_seed_max));
    }
    set.seed = static_cast<std::uint64_t>(seed);
  }
  return set;
}

FaultsAction read_faults_action(const Fields& fields) {
  const auto type = fields.text("type");
  if (type == "lift_faults") {
    return LiftFaults{};
  }
  if (type != "set_faults") {
    fields.complain("type", "of a command for faults must be set_faults or lift_faults");
    return LiftFaults{};
  }
  return read_set_faults(fields);
}

std::optional<std::string> find_unknown_rule_member(const simdjson::dom::object& object) {
  std::size_t index = 0;
  simdjson::dom::array rules;
  if (object["rules"].get(rules) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  for (const auto element : rules) {
    simdjson::dom::object rule;
    const bool is_rule = element.get(rule) == simdjson::SUCCESS;
    if (auto unknown = is_rule ? find_unknown_member(rule, rule_members) : std::nullopt) {
      return place_of(index) + ": " + *unknown;
    }
    ++index;
  }
  return std::nullopt;
}

}  // namespace vsim::messages
