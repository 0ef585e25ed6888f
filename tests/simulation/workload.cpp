#include "tests/simulation/workload.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <simdjson.h>

namespace vsim::simulation {
namespace {

namespace dom = simdjson::dom;

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

std::map<std::string, double> numbers_of(const dom::element& root, std::string_view member) {
  std::map<std::string, double> numbers;
  dom::object object;
  if (root[member].get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) {
      numbers[std::string(key)] = double(value);
    }
  }
  return numbers;
}

void take(const dom::element& root, std::string_view member, std::size_t& value) {
  std::uint64_t found = 0;
  if (root[member].get(found) == simdjson::SUCCESS) {
    value = found;
  }
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
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.load(file).get(root); error != simdjson::SUCCESS) {
    return tl::unexpected(file + ": " + simdjson::error_message(error));
  }
  Workload workload;
  std::string_view name;
  if (root["name"].get(name) == simdjson::SUCCESS) {
    workload.name = name;
  }
  take(root, "commands", workload.commands);
  take(root, "clients", workload.clients);
  take(root, "servers", workload.servers);
  take(root, "workers", workload.workers);
  take(root, "addresses", workload.addresses);
  std::size_t year = 0;
  take(root, "year", year);
  workload.year = static_cast<int>(year);
  double length = 0;
  if (root["seconds"].get(length) == simdjson::SUCCESS) {
    workload.seconds = length;
  }
  workload.mix = numbers_of(root, "mix");
  workload.habits = numbers_of(root, "habits");
  workload.faults = numbers_of(root, "faults");
  workload.chances = numbers_of(root, "chances");
  workload.profiles = numbers_of(root, "profiles");
  if (workload.mix.empty() || workload.profiles.empty() || workload.clients == 0 ||
      workload.servers == 0 || workload.workers == 0) {
    return tl::unexpected(file + ": needs mix, profiles, clients, servers and workers");
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
