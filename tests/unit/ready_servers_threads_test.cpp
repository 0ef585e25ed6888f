// Goal: of a pool's ready servers no two requests get the same at once, all that are ready are
// given before anybody hears that there is none, and however many ask, the read models are asked by
// one at a time. Method: read models that are played, with looks that are held up.

#include <atomic>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "api/answers.h"
#include "api/ready_servers.h"
#include "schema/messages/uuid.h"

using namespace vsim;
using namespace vsim::api;
using namespace std::chrono_literals;

namespace {

using Steady = ReadyServers::Steady;
using Held = std::unique_ptr<ReadyServers::Held>;

const WarmPoolId pool{"default", "ci"};

ReadyServer new_server() { return {ServerId{messages::uuid_from_time()}, Region{"us-east-1"}}; }

/// What the read models say; looks are counted, and may be held up.
struct ReadModels {
  std::mutex mutex;
  std::vector<ReadyServer> ready;
  bool fail = false;
  std::atomic<int> looks{0};
  std::atomic<int> under_way{0};
  std::atomic<int> most_at_once{0};
  std::function<void()> during;  // each look, after it has read

  Reply<std::vector<ReadyServer>> look() {
    ++looks;
    most_at_once = std::max(most_at_once.load(), ++under_way);
    const auto seen = [&] {
      const std::lock_guard lock(mutex);
      return ready;
    }();
    if (during) {
      during();
    }
    --under_way;
    if (fail) {
      return tl::unexpected(unavailable("no answer"));
    }
    return seen;
  }
  ReadyServers::LookUp as_look_up() {
    return [this](const WarmPoolId&) { return look(); };
  }
};

Held take(ReadyServers& ready) {
  auto taken = ready.take(pool, Steady::now());
  REQUIRE(taken);
  return std::move(*taken);
}

}  // namespace

TEST_CASE("of three ready servers 32 requests at once get three, each one, and the rest none") {
  for (int round = 0; round < 20; ++round) {
    ReadModels models;
    models.ready = {new_server(), new_server(), new_server()};
    models.during = [] { std::this_thread::sleep_for(1ms); };
    ReadyServers ready(models.as_look_up(), 7);
    std::vector<Held> held(32);
    std::atomic<bool> go{false};
    std::vector<std::thread> callers;
    for (auto& place : held) {
      callers.emplace_back([&] {
        while (!go) {
          std::this_thread::yield();
        }
        place = *ready.take(pool, Steady::now());
      });
    }
    go = true;
    for (auto& caller : callers) {
      caller.join();
    }
    std::set<ServerId> given;
    int some = 0;
    for (const auto& place : held) {
      some += place ? 1 : 0;
      if (place) {
        given.insert(place->server().id);
      }
    }
    CHECK(some == 3);
    CHECK(given.size() == 3);
    CHECK(models.most_at_once == 1);
    CHECK(models.looks < 32);
  }
}

TEST_CASE("a look serves the requests that come while its servers last") {
  ReadModels models;
  for (int i = 0; i < 10; ++i) {
    models.ready.push_back(new_server());
  }
  ReadyServers ready(models.as_look_up(), 7);
  std::vector<Held> held;
  for (int i = 0; i < 10; ++i) {
    held.push_back(take(ready));
    REQUIRE(held.back());
  }
  const int before = models.looks;  // one, unless this test was held up
  CHECK(before < 10);
  CHECK(!take(ready));  // after a look of its own
  CHECK(models.looks == before + 1);
}

TEST_CASE("what was acquired while a look was under way is not given by that look") {
  ReadModels models;
  models.ready = {new_server()};
  ReadyServers ready(models.as_look_up(), 7);
  Held first = take(ready);
  REQUIRE(first);
  models.during = [&] {
    const std::lock_guard lock(models.mutex);
    models.ready.clear();  // its acquisition can be read from now on
    first.reset();
    models.during = nullptr;
  };
  CHECK(!take(ready));
  CHECK(!take(ready));
  models.ready = {new_server()};
  CHECK(take(ready));
}

TEST_CASE("a server that was not acquired after all is given to the next") {
  ReadModels models;
  models.ready = {new_server()};
  ReadyServers ready(models.as_look_up(), 7);
  Held first = take(ready);
  CHECK(!take(ready));
  first.reset();
  CHECK(take(ready));
}

TEST_CASE("a server with a command in its slot is given to nobody for a moment") {
  ReadModels models;
  models.ready = {new_server()};
  ReadyServers ready(models.as_look_up(), 7);
  Held first = take(ready);
  first->slot_is_taken();
  const auto ended = Steady::now();
  first.reset();
  Held second;
  while (!second) {
    second = take(ready);
  }
  CHECK(Steady::now() - ended >= 100ms);
}

TEST_CASE("whoever waits shares the looks of others, and hears of a failure once") {
  ReadModels models;
  ReadyServers ready(models.as_look_up(), 7);
  CHECK(!take(ready));
  const int before = models.looks;
  for (int i = 0; i < 10; ++i) {
    const auto shared = ready.take(pool, Steady::now() - 1h);
    REQUIRE(shared);
    CHECK(!*shared);
  }
  CHECK(models.looks == before);
  models.fail = true;
  CHECK(!ready.take(pool, Steady::now()));
  models.fail = false;
  models.ready = {new_server()};
  CHECK(take(ready));
  ready.forget(pool);
  CHECK(take(ready));  // which server is whose is forgotten too
}
