#pragma once

// Races of a caller with what happens by itself: many at once, each with its own chance.

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"

namespace e2e {

/// Runs so many of them by eight clients, each as `run(client, chance)`; what they gave, in no
/// order. The test fails, with the seed, where one throws.
template <typename Run>
auto run_races(harness::Fleet& fleet, int races, Run run) {
  constexpr int clients = 8;
  using Race = std::invoke_result_t<Run&, harness::HttpClient&, std::minstd_rand&>;
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::atomic<int> next{0};
  std::mutex mutex;
  std::vector<Race> done;
  std::string failure;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&, i] {
        harness::HttpClient client = fleet.client();
        std::minstd_rand chance(static_cast<unsigned>(seed) + static_cast<unsigned>(i));
        try {
          while (next++ < races) {
            Race race = run(client, chance);
            const std::lock_guard lock(mutex);
            done.push_back(std::move(race));
          }
        } catch (const std::exception& error) {
          const std::lock_guard lock(mutex);
          failure = error.what();
        }
      });
    }
  }
  REQUIRE_MESSAGE(failure.empty(), failure);
  REQUIRE(done.size() == static_cast<std::size_t>(races));
  return done;
}

}  // namespace e2e
