#include "tests/benchmark/floor.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "tests/benchmark/floor_writer.h"

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t sessions_max = 16;         // of Postgres; more find no processor
constexpr std::size_t writers_a_connection = 8;  // each connection has a thread that reads

/// Writes until `duration` has passed, and notes how long each write took.
LoadResult write_for(FloorWriter& writer, FloorOf what, std::chrono::milliseconds duration) {
  LoadResult result;
  Series& series = result.series["floor"];
  const auto began = Clock::now();
  try {
    for (auto last = began; last - began < duration;) {
      what == FloorOf::create ? writer.create() : writer.act();
      const auto now = Clock::now();
      series.samples.add(now - last);
      last = now;
      series.seconds = std::chrono::duration<double>(now - began).count();
    }
  } catch (const std::exception& failure) {
    ++result.errors[std::string("floor: ") + failure.what()];
  }
  return result;
}

void add_to(LoadResult& sum, const LoadResult& one) {
  for (const auto& [name, series] : one.series) {
    sum.series[name].samples.add(series.samples);
    sum.series[name].seconds = std::max(sum.series[name].seconds, series.seconds);
  }
  for (const auto& [text, times] : one.errors) {
    sum.errors[text] += times;
  }
}

}  // namespace

LoadResult run_floor(FloorOf what, const std::string& nats_url, const std::string& database_url,
                     std::size_t writers, std::chrono::milliseconds duration) {
  const FloorStores stores(nats_url, database_url);
  SessionPool sessions(stores, std::min(writers, sessions_max));
  std::vector<Connection> connections;
  std::vector<std::unique_ptr<FloorWriter>> all;
  for (std::size_t number = 0; number < writers; ++number) {
    if (number % writers_a_connection == 0) {
      connections.push_back(connect(nats_url, true));
    }
    all.push_back(std::make_unique<FloorWriter>(*connections.back(), sessions, stores, number));
  }
  std::vector<LoadResult> results(writers);
  {
    std::vector<std::jthread> threads;
    for (std::size_t number = 0; number < writers; ++number) {
      threads.emplace_back(
          [&, number] { results[number] = write_for(*all[number], what, duration); });
    }
  }
  LoadResult sum;
  for (const LoadResult& one : results) {
    add_to(sum, one);
  }
  return sum;
}

}  // namespace vsim::bench
