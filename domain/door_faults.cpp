#include "domain/door_faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/chance.h"

namespace vsim {
namespace {

constexpr std::array<int, 5> statuses = {429, 500, 502, 503, 504};
constexpr std::array<std::string_view, 4> spared_paths = {"/faults", "/healthz", "/metrics",
                                                          "/readyz"};

std::string up_to(std::uint64_t most) { return std::to_string(most); }

std::string seconds_text(Duration span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count());
}

bool is_name(std::string_view text) {
  constexpr std::string_view others = "._-@";
  const auto may_stand = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  };
  return std::all_of(text.begin(), text.end(), may_stand);
}

/// "METHOD /path", in characters that routes have.
bool has_form_of_route(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == 0 || blank == std::string_view::npos || !text.substr(blank + 1).starts_with('/')) {
    return false;
  }
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_printable = [](char c) { return c > ' ' && c <= '~'; };
  const auto method = text.substr(0, blank);
  const auto path = text.substr(blank + 1);
  return std::all_of(method.begin(), method.end(), is_capital) &&
         std::all_of(path.begin(), path.end(), is_printable);
}

struct ShareOutOfRange {
  std::optional<std::string> operator()(const ByProbability& share) const {
    if (share.share > 0 && share.share <= 1) {
      return std::nullopt;
    }
    return "\"probability\" must be above 0 and at most 1: the share of requests";
  }
  std::optional<std::string> operator()(const EveryNth& every) const {
    if (every.n >= 1 && every.n <= fault_every_max) {
      return std::nullopt;
    }
    return "\"every\" must be 1 to " + up_to(fault_every_max) + ": every Nth request";
  }
};

struct EffectOutOfRange {
  std::optional<std::string> operator()(const AnswerStatus& effect) const {
    if (std::find(statuses.begin(), statuses.end(), effect.status) != statuses.end()) {
      return std::nullopt;
    }
    return "\"status\" must be 429, 500, 502, 503 or 504";
  }
  std::optional<std::string> operator()(const DelayAnswer& effect) const {
    if (effect.by > Duration(0) && effect.by <= fault_delay_max) {
      return std::nullopt;
    }
    return "\"delay_seconds\" must be 0.001 to " + seconds_text(fault_delay_max);
  }
  std::optional<std::string> operator()(const CutConnection&) const { return std::nullopt; }
};

std::optional<std::string> text_out_of_range(const FaultRule& rule) {
  if (rule.name.size() > fault_name_characters_max || !is_name(rule.name)) {
    return "\"name\" must be 1 to " + up_to(fault_name_characters_max) +
           " letters, digits and . _ - @";
  }
  if (rule.key.size() > fault_key_characters_max || !is_name(rule.key)) {
    return R"("key" must be the name of a key, not the key: 1 to )" +
           up_to(fault_key_characters_max) + " letters, digits and . _ - @";
  }
  if (rule.route.empty()) {
    return std::nullopt;
  }
  if (rule.route.size() > fault_route_characters_max || !has_form_of_route(rule.route)) {
    return R"("route" must be a method and a path as the API's routes have them, such as )"
           R"("POST /servers" or "GET /servers/{id}")";
  }
  if (is_spared(rule.route)) {
    return "\"route\" must not be " + rule.route +
           ": /faults, /healthz, /readyz and /metrics never have faults";
  }
  return std::nullopt;
}

/// The rules as they hold from `now` on; a sentence where one would end before.
std::optional<std::string> settle(const SetFaults& asked, Instant now,
                                  std::vector<FaultRule>& rules) {
  for (const auto& [rule, lasts] : asked.rules) {
    rules.push_back(rule);
    if (lasts) {
      rules.back().until = now + *lasts;
    }
    if (!rules.back().in_force_at(now)) {
      return "rules[" + std::to_string(rules.size() - 1) +
             R"(]: "until" has passed, in simulated time; give a later one, or "for_seconds")";
    }
  }
  return std::nullopt;
}

