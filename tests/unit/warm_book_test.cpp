// Goal (issue 16, 3): a view that begins from the read models knows of warm pools what one knows
// that has followed the whole log, once it has been told which numbers are over.

#include "workers/warm_book.h"

#include <doctest/doctest.h>

#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using Stage = WarmCensus::Stage;

namespace {

const WarmPoolId the_pool{"default", "ci"};

WarmPool order() {
  WarmPool pool;
  pool.terms = WarmPoolTerms{.region = the_region,
                             .instance_type = "t2.micro",
                             .profile = {},
                             .tags = {},
                             .target = 3,
                             .replenish_below = 3,
                             .warming_max = 3};
  return pool;
}

workers::WarmBook restored(std::uint64_t last_number,
                           const std::vector<read_model::FleetWarmServer>& servers) {
  workers::WarmBook book;
  book.restore(read_model::FleetWarmPool{the_pool, order(), last_number});
  for (const auto& server : servers) {
    book.restore(server);
  }
  return book;
}

read_model::FleetWarmServer ready(std::uint64_t number) {
  return {.pool = the_pool,
          .region = the_region,
          .number = number,
          .version = 1,
          .stage = Stage::ready};
}

}  // namespace

TEST_CASE("of what it has not followed the last 1,000 numbers are open until somebody has looked") {
  auto book = restored(2500, {ready(3), ready(2499)});
  const auto& census = book.pools().at(the_pool).census;
  CHECK(census.highest == 2500);
  CHECK(*census.open.begin() == 1501);  // nobody goes further ahead of an open one
  CHECK(census.open.size() == 999);
  CHECK(replenish(order(), census).retire.size() == 2);  // it seems to be far too much
  std::vector<std::uint64_t> over;
  for (std::uint64_t number = 1501; number <= 2500; ++number) {
    if (number != 2499) {
      over.push_back(number);
    }
  }
  book.are_gone(the_pool, over);
  CHECK(replenish(order(), book.pools().at(the_pool).census) == Replenishment{{2501}, {}});
}

TEST_CASE("of a young pool it looks at all, and of one that had no servers at none") {
  CHECK(restored(3, {}).pools().at(the_pool).census.open == std::set<std::uint64_t>{1, 2, 3});
  CHECK(restored(0, {}).pools().at(the_pool).census.open.empty());
}

TEST_CASE("a server counts while it is nobody's, and is counted where it came to run") {
  auto create = a_create();
  create.warm = WarmPlace{"ci", 2, OnRelease::terminate};
  workers::WarmBook book;
  WarmPoolEvent set;
  set.version = 1;
  set.pool = the_pool;
  set.data = WarmPoolSet{*order().terms};
  book.apply(messages::WarmPoolLogged{set, order()});
  State state;
  const auto live = [&](const std::vector<Event>& events) {
    for (const auto& event : events) {
      state = evolve(state, event);
      book.apply(messages::ServerLogged{event, state});
    }
  };
  live(decide(state, command(create), at(0), context()).events);
  const auto& known = book.pools().at(the_pool);
  CHECK(known.census.open == std::set<std::uint64_t>{1});
  CHECK(known.census.servers.at(2) == Stage::warming);
  CHECK(known.provisioned == 0);
  live(decide_due(the_server, the_region, state, at(10)));
  CHECK(known.census.servers.at(2) == Stage::ready);
  CHECK(known.provisioned == 1);
  live(decide(state, command(Acquire{}), at(20), context()).events);
  CHECK(known.census.servers.empty());
  CHECK(known.assigned == std::set<std::uint64_t>{2});
  live(decide(state, command(Release{}), at(30), context()).events);
  CHECK(known.assigned.empty());
  CHECK(known.failed == 0);
  CHECK(known.lost == 0);
  auto drained = order();
  drained.draining = true;
  WarmPoolEvent drain;
  drain.version = 2;
  drain.pool = the_pool;
  drain.data = WarmPoolDraining{};
  book.apply(messages::WarmPoolLogged{drain, drained});
  CHECK(book.pools_not_over().empty());
  book.apply(messages::WarmPoolLogged{set, order()});
  CHECK(book.pools_not_over().at(the_pool).census.highest == 2);  // its numbers go on
}

TEST_CASE("one that hangs in its boot, or is lost by itself, is told from one that ends by order") {
  const auto counted = [](const std::string& tag, int seconds, const Action& last) {
    auto create = a_create();
    create.warm = WarmPlace{"ci", 1, OnRelease::terminate};
    create.tags = {{tag, tag == "vsim:create" ? "stuck" : "0"}};
    workers::WarmBook book;
    State state;
    const auto live = [&](const std::vector<Event>& events) {
      for (const auto& event : events) {
        state = evolve(state, event);
        book.apply(messages::ServerLogged{event, state});
      }
    };
    live(decide(state, command(create), at(0), context()).events);
    for (int second = 1; second < seconds; ++second) {
      live(decide_due(the_server, the_region, state, at(second)));
    }
    live(decide(state, command(last), at(seconds), context()).events);
    const auto& known = book.pools().at(the_pool);
    return std::pair(known.failed, known.lost);
  };
  using Counts = std::pair<std::uint64_t, std::uint64_t>;
  CHECK(counted("vsim:create", 20, Retire{}) == Counts{1, 1});
  CHECK(counted("vsim:host_failure_after", 20, Retire{}) == Counts{0, 1});
  CHECK(counted("vsim:interruption_after", 20, Retire{}) == Counts{0, 1});
  CHECK(counted("none", 20, Retire{}) == Counts{0, 0});
  CHECK(counted("none", 1, Retire{}) == Counts{0, 0});  // one too many, in its boot
}
