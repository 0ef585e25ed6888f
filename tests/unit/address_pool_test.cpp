// Goal: the view of the free addresses follows the log whatever the order of its news. Method: a
// small pool, one claim a test.

#include "domain/address_pool.h"

#include <set>

#include <doctest/doctest.h>

#include "domain/pool.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;

namespace {

Ipv4 ip(std::uint32_t last) { return {the_ip.bits - the_ip.bits % 256 + last}; }

AddressPool pool_of(std::uint32_t count) {
  AddressPool pool;
  pool.extend({ip(1), ip(count)});
  return pool;
}

}  // namespace

TEST_CASE("each reservation gives another address, and then none") {
  auto pool = pool_of(3);
  std::set<Ipv4> given;
  for (std::uint64_t chance = 5; chance < 8; ++chance) {
    given.insert(pool.reserve(chance)->ip);
  }
  CHECK(given.size() == 3);
  CHECK_FALSE(pool.reserve(1));
}

TEST_CASE("a reservation that came to nothing is free again, one that was claimed is not") {
  auto pool = pool_of(1);
  pool.release(pool.reserve(0)->ip);
  CHECK(pool.free_count() == 1);
  const auto address = pool.reserve(0);
  pool.claimed(address->ip, 40);
  pool.release(address->ip);
  CHECK(pool.free_count() == 0);
}

TEST_CASE("a released address is proposed with the sequence of its last claim") {
  auto pool = pool_of(1);
  pool.claimed(ip(1), 40);
  CHECK_FALSE(pool.reserve(0));
  pool.freed(ip(1), 55);
  const auto address = pool.reserve(0);
  REQUIRE(address);
  CHECK(address->last_claim == 40);
}

TEST_CASE("old news changes nothing: a release from before the last claim, a claim seen twice") {
  auto pool = pool_of(1);
  pool.claimed(ip(1), 40);
  pool.freed(ip(1), 50);
  pool.claimed(ip(1), 60);
  pool.freed(ip(1), 50);
  CHECK(pool.free_count() == 0);
  pool.freed(ip(1), 70);
  pool.claimed(ip(1), 60);
  CHECK(pool.free_count() == 1);
}

TEST_CASE("an extension that overlaps adds what is new and keeps the rest as it is") {
  auto pool = pool_of(3);
  pool.claimed(ip(2), 9);
  pool.extend({ip(2), ip(5)});
  CHECK(pool.size() == 5);
  CHECK(pool.free_count() == 4);
}

TEST_CASE("an extension is carried out once, and stale ones never") {
  ExtendPool command{
      fixture::command(Stop{}).id, 10, "hash", {"api", {}}, the_region, {{ip(1), ip(9)}}};
  const auto decided = [](const Pool& pool, const ExtendPool& asked, int second) {
    return decide(pool, asked, at(second), fixture::catalogue());
  };
  const auto first = decided(Pool{}, command, 0);
  REQUIRE(first.events.size() == 1);
  CHECK(first.events.front().version == 1);
  const auto pool = evolve(Pool{}, first.events.front());
  CHECK(std::holds_alternative<AlreadyDecided>(decided(pool, command, 1).verdict));
  auto older = command;
  older.id = fixture::command(Stop{}).id;
  older.sequence = 9;
  CHECK(std::holds_alternative<Stale>(decided(pool, older, 1).verdict));
  // Purged late: it gets its outcome, and the newer command stays the last.
  const auto verdict = decide_outcome(pool, summary_of(older), CommandPurged{}, at(1));
  REQUIRE(verdict);
  CHECK(evolve(pool, *verdict).last_command->cause.command == command.id);
  older.sequence = 11;
  CHECK(decided(pool, older, 1).events.front().version == 2);
}

TEST_CASE("an address in several ranges counts once") {
  const auto range = [](std::uint32_t first, std::uint32_t last) {
    return AddressRange{{first}, {last}};
  };
  CHECK(addresses_in({}) == 0);
  CHECK(addresses_in({range(5, 9), range(1, 2)}) == 7);
  CHECK(addresses_in({range(1, 9), range(2, 3), range(9, 10), range(1, 9)}) == 10);
  CHECK(addresses_in({range(0, UINT32_MAX), range(7, 7)}) == std::uint64_t{1} << 32);
}

TEST_CASE("no block that is not for hosts has an address for a server: issue 12, 4") {
  const auto usable = [](const char* first, const char* last) {
    return !unusable({*Ipv4::parse(first), *Ipv4::parse(last)});
  };
  struct Block {
    const char* before;
    const char* first;
    const char* last;
    const char* after;
  };
  for (const auto& [before, first, last, after] : std::initializer_list<Block>{
           {nullptr, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
           {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
           {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
           {"223.255.255.255", "224.0.0.0", "239.255.255.255", nullptr},
           {nullptr, "240.0.0.0", "255.255.255.255", nullptr}}) {
    CAPTURE(first);
    CHECK_FALSE(usable(first, first));
    CHECK_FALSE(usable(last, last));
    CHECK_FALSE(usable(first, last));
    if (before != nullptr) {
      CHECK(usable(before, before));
      CHECK_FALSE(usable(before, first));  // one address of it is one too many
    }
    if (after != nullptr) {
      CHECK(usable(after, after));
      CHECK_FALSE(usable(last, after));
    }
  }
  CHECK_FALSE(usable("126.0.0.0", "128.0.0.0"));   // a block in the middle
  CHECK(usable("100.64.0.0", "100.127.255.255"));  // shared address space: clouds give it out
  CHECK(usable("192.0.2.1", "192.0.2.9"));         // documentation: this is a simulation
}