FaultsEvent next_event(const DoorFaults& faults, const CommandSummary& command,
                       FaultsEventData data, Instant now) {
  return {.version = faults.version + 1,
          .at = std::max(now, faults.at),
          .cause = command.cause,
          .origin = command.origin,
          .data = std::move(data)};
}

struct ApplyToFaults {
  DoorFaults& faults;
  const FaultsEvent& event;

  void change(std::vector<FaultRule> rules, std::uint64_t seed) const {
    faults.rules = std::move(rules);
    faults.seed = seed;
    faults.changed = event.version;
    faults.changed_at = event.at;
    faults.changed_by = event.origin.actor;
  }
  void operator()(const FaultsSet& set) const { change(set.rules, set.seed); }
  void operator()(const FaultsLifted&) const { change({}, 0); }
  void operator()(const CommandRejected&) const {}
  void operator()(const CommandPurged&) const {}
  void operator()(const CommandDeadLettered&) const {}
};

}  // namespace

bool is_spared(std::string_view route) {
  const auto path = route.substr(std::min(route.find(' '), route.size() - 1) + 1);
  return std::find(spared_paths.begin(), spared_paths.end(), path) != spared_paths.end();
}

std::optional<std::string> out_of_range(const FaultRule& rule) {
  if (auto why = text_out_of_range(rule)) {
    return why;
  }
  if (auto why = std::visit(ShareOutOfRange{}, rule.share)) {
    return why;
  }
  return std::visit(EffectOutOfRange{}, rule.effect);
}

bool strikes(const FaultRule& rule, std::uint64_t seed, std::uint64_t number, std::uint64_t n) {
  if (const auto* every = std::get_if<EveryNth>(&rule.share)) {
    return n % every->n == 0;
  }
  const auto bits = mix(mix(mix(seed) ^ number) ^ n);
  return unit(bits) < std::get<ByProbability>(rule.share).share;
}

std::string label_of(const FaultRule& rule, std::uint64_t number) {
  return rule.name.empty() ? std::to_string(number) : rule.name;
}

CommandSummary summary_of(const FaultsCommand& command) {
  return {.region = std::nullopt,
          .server = std::nullopt,
          .cause = cause_of(command),
          .origin = command.origin};
}

Decision<FaultsEvent> decide(const DoorFaults& faults, const FaultsCommand& command, Instant now,
                             std::uint64_t clock_seed) {
  if (auto past = verdict_of_the_past(faults.last_command, command)) {
    return {{}, std::move(*past)};
  }
  const auto summary = summary_of(command);
  now = std::max(now, faults.at);
  const auto* set = std::get_if<SetFaults>(&command.action);
  if (set == nullptr) {
    return {{next_event(faults, summary, FaultsLifted{}, now)}, Succeeded{}};
  }
  FaultsSet rules{{}, set->seed.value_or(clock_seed)};
  if (auto why = settle(*set, now, rules.rules)) {
    const Rejection passed{RejectionCode::invalid_transition, std::move(*why)};
    return {{next_event(faults, summary, CommandRejected{passed}, now)}, passed};
  }
  return {{next_event(faults, summary, std::move(rules), now)}, Succeeded{}};
}

std::optional<FaultsEvent> decide_outcome(const DoorFaults& faults, const CommandSummary& command,
                                          NoChange outcome, Instant now) {
  if (has_outcome(faults.last_command, command.cause)) {
    return std::nullopt;
  }
  return next_event(faults, command, data_of<FaultsEventData>(std::move(outcome)), now);
}

DoorFaults evolve(DoorFaults faults, const FaultsEvent& event) {
  faults.version = event.version;
  faults.at = event.at;
  record_command(faults.last_command, event);
  std::visit(ApplyToFaults{faults, event}, event.data);
  return faults;
}

}  // namespace vsim
