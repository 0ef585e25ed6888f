// Goal: whatever a server's life, its bill is the fold of its periods, at any instant, by any tick,
// and never more than what it ran for. Method: thousands of random lives, decided by the rules;
// their bills against periods found by a plain rule.

#include <doctest/doctest.h>

#include "tests/harness/seed.h"
#include "tests/unit/random_life.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr int lives = 3000;

// Runs `check` with the dice and a life of each of many seeds.
template <typename Check>
void for_many_lives(Check&& check) {
  const auto first_seed = harness::test_seed();
  for (std::uint64_t i = 0; i < lives; ++i) {
    const auto seed = first_seed + i;
    CAPTURE(seed);
    Dice dice(seed);
    check(random_life(dice, the_server, the_region, at(0)), dice);
  }
}

// The bill as the events up to a moment made it; those at the moment itself count or do not.
Bill bill_up_to(const RandomLife& life, Instant moment, bool with_it) {
  Bill bill;
  for (const Lived& lived : life.events) {
    if (lived.event.at < moment || (with_it && lived.event.at == moment)) {
      bill = lived.state.server->bill;
    }
  }
  return bill;
}

// What the periods come to if they are looked at by a moment.
seconds fold_of_periods(const RandomLife& life, Instant moment) {
  seconds sum{0};
  for (const BillingPeriod& period : periods_of(life)) {
    if (period.began > moment) {
      continue;
    }
    const auto end = std::min(moment, period.ended.value_or(moment));
    sum += billed_seconds(life.policy(), end - period.began);
  }
  return sum;
}

seconds billed_in(const RandomLife& life, Instant from, Instant to) {
  seconds sum{0};
  for (const BillingPeriod& period : periods_of(life)) {
    const auto part = billed_between(life.policy(), period, from, to);
    REQUIRE(part >= seconds(0));
    sum += part;
  }
  return sum;
}

// A server of one period after the other, from fixture seconds.
struct Walk {
  BillingPolicy policy = catalogue().profiles.at("standard").billing;
  Bill bill = {};
  std::vector<BillingPeriod> periods = {};

  Walk& start(Instant when) {
    bill = bill_after(bill, policy, Status::running, when);
    periods.push_back({when, std::nullopt});
    return *this;
  }
  Walk& stop(Instant when) {
    bill = bill_after(bill, policy, Status::stopping, when);
    periods.back().ended = when;
    return *this;
  }
  seconds between(Instant from, Instant to) const {
    seconds sum{0};
    for (const auto& period : periods) {
      sum += billed_between(policy, period, from, to);
    }
    return sum;
  }
};

}  // namespace

TEST_CASE("lives by chance meet every status, periods of no length and commands refused") {
  std::array<int, status_count> met{};
  int no_length = 0;
  int refused = 0;
  int terminated_while_running = 0;
  for_many_lives([&](const RandomLife& life, Dice&) {
    for (const Lived& lived : life.events) {
      ++met[static_cast<std::size_t>(lived.state.server->status)];
      refused += std::holds_alternative<CommandRejected>(lived.event.data) ? 1 : 0;
      const auto* end = std::get_if<ServerTerminated>(&lived.event.data);
      terminated_while_running += end != nullptr && end->from == Status::running ? 1 : 0;
    }
    for (const BillingPeriod& period : periods_of(life)) {
      no_length += period.ended == period.began ? 1 : 0;
    }
  });
  for (const int times : met) {
    CHECK(times > 100);
  }
  CHECK(no_length > 10);
  CHECK(refused > 100);
  CHECK(terminated_while_running > 10);
}

TEST_CASE("settled and open together are the fold of the periods, at any instant") {
  for_many_lives([](const RandomLife& life, Dice& dice) {
    for (const Instant moment : moments_of(life, dice)) {
      CAPTURE(moment.time_since_epoch().count());
      const auto bill = bill_up_to(life, moment, true);
      REQUIRE(billed_total(bill, life.policy(), moment) == fold_of_periods(life, moment));
      // What a watermark says counts up to it, and nothing that is at it.
      const auto before = bill_up_to(life, moment, false);
      REQUIRE(accrued(before, life.policy(), moment) == billed_in(life, Instant::min(), moment));
    }
  });
}

TEST_CASE("the bill is the same for any length of the tick") {
  for_many_lives([](const RandomLife& life, Dice& dice) {
    const Instant begin = life.events.front().event.at - Duration(1);
    const Instant end = life.events.back().event.at + hours(1);
    const auto whole = billed_total(life.last().server->bill, life.policy(), end);
    REQUIRE(billed_in(life, begin, end) == whole);
    const auto ticks = static_cast<std::int64_t>(1 + dice() % 40);
    const Duration tick = (end - begin) / ticks + Duration(1);
    seconds sum{0};
    Instant from = begin;
    while (from < end) {
      const Instant to = std::min(end, from + (dice() % 3 == 0 ? tick / 3 + Duration(1) : tick));
      sum += billed_in(life, from, to);
      REQUIRE(sum == billed_in(life, begin, to));
      from = to;
    }
    REQUIRE(sum == whole);
  });
}

