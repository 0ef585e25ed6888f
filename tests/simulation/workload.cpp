#include "tests/simulation/workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>

#include <fmt/format.h>

#include "schema/messages/json_fields.h"
#include "schema/messages/member_names.h"

namespace vsim::simulation {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  double part() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return part() < probability; }
  /// One of the names, by weight.
  std::string one_of(const std::map<std::string, double>& weights) {
    double all = 0;
    for (const auto& [name, weight] : weights) {
      all += weight;
    }
    double left = part() * all;
    for (const auto& [name, weight] : weights) {
      left -= weight;
      if (left < 0) {
        return name;
      }
    }
    return weights.empty() ? std::string() : weights.rbegin()->first;
  }

 private:
  std::mt19937_64 random_;
};

Time seconds(double length) { return Time(static_cast<Time::rep>(length * 1e9)); }

using messages::Fields;
using Numbers = std::map<std::string, double>;

constexpr auto members = std::to_array<std::string_view>(
    {"name", "commands", "clients", "servers", "workers", "addresses", "seconds", "year", "mix",
     "habits", "faults", "chances", "profiles"});
constexpr auto kinds =
    std::to_array<std::string_view>({"create",        "start",           "stop",
                                     "reboot",        "terminate",       "force",
                                     "advance",       "scale",           "extend_pool",
                                     "by_hand",       "poison",          "copy",
                                     "fleet",         "half_create",     "create_again",
                                     "extend_lease",  "lease_by_hand",   "set_faults",
                                     "lift_faults",   "set_incident",    "lift_incident",
                                     "set_warm_pool", "drain_warm_pool", "acquire",
                                     "release",       "warm_by_hand"});
constexpr auto known_habits =
    std::to_array<std::string_view>({"keyed", "async", "repeat", "if_match", "leased"});
constexpr auto known_faults = std::to_array<std::string_view>(
    {"kill_worker", "stop_worker", "freeze_worker", "kill_api", "crash_broker", "lose_link",
     "purge", "pause_consumer", "remake_consumer", "hasty_consumer", "remake_queue", "rebuild",
     "older_log", "database_away", "log_refuses", "wrong_clock"});
constexpr auto known_chances =
    std::to_array<std::string_view>({"request_lost", "answer_lost", "slow", "delayed", "stalled",
                                     "repeated", "doubled", "database_fails"});
constexpr std::uint64_t count_max = 1'000'000;  // of anything in a run
constexpr double seconds_max = 1e6;             // over which a run is spread
constexpr std::uint64_t year_min = 1970;
constexpr std::uint64_t year_max = 9000;  // what runs for years must end before 10,000

// The names in that member, with their numbers; none where it is not there.
Numbers numbers_of(const Fields& root, std::string_view member, messages::Names known,
                   double most) {
  Numbers numbers;
  if (!root.has(member)) {
    return numbers;
  }
  const auto within = root.object(member);
  if (!known.empty()) {
    if (auto wrong = messages::find_unknown_member(within.raw(), known)) {
      root.complain(member, "has a mistake: " + *wrong);
    }
  }
  for (const auto [key, value] : within.raw()) {
    const auto number = within.real(key);
    if (!(number >= 0 && number <= most)) {
      within.complain(key, fmt::format("must be from 0 to {}", most));
    }
    numbers[std::string(key)] = number;
  }
  return numbers;
}

std::uint64_t count_of(const Fields& root, std::string_view member, std::uint64_t otherwise,
                       std::uint64_t least, std::uint64_t most) {
  if (!root.has(member)) {
    return otherwise;
  }
  const auto count = root.count(member);
  if (count < least || count > most) {
    root.complain(member, fmt::format("must be from {} to {}", least, most));
  }
  return count;
}

bool has_weight(const Numbers& weights) {
  return std::any_of(weights.begin(), weights.end(),
                     [](const auto& one) { return one.second > 0; });
}

