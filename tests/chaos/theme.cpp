#include "tests/chaos/theme.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/harness/child_process.h"
#include "tests/harness/json.h"

namespace chaos {
namespace {

using harness::Json;

const std::set<std::string> kind_names{"kill", "stop", "link", "clock", "expire"};
const std::set<std::string> parts{"api", "worker-0", "worker-1", "broker", "postgres"};
const std::set<std::string> with_own_clock{"api", "worker-0", "worker-1"};
const std::set<std::string> with_certificate{"api", "broker", "postgres"};
const std::set<std::string> links{"client-api",       "api-broker",      "api-postgres",
                                  "worker-0-broker",  "worker-1-broker", "worker-0-postgres",
                                  "worker-1-postgres"};
const std::set<std::string> link_faults{"refuse", "cut", "stall", "swallow", "delay", "slice"};

constexpr int draws_max = 20;  // until a fault finds somebody whom none has struck yet

[[noreturn]] void wrong(const std::string& what) { throw std::runtime_error("theme: " + what); }

/// Numbers that a generator's engine gives in the same order everywhere.
double draw(std::mt19937_64& dice, const Range& range) {
  const double share = static_cast<double>(dice() >> 11) / static_cast<double>(1ULL << 53);
  return range.from + share * (range.to - range.from);
}

template <typename Values>
const auto& draw_one(std::mt19937_64& dice, const Values& values) {
  return values[dice() % values.size()];
}

Range range_of(const Json& value) {
  const Range range{value.at(0).number(), value.at(1).number()};
  if (value.size() != 2 || range.to < range.from) {
    wrong("a range is [least, most]");
  }
  return range;
}

std::vector<std::string> names_of(const Json& values, const std::set<std::string>& known,
                                  const std::string& kind) {
  std::vector<std::string> names;
  for (const Json& value : values.elements()) {
    names.push_back(value.text());
    if (known.count(names.back()) == 0) {
      wrong(fmt::format("a fault of the kind {} knows no {}, but {}", kind, names.back(),
                        fmt::join(known, ", ")));
    }
  }
  return names;
}

/// Whom a kind of fault can strike.
const std::set<std::string>& whom_of(const std::string& kind) {
  return kind == "link"     ? links
         : kind == "clock"  ? with_own_clock
         : kind == "expire" ? with_certificate
                            : parts;
}

Kind kind_of(const Json& object) {
  Kind kind;
  kind.name = object["kind"].text();
  if (kind_names.count(kind.name) == 0) {
    wrong("there is no kind of fault " + kind.name);
  }
  for (const auto& [name, value] : object.members()) {
    if (name == "weight") {
      kind.weight = value.number();
    } else if (name == "whom") {
      kind.whom = names_of(value, whom_of(kind.name), kind.name);
    } else if (name == "how") {
      kind.how = names_of(value, link_faults, kind.name);
    } else if (name == "seconds") {
      kind.seconds = range_of(value);
    } else if (name == "amount") {
      kind.amount = range_of(value);
    } else if (name != "kind") {
      wrong("a fault has no member " + name);
    }
  }
  if (kind.whom.empty() || (kind.name == "link") == kind.how.empty()) {
    wrong("a fault of the kind " + kind.name + " does not say whom, or how");
  }
  return kind;
}

const Kind& draw_kind(const Theme& theme, std::mt19937_64& dice) {
  double sum = 0;
  for (const Kind& kind : theme.kinds) {
    sum += kind.weight;
  }
  double left = draw(dice, {0, sum});
  for (const Kind& kind : theme.kinds) {
    left -= kind.weight;
    if (left < 0) {
      return kind;
    }
  }
  return theme.kinds.back();
}

Milliseconds milliseconds(double seconds) {
  return Milliseconds(static_cast<long>(seconds * 1000));
}

Fault draw_fault(const Theme& theme, std::mt19937_64& dice) {
  const Kind& kind = draw_kind(theme, dice);
  Fault fault;
  fault.begins = milliseconds(draw(dice, {0, theme.episode_seconds}));
  fault.lasts = milliseconds(draw(dice, kind.seconds));
  fault.kind = kind.name;
  fault.whom = draw_one(dice, kind.whom);
  fault.amount = draw(dice, kind.amount);
  if (!kind.how.empty()) {
    fault.how = draw_one(dice, kind.how);
  }
  return fault;
}

/// A moment lies between two faults of one part, so that each is seen to end.
bool collide(const Fault& one, const Fault& other) {
  constexpr Milliseconds between{200};
  return one.whom == other.whom && one.begins < other.begins + other.lasts + between &&
         other.begins < one.begins + one.lasts + between;
}

}  // namespace

Theme read_theme(const std::string& path) {
  const Json file = Json::parse(harness::read_file(path));
  Theme theme;
  theme.name = file["name"].text();
  for (const auto& [name, value] : file.members()) {
    if (name == "tls") {
      theme.tls = value.boolean();
    } else if (name == "clients") {
      theme.clients = static_cast<std::size_t>(value.integer());
    } else if (name == "ack_wait_seconds") {
      theme.ack_wait_seconds = static_cast<int>(value.integer());
    } else if (name == "episode_seconds") {
      theme.episode_seconds = value.number();
    } else if (name == "faults_max") {
      theme.faults_max = static_cast<std::size_t>(value.integer());
    } else if (name == "faults") {
      for (const Json& fault : value.elements()) {
        theme.kinds.push_back(kind_of(fault));
      }
    } else if (name != "name") {
      wrong("there is no member " + name);
    }
  }
  if (theme.kinds.empty() || theme.faults_max == 0) {
    wrong(path + " holds no faults");
  }
  for (const Kind& kind : theme.kinds) {
    if (kind.name == "expire" && !theme.tls) {
      wrong(path + " has certificates expire, and no tls");
    }
  }
  return theme;
}

std::vector<Fault> draw_episode(const Theme& theme, std::mt19937_64& dice) {
  std::vector<Fault> faults;
  const std::size_t wanted = 1 + dice() % theme.faults_max;
  for (int i = 0; i < draws_max && faults.size() < wanted; ++i) {
    const Fault fault = draw_fault(theme, dice);
    if (std::none_of(faults.begin(), faults.end(),
                     [&](const Fault& other) { return collide(fault, other); })) {
      faults.push_back(fault);
    }
  }
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Fault& one, const Fault& other) { return one.begins < other.begins; });
  return faults;
}

std::string describe(const Fault& fault) {
  const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1000; };
  std::string text = fmt::format("{:.3f} s: {} {}", seconds(fault.begins), fault.kind, fault.whom);
  if (!fault.how.empty()) {
    text += " " + fault.how;
  }
  if (fault.amount != 0) {
    text += fmt::format(" by {:.0f}", fault.amount);
  }
  return text + fmt::format(" for {:.3f} s", seconds(fault.lasts));
}

}  // namespace chaos