TEST_CASE("a bill is never negative, never falls, and never runs ahead of the wall") {
  for_many_lives([](const RandomLife& life, Dice& dice) {
    const auto& policy = life.policy();
    seconds shown{0};
    seconds accrued_before{0};
    for (const Instant moment : moments_of(life, dice)) {
      CAPTURE(moment.time_since_epoch().count());
      const auto total = billed_total(bill_up_to(life, moment, true), policy, moment);
      REQUIRE(total >= shown);
      shown = total;
      const auto billed = accrued(bill_up_to(life, moment, false), policy, moment);
      REQUIRE(billed >= accrued_before);
      REQUIRE(billed <= total);
      accrued_before = billed;

      // Each period may round up by less than a grain, or up to the minimum.
      Duration ran{0};
      Duration beyond{0};
      for (const BillingPeriod& period : periods_of(life)) {
        if (period.began > moment) {
          continue;
        }
        const auto length = std::min(moment, period.ended.value_or(moment)) - period.began;
        ran += length;
        beyond += std::max<Duration>(policy.granularity - Duration(1), policy.minimum - length);
      }
      REQUIRE(ran <= std::max(Duration(0), moment - life.events.front().event.at));
      REQUIRE(total <= ran + beyond);
      REQUIRE(total >= ran);
    }
  });
}

TEST_CASE("an hour at 0.01 in 60 ticks is exactly 0.01 USD, and so is any other cut of it") {
  const auto walk = Walk{}.start(at(0) + Duration(1)).stop(at(3600) + Duration(1));
  for (const int ticks : {1, 7, 59, 60, 61, 3599, 3601}) {
    CAPTURE(ticks);
    Cost sum;
    for (int i = 0; i <= ticks; ++i) {
      const auto border = [&](int n) { return at(0) + Duration(3'600'000LL * n / ticks); };
      const auto part = walk.between(border(i), i == ticks ? at(4000) : border(i + 1));
      sum.rate_seconds += cost_of(HourlyRate{100}, part).rate_seconds;
    }
    CHECK(sum.rate_seconds * 100 == 36'000'000);  // 1/36,000,000 USD each
  }
}

TEST_CASE("a period over a month's border is cut at it, and the months add up") {
  const Instant april = std::chrono::sys_days(std::chrono::year(2026) / 4 / 1);
  const Instant march = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  const Instant may = std::chrono::sys_days(std::chrono::year(2026) / 5 / 1);
  auto walk = Walk{}.start(april - minutes(10)).stop(april + minutes(20));
  CHECK(walk.between(march, april) == minutes(10));
  CHECK(walk.between(april, may) == minutes(20));
  // A second that the border cuts is billed before it; the minimum belongs to the beginning.
  walk = Walk{}.start(april - Duration(1500)).stop(april + Duration(1500));
  CHECK(walk.between(march, april) == seconds(2));
  CHECK(walk.between(april, may) == seconds(1));
  walk = Walk{};
  walk.policy.minimum = seconds(60);
  walk.start(april - Duration(1)).stop(april + seconds(59));
  CHECK(walk.between(march, april) == seconds(60));
  CHECK(walk.between(april, may) == seconds(0));
  // Just at the border it is the new month's.
  walk = Walk{}.start(april).stop(april + seconds(5));
  CHECK(walk.between(march, april) == seconds(0));
  CHECK(walk.between(april, may) == seconds(5));
}

TEST_CASE("a live value does not fall when the server is stopped, and then stands still") {
  for (const std::int64_t ran_ms : {0, 1, 999, 1000, 1001, 59'999, 60'000, 60'001}) {
    CAPTURE(ran_ms);
    Walk walk;
    walk.policy.minimum = seconds(60);
    walk.start(at(0));
    const Instant end = at(0) + Duration(ran_ms);
    const auto live = billed_total(walk.bill, walk.policy, end);
    walk.stop(end);
    CHECK(billed_total(walk.bill, walk.policy, end) == live);
    CHECK(billed_total(walk.bill, walk.policy, end + hours(1000)) == live);
    CHECK(accrued(walk.bill, walk.policy, std::nullopt) == live);
  }
}

TEST_CASE("a stop and a start do not restart the bill, nor count uptime twice") {
  auto walk = Walk{}.start(at(0)).stop(at(100)).start(at(100)).stop(at(250)).start(at(1000));
  CHECK(walk.bill.closed == seconds(250));
  CHECK(billed_total(walk.bill, walk.policy, at(1000)) == seconds(250));
  CHECK(billed_total(walk.bill, walk.policy, at(1010)) == seconds(260));
  CHECK(walk.between(at(0), at(1010)) == seconds(260));
}

TEST_CASE("the last interval before a stop is billed, however short") {
  // The watermark came at 60; the stop 30.001 s behind it.
  auto walk = Walk{}.start(at(0));
  CHECK(accrued(walk.bill, walk.policy, at(60)) == seconds(60));
  walk.stop(at(90) + Duration(1));
  CHECK(accrued(walk.bill, walk.policy, at(60)) == seconds(91));
  CHECK(walk.between(at(0), at(60)) == seconds(60));
  CHECK(walk.between(at(60), at(120)) == seconds(31));
  CHECK(walk.between(at(120), at(180)) == seconds(0));
}

TEST_CASE("a period that begins at the watermark is not billed by it, one before it is") {
  Walk walk;
  walk.policy.minimum = seconds(60);
  walk.start(at(100));
  CHECK(accrued(walk.bill, walk.policy, std::nullopt) == seconds(0));
  CHECK(accrued(walk.bill, walk.policy, at(99)) == seconds(0));
  CHECK(accrued(walk.bill, walk.policy, at(100)) == seconds(0));
  CHECK(accrued(walk.bill, walk.policy, at(100) + Duration(1)) == seconds(60));
  CHECK(accrued(walk.bill, walk.policy, at(161)) == seconds(61));
}