Workload workload_of(const Fields& root) {
  if (auto wrong = messages::find_unknown_member(root.raw(), members)) {
    root.complain(std::move(*wrong));
  }
  Workload workload;
  workload.name = root.text("name");
  workload.commands = count_of(root, "commands", workload.commands, 0, count_max);
  workload.clients = count_of(root, "clients", workload.clients, 1, count_max);
  workload.servers = count_of(root, "servers", workload.servers, 1, count_max);
  workload.workers = count_of(root, "workers", workload.workers, 1, count_max);
  workload.addresses = count_of(root, "addresses", workload.addresses, 1, count_max);
  workload.year = static_cast<int>(count_of(root, "year", 0, year_min, year_max));
  if (root.has("seconds")) {
    workload.seconds = root.real("seconds");
  }
  if (!(workload.seconds > 0 && workload.seconds <= seconds_max)) {
    root.complain("seconds", fmt::format("must be above 0, and {} at most", seconds_max));
  }
  workload.mix = numbers_of(root, "mix", kinds, count_max);
  workload.habits = numbers_of(root, "habits", known_habits, 1);
  workload.faults = numbers_of(root, "faults", known_faults, count_max);
  workload.chances = numbers_of(root, "chances", known_chances, 1);
  workload.profiles = numbers_of(root, "profiles", {}, count_max);
  if (!has_weight(workload.mix) || !has_weight(workload.profiles)) {
    root.complain("mix and profiles need a weight above 0 each");
  }
  return workload;
}

/// Mostly short, now and then minutes, hours or a week.
Time length_of(Dice& dice) {
  const double scale[] = {0.3, 1, 3, 10, 40, 3600, 604800};
  const auto place = dice.below(100);
  const auto which = place < 30   ? 0
                     : place < 55 ? 1
                     : place < 75 ? 2
                     : place < 87 ? 3
                     : place < 95 ? 4
                     : place < 98 ? 5
                                  : 6;
  return seconds(scale[which] * (0.3 + dice.part()));
}

double chance_of(const std::map<std::string, double>& chances, const char* name) {
  const auto found = chances.find(name);
  return found == chances.end() ? 0 : found->second;
}

}  // namespace

tl::expected<Workload, std::string> read_workload(const std::string& file) {
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  std::string error;
  if (!stream) {
    return tl::unexpected(file + ": cannot be read");
  }
  const auto root = messages::parse_object(text, error);
  if (!root) {
    return tl::unexpected(file + ": " + error);
  }
  if (auto twice = messages::find_double(*root)) {
    return tl::unexpected(file + ": " + *twice);
  }
  auto workload = workload_of(Fields(*root, error));
  if (!error.empty()) {
    return tl::unexpected(file + ": " + error);
  }
  return workload;
}

Plan make_plan(const Workload& workload, std::uint64_t seed) {
  Dice dice(seed * 2654435761ULL + 17);
  Plan plan;
  for (std::size_t i = 0; i < workload.commands; ++i) {
    PlannedCommand command;
    command.at = seconds(workload.seconds * dice.part());
    command.client = dice.below(workload.clients);
    command.kind = dice.one_of(workload.mix);
    command.server = dice.below(workload.servers);
    command.profile = dice.one_of(workload.profiles);
    command.keyed = dice.chance(chance_of(workload.habits, "keyed"));
    command.waits = !dice.chance(chance_of(workload.habits, "async"));
    command.repeats = dice.chance(chance_of(workload.habits, "repeat"));
    command.matches = dice.chance(chance_of(workload.habits, "if_match"));
    command.number = dice.below(1'000'000);
    // Workloads without it keep the histories that they had.
    const auto leased = chance_of(workload.habits, "leased");
    command.leased = leased > 0 && dice.chance(leased);
    plan.commands.push_back(std::move(command));
  }
  for (const auto& [kind, average] : workload.faults) {
    // As many as there would be of an even chance in each moment: exponential gaps.
    double at = 0;
    while (average > 0) {
      at += -std::log(1 - dice.part()) * workload.seconds / average;
      if (at >= workload.seconds) {
        break;
      }
      plan.faults.push_back({.at = seconds(at),
                             .kind = kind,
                             .whom = dice.below(1000),
                             .length = length_of(dice),
                             .number = dice.below(1'000'000)});
    }
  }
  const auto earlier = [](const auto& one, const auto& other) { return one.at < other.at; };
  std::stable_sort(plan.commands.begin(), plan.commands.end(), earlier);
  std::stable_sort(plan.faults.begin(), plan.faults.end(), earlier);
  return plan;
}

}  // namespace vsim::simulation
