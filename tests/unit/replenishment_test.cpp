// Goal (issue 16, 3): a pool is filled, thinned and drained as ordered, and any number of
// replenishers that look from any place of the log never order one too many.

#include "domain/replenishment.h"

#include <random>

#include <doctest/doctest.h>

using namespace vsim;
using Stage = WarmCensus::Stage;
using Numbers = std::vector<std::uint64_t>;

namespace {

WarmPool pool_of(std::uint32_t target, std::uint32_t below, std::uint32_t warming_max) {
  WarmPool pool;
  pool.terms = WarmPoolTerms{.region = Region{"us-east-1"},
                             .instance_type = "t2.micro",
                             .profile = {},
                             .tags = {},
                             .target = target,
                             .replenish_below = below,
                             .warming_max = warming_max};
  return pool;
}

WarmCensus census_of(std::map<std::uint64_t, Stage> servers, std::uint64_t highest,
                     std::set<std::uint64_t> open = {}) {
  WarmCensus census;
  census.servers = std::move(servers);
  census.highest = highest;
  census.open = std::move(open);
  return census;
}

Numbers from_to(std::uint64_t first, std::uint64_t last) {
  Numbers numbers;
  for (auto number = first; number <= last; ++number) {
    numbers.push_back(number);
  }
  return numbers;
}

/// Three that read the log at their own pace, and a queue that they share.
struct LaggingReplenishers {
  static constexpr std::uint32_t target = 20;
  struct Fact {
    std::uint64_t number;
    bool there;
  };
  std::mt19937_64& dice;
  WarmPool pool;
  std::vector<Fact> log = {};
  std::vector<WarmCensus> replenishers{3};
  std::vector<std::size_t> read = {0, 0, 0};
  std::set<std::uint64_t> queue = {};
  std::set<std::uint64_t> living = {};
  std::set<std::uint64_t> known = {};

  explicit LaggingReplenishers(std::mt19937_64& random)
      : dice(random),
        pool(pool_of(target, 1 + static_cast<std::uint32_t>(dice() % target),
                     1 + static_cast<std::uint32_t>(dice() % 30))) {}

  void catch_up(std::size_t who, std::size_t to) {
    for (; read[who] < to; ++read[who]) {
      const auto& fact = log[read[who]];
      replenishers[who].seen(fact.number);
      if (fact.there) {
        replenishers[who].servers[fact.number] = Stage::ready;
      } else {
        replenishers[who].servers.erase(fact.number);
      }
    }
  }

  void order(std::size_t who) {
    for (const auto number : replenish(pool, replenishers[who]).create) {
      if (!known.contains(number)) {
        queue.insert(number);
      }
    }
  }

  void decide(std::uint64_t number, bool refused) {
    known.insert(number);
    log.push_back({number, !refused});
    if (!refused) {
      living.insert(number);
    }
    queue.erase(number);
  }

  void step() {
    const auto what = dice() % 4;
    if (what == 0) {
      const auto who = dice() % 3;
      catch_up(who, read[who] + dice() % (log.size() - read[who] + 1));
      order(who);
    } else if (what == 1 && !queue.empty()) {
      auto one = queue.begin();
      std::advance(one, static_cast<std::ptrdiff_t>(dice() % queue.size()));
      decide(*one, dice() % 10 == 0);
    } else if (what == 2 && !living.empty()) {
      log.push_back({*living.begin(), false});  // somebody gets it
      living.erase(living.begin());
    } else if (what == 3 && !queue.empty() && dice() % 8 == 0) {
      queue.erase(queue.begin());  // lost on its way
    }
  }

  void come_to_rest() {
    for (int round = 0; round < 100; ++round) {
      catch_up(0, log.size());
      order(0);
      while (!queue.empty()) {
        decide(*queue.begin(), false);
      }
    }
  }
};

}  // namespace

TEST_CASE("a pool is filled to its target, so many at once as may be on their way") {
  CHECK(replenish(pool_of(3, 3, 10), {}).create == from_to(1, 3));
  CHECK(replenish(pool_of(3, 3, 2), {}).create == from_to(1, 2));
  CHECK(replenish(pool_of(3, 3, 0), {}).create.empty());
  CHECK(replenish(pool_of(0, 0, 10), {}) == Replenishment{});
  CHECK(replenish({}, {}) == Replenishment{});
  const auto one_warming = census_of({{1, Stage::ready}, {2, Stage::warming}}, 2);
  CHECK(replenish(pool_of(4, 4, 2), one_warming).create == Numbers{3});
}

TEST_CASE("what is still in the queue counts, and is asked for again") {
  const auto census = census_of({{2, Stage::ready}}, 3, {1});
  CHECK(replenish(pool_of(4, 4, 10), census).create == Numbers{1, 4, 5});
}

TEST_CASE("nothing is ordered before fewer than `replenish_below` are left") {
  const auto with = [](std::uint64_t ready) {
    WarmCensus census;
    for (std::uint64_t number = 1; number <= ready; ++number) {
      census.seen(number);
      census.servers[number] = Stage::ready;
    }
    return census;
  };
  const auto pool = pool_of(10, 5, 10);
  const auto created = [&](std::uint64_t ready) {
    return replenish(pool, with(ready), is_filling(pool, with(ready), false)).create;
  };
  CHECK(created(5).empty());
  CHECK(created(4) == from_to(5, 10));
}

