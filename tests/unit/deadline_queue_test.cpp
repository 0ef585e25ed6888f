// Goal: the queue of deadlines gives what is due in its order whatever has been set and erased, and
// is as small as it says. Method: random news beside a plain model; the allocator's own count.

#include "workers/deadline_queue.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <random>

#include <doctest/doctest.h>
#include <malloc.h>

using namespace vsim;
using workers::DeadlineQueue;
using workers::DueKind;
using workers::DueServer;

namespace {

const std::array<Region, 3> regions = {Region{"us-east-1"}, Region{"eu-west-1"}, Region{"ap-1"}};

ServerId random_server(std::mt19937_64& random) {
  ServerId id;
  for (auto& byte : id.uuid.bytes) {
    byte = static_cast<std::uint8_t>(random());
  }
  return id;
}

Instant at_ms(std::uint64_t ms) { return Instant(Duration(ms)); }

/// What the queue says it does, in the plainest way.
class Model {
 public:
  void set(const Region& region, const ServerId& server, std::optional<Instant> due,
           StreamSequence sequence, DueKind kind) {
    const auto known = entries_.find(server);
    if (known != entries_.end() && sequence < known->second.sequence) {
      return;
    }
    if (known != entries_.end()) {
      entries_.erase(known);
    }
    if (due) {
      entries_[server] = {region, *due, sequence, kind};
    }
  }

  std::vector<DueServer> due(Instant until, std::size_t max,
                             const std::optional<Region>& region) const {
    std::vector<DueServer> servers;
    for (const auto& [server, entry] : entries_) {
      if (entry.due > until || (region && entry.region != *region)) {
        continue;
      }
      servers.push_back({entry.region, server, entry.due});
    }
    std::sort(servers.begin(), servers.end(), [](const DueServer& a, const DueServer& b) {
      return std::tie(a.due, a.server) < std::tie(b.due, b.server);
    });
    servers.resize(std::min(max, servers.size()));
    return servers;
  }

  std::size_t size() const { return entries_.size(); }

  DeadlineQueue::DueCount count_due(Instant until) const {
    DeadlineQueue::DueCount count;
    for (const auto& [server, entry] : entries_) {
      if (entry.due > until) {
        continue;
      }
      ++count.all;
      if (entry.kind == DueKind::idle_timeout) {
        ++count.idle;
      }
    }
    return count;
  }

 private:
  struct Entry {
    Region region;
    Instant due;
    StreamSequence sequence;
    DueKind kind;
  };
  std::map<ServerId, Entry> entries_;
};

void compare(const DeadlineQueue& queue, const Model& model, std::mt19937_64& random) {
  REQUIRE(queue.size() == model.size());
  const auto all = model.due(at_ms(1000), 1000, std::nullopt);
  CHECK(queue.due(at_ms(1000), 1000, std::nullopt) == all);
  CHECK(queue.earliest() ==
        (all.empty() ? std::optional<Instant>() : std::optional(all.front().due)));
  const auto until = at_ms(random() % 120);
  const auto max = random() % 12;
  const auto region = regions[random() % regions.size()];
  CHECK(queue.due(until, max, std::nullopt) == model.due(until, max, std::nullopt));
  CHECK(queue.due(until, max, region) == model.due(until, max, region));
  const auto counted = queue.count_due(until, 1000);
  CHECK(counted.all == model.count_due(until).all);
  CHECK(counted.idle == model.count_due(until).idle);
  CHECK(queue.count_due(until, max).all == std::min(max, counted.all));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
std::size_t bytes_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

double bytes_per_deadline(std::size_t count) {
  std::mt19937_64 random(count);
  const auto before = bytes_in_use();
  DeadlineQueue queue;
  for (std::size_t i = 0; i < count; ++i) {
    queue.set(regions[i % regions.size()], random_server(random), at_ms(random() % 1'000'000), i);
  }
  REQUIRE(queue.size() == count);
  return static_cast<double>(bytes_in_use() - before) / static_cast<double>(count);
}
#endif

}  // namespace

TEST_CASE("whatever news comes in whatever order, the queue is what a plain model is") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    std::vector<ServerId> servers;
    for (int i = 0; i < 60; ++i) {
      servers.push_back(random_server(random));
    }
    DeadlineQueue queue;
    Model model;
    const auto erasing = 1 + random() % 4;  // some runs grow, some hover near empty
    for (int step = 0; step < 400; ++step) {
      const auto& server = servers[random() % servers.size()];
      const auto& region = regions[random() % regions.size()];
      const auto sequence = random() % 500;  // much of it is older than what is known
      std::optional<Instant> due = at_ms(random() % 100);
      if (random() % 5 < erasing) {
        due.reset();
      }
      const auto kind = random() % 2 == 0 ? DueKind::transition_ends : DueKind::idle_timeout;
      queue.set(region, server, due, sequence, kind);
      model.set(region, server, due, sequence, kind);
      if (step % 7 == 0) {
        compare(queue, model, random);
      }
    }
    compare(queue, model, random);
  }
}

TEST_CASE("ten thousand come and go through a queue that never holds many") {
  std::mt19937_64 random(11);
  DeadlineQueue queue;
  std::deque<ServerId> pending;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    pending.push_back(random_server(random));
    queue.set(regions[0], pending.back(), at_ms(i), i);
    if (pending.size() < 20) {
      continue;
    }
    const auto first = queue.due(at_ms(i), 1, std::nullopt);
    REQUIRE(first.size() == 1);
    CHECK(first.front().server == pending.front());
    queue.set(regions[0], pending.front(), std::nullopt, i);
    pending.pop_front();
  }
  CHECK(queue.size() == pending.size());
}

TEST_CASE("ids that differ in one place only are distinguished as fast as others") {
  for (std::size_t place = 0; place + 3 <= 16; ++place) {
    CAPTURE(place);
    const auto began_at = std::chrono::steady_clock::now();
    DeadlineQueue queue;
    constexpr std::uint32_t count = 20'000;
    for (std::uint32_t i = 0; i < count; ++i) {
      ServerId id;
      for (std::size_t byte = 0; byte < 3; ++byte) {
        id.uuid.bytes[place + byte] = static_cast<std::uint8_t>(i >> (8 * byte));
      }
      queue.set(regions[0], id, at_ms(i), i);
    }
    CHECK(queue.size() == count);
    // Milliseconds; with all in one heap it is seconds.
    CHECK(std::chrono::steady_clock::now() - began_at < std::chrono::milliseconds(500));
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a pending deadline takes less than 64 bytes and its key of 16") {
  // 131,073 is one more than a power of two: tables that double are at their emptiest there.
  for (const std::size_t count : {100'000U, 131'073U, 196'609U}) {
    CAPTURE(count);
    const auto bytes = bytes_per_deadline(count);
    MESSAGE(count, " deadlines: ", bytes, " bytes each");
    CHECK(bytes < 64 + 16);
    CHECK(bytes > sizeof(ServerId));  // that something was measured at all
  }
}
#endif
