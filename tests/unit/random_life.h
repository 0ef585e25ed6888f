#pragma once

// Random lives of a server, decided by the rules: commands at any time, several at one instant,
// also those that are refused; late ticks of the timekeeper; delays, terms and idle timeouts of any
// kind. For properties that must hold for every life. The same random numbers give the same life.

#include <algorithm>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "domain/server.h"

namespace vsim::fixture {

using Dice = std::mt19937_64;

/// An event and the state after it.
struct Lived {
  Event event;
  State state;
};

struct RandomLife {
  ServerId id;
  Region region;
  std::vector<Lived> events;  // the first one makes the server

  const State& last() const { return events.back().state; }
  const Blueprint& blueprint() const { return last().server->blueprint; }
  const BillingPolicy& policy() const { return blueprint().terms.billing; }
};

inline std::int64_t one_of(Dice& dice, std::initializer_list<std::int64_t> values) {
  return values.begin()[dice() % values.size()];
}

inline Delay random_delay(Dice& dice) {
  if (dice() % 3 != 0) {
    return FixedDelay{Duration(one_of(dice, {0, 0, 1, 999, 3000, 70'000}))};
  }
  return UniformDelay{Duration(0), Duration(one_of(dice, {2, 1500, 60'000}))};
}

// One way for a transition mostly; now and then several, of which some do not end as meant.
inline Courses random_courses(Dice& dice, Transition transition, bool instant) {
  Courses courses{instant ? Delay(FixedDelay{}) : random_delay(dice)};
  for (auto left = dice() % 4 == 0 ? 3 : 0; left > 0; --left) {
    Course course{instant ? Delay(FixedDelay{}) : random_delay(dice)};
    const auto ending = static_cast<Ending>(left == 1 ? 0 : dice() % 4);
    if (may_end(transition, ending)) {
      course.ending = ending;
    }
    if (course.ending == Ending::failed || course.ending == Ending::terminated) {
      course.code = "by_chance";
      course.detail = "the dice fell so";
    }
    courses.several.push_back(std::move(course));
  }
  return courses;
}

inline std::vector<Risk> random_risks(Dice& dice) {
  std::vector<Risk> risks;
  for (std::size_t i = 0; i < hazard_count; ++i) {
    if (dice() % 4 == 0) {
      const auto longest = Duration(one_of(dice, {1, 5000, 3'600'000}));
      risks.push_back({.hazard = static_cast<Hazard>(i),
                       .after = ExponentialDelay{longest, longest},
                       .lasting = random_delay(dice),
                       .becomes = dice() % 2 == 0 ? Status::stopped : Status::failed});
    }
  }
  return risks;
}

inline Catalogue random_catalogue(Dice& dice, const Region& region) {
  LifecycleProfile profile;
  profile.name = "any";
  const bool instant = dice() % 4 == 0;
  for (std::size_t i = 0; i < transition_count; ++i) {
    profile.courses[i] = random_courses(dice, static_cast<Transition>(i), instant);
  }
  profile.risks = random_risks(dice);
  profile.create_ends_in = dice() % 4 == 0 ? Status::stopped : Status::running;
  profile.idle_timeout = Duration(one_of(dice, {0, 0, 5000, 1'800'000}));
  const auto bills = [&](Status status, bool yes) {
    profile.billing.billable[static_cast<std::size_t>(status)] = yes;
  };
  bills(Status::running, true);
  bills(Status::rebooting, dice() % 4 != 0);
  bills(Status::pending, dice() % 8 == 0);
  bills(Status::stopping, dice() % 8 == 0);
  bills(Status::stopped, dice() % 16 == 0);
  profile.billing.granularity = std::chrono::seconds(one_of(dice, {1, 1, 1, 60, 3600}));
  profile.billing.minimum = std::chrono::seconds(one_of(dice, {0, 0, 60, 61, 600}));
  Catalogue made;
  made.regions[region] = {};
  made.profiles["any"] = profile;
  made.default_profile = "any";
  made.instance_types["small"] = HourlyRate{100};
  made.instance_types["odd"] = HourlyRate{333};
  return made;
}

inline Duration random_lease(Dice& dice) {
  return std::chrono::seconds(one_of(dice, {1, 60, 3600, 86'400, 90'000}));
}

inline Action random_action(Dice& dice) {
  const auto roll = dice() % 32;
  if (roll < 11) {
    return Stop{};
  }
  if (roll < 22) {
    return Start{};
  }
  if (roll < 30) {
    return Reboot{};
  }
  if (roll < 31) {
    return dice() % 2 == 0 ? Terminate{} : Terminate{"by chance"};
  }
  if (dice() % 2 == 0) {
    return ExtendLease{random_lease(dice)};
  }
  return Create{"again", "small", {}, {}, std::nullopt};
}

inline Duration random_pause(Dice& dice) {
  const auto most = one_of(dice, {0, 1, 1, 999, 2000, 60'000, 3'600'000, 100'000'000});
  if (dice() % 4 == 0) {
    return Duration(one_of(dice, {1000, 60'000, 3'600'000, 86'400'000}));
  }
  return Duration(static_cast<std::int64_t>(dice() % (static_cast<std::uint64_t>(most) + 1)));
}

/// `id` also tells the life's commands from those of others.
inline RandomLife random_life(Dice& dice, const ServerId& id, const Region& region, Instant begin) {
  RandomLife life{id, region, {}};
  const Catalogue catalogue = random_catalogue(dice, region);
  const Context context{catalogue, dice(), Ipv4{static_cast<std::uint32_t>(dice())}};
  State state;
  StreamSequence sequence = 0;
  Instant now = begin;
  const auto live = [&](const std::vector<Event>& events) {
    for (const Event& event : events) {
      state = evolve(std::move(state), event);
      life.events.push_back({event, state});
    }
  };
  const auto ask = [&](Action action) {
    Command command;
    command.id.uuid = id.uuid;
    command.id.uuid.bytes[0] = 0xCC;
    command.id.uuid.bytes[1] = static_cast<std::uint8_t>(++sequence);
    command.sequence = sequence;
    command.origin = {"api", {}};
    command.region = region;
    command.server = id;
    command.action = std::move(action);
    live(decide(state, command, now, context).events);
  };
  Create create{"web", dice() % 2 == 0 ? "small" : "odd", {}, {}, std::nullopt};
  if (dice() % 4 == 0) {
    create.lease = std::chrono::seconds(one_of(dice, {1, 60, 3600, 86'400}));
  }
  ask(create);
  for (auto steps = 2 + dice() % 30; steps > 0; --steps) {
    now += random_pause(dice);
    if (dice() % 4 == 0) {
      live(decide_due(id, region, state, now));
    } else {
      ask(random_action(dice));
    }
  }
  return life;
}

/// The billing periods by the simplest rule: one begins where a billable status follows one that is
/// not, and ends where the reverse happens.
inline std::vector<BillingPeriod> periods_of(const RandomLife& life) {
  std::vector<BillingPeriod> periods;
  bool billed = false;
  for (const Lived& lived : life.events) {
    const bool bills = life.policy().bills(lived.state.server->status);
    if (bills && !billed) {
      periods.push_back({lived.event.at, std::nullopt});
    }
    if (!bills && billed) {
      periods.back().ended = lived.event.at;
    }
    billed = bills;
  }
  return periods;
}

/// Instants worth testing: those of the events, just before and after them, and some others.
inline std::vector<Instant> moments_of(const RandomLife& life, Dice& dice) {
  std::vector<Instant> moments;
  const Instant begin = life.events.front().event.at;
  const Instant end = life.events.back().event.at + std::chrono::hours(2);
  for (const Lived& lived : life.events) {
    for (const int off : {-1, 0, 1}) {
      moments.push_back(lived.event.at + Duration(off));
    }
  }
  const auto length = static_cast<std::uint64_t>((end - begin).count());
  for (int i = 0; i < 10; ++i) {
    moments.push_back(begin + Duration(static_cast<std::int64_t>(dice() % length)));
  }
  moments.push_back(end);
  std::sort(moments.begin(), moments.end());
  return moments;
}

}  // namespace vsim::fixture