TEST_CASE("a pool that is filling is filled up to its target, also beyond `replenish_below`") {
  const auto pool = pool_of(4, 2, 2);
  auto census = census_of({{1, Stage::warming}, {2, Stage::ready}}, 2);
  CHECK(is_filling(pool, census, true));
  CHECK_FALSE(is_filling(pool, census, false));
  CHECK(replenish(pool, census, true).create == Numbers{3});
  census = census_of({{1, Stage::warming}, {2, Stage::ready}, {4, Stage::ready}}, 4, {3});
  CHECK(is_filling(pool, census, true));  // the open one may be refused
  CHECK(replenish(pool, census, true).create == Numbers{3});
  census.seen(3);
  census.servers[3] = Stage::ready;
  CHECK_FALSE(is_filling(pool, census, true));
  census.servers[3] = Stage::failed;
  CHECK_FALSE(is_filling(pool, census, false));
  auto drained = pool;
  drained.draining = true;
  CHECK(is_filling(drained, census, false));  // when it is ordered again
}

TEST_CASE("one that is being reset is kept like a ready one, the newest go") {
  const auto census = census_of({{1, Stage::resetting}, {2, Stage::ready}}, 2);
  CHECK(replenish(pool_of(1, 1, 9), census).retire == Numbers{2});
  const auto with_boot =
      census_of({{1, Stage::warming}, {2, Stage::ready}, {3, Stage::resetting}}, 3);
  CHECK(replenish(pool_of(1, 1, 9), with_boot).retire == Numbers{1, 3});
}

TEST_CASE("what is too much goes, what is on its way first, the newest first") {
  const auto census =
      census_of({{1, Stage::ready}, {2, Stage::warming}, {3, Stage::ready}, {4, Stage::ready}}, 4);
  CHECK(replenish(pool_of(4, 4, 9), census) == Replenishment{});
  CHECK(replenish(pool_of(3, 3, 9), census).retire == Numbers{2});
  CHECK(replenish(pool_of(1, 1, 9), census).retire == Numbers{2, 4, 3});
  auto drained = pool_of(4, 4, 9);
  drained.draining = true;
  CHECK(replenish(drained, census) == Replenishment{{}, {2, 4, 3, 1}});
}

TEST_CASE("what is impaired is neither replaced nor kept where there is too much") {
  const auto census = census_of({{1, Stage::impaired}, {2, Stage::ready}}, 2);
  CHECK(replenish(pool_of(2, 2, 9), census) == Replenishment{});
  CHECK(replenish(pool_of(1, 1, 9), census) == Replenishment{{}, {1}});
}

TEST_CASE("a pool that drains asks for none that is open") {
  auto drained = pool_of(4, 4, 9);
  drained.draining = true;
  CHECK(replenish(drained, census_of({{2, Stage::ready}}, 3, {1, 3})) == Replenishment{{}, {2}});
}

TEST_CASE("what has failed is retired and replaced") {
  const auto census = census_of({{1, Stage::failed}, {2, Stage::ready}}, 2);
  CHECK(replenish(pool_of(2, 2, 9), census) == Replenishment{{3}, {1}});
}

TEST_CASE("numbers go 1,000 ahead of the oldest open one, and no further") {
  WarmCensus census;
  census.seen(1);
  census.open.insert(1);
  census.highest = 999;
  CHECK(replenish(pool_of(10'000, 10'000, 10'000), census).create == Numbers{1, 1000});
  census.highest = 1000;
  CHECK(replenish(pool_of(10'000, 10'000, 10'000), census).create == Numbers{1});
}

TEST_CASE("a number that was passed over is open until the log has something of it") {
  WarmCensus census;
  census.seen(3);
  CHECK(census.open == std::set<std::uint64_t>{1, 2});
  census.seen(2);
  CHECK(census.open == std::set<std::uint64_t>{1});
  census.seen(2);
  CHECK(census.highest == 3);
}

TEST_CASE("a number far ahead opens only the last 1,000 below it") {
  WarmCensus census;
  census.seen(3);
  census.seen(4'000'000'000);
  CHECK(census.open.size() == 2 + open_numbers_max);
  CHECK(census.open.contains(4'000'000'000 - open_numbers_max));
  CHECK(replenish(pool_of(1, 1, 1), census).create.size() == census.open.size());
}

TEST_CASE("replenishers that lag, in any order, never make one too many, and fill the pool") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 dice(seed);
    LaggingReplenishers run(dice);
    for (int step = 0; step < 400; ++step) {
      run.step();
      REQUIRE(run.living.size() + run.queue.size() <= LaggingReplenishers::target);
    }
    run.come_to_rest();
    CHECK(run.living.size() >= run.pool.terms->replenish_below);
    CHECK(run.living.size() <= LaggingReplenishers::target);
  }
}
