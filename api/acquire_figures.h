#pragma once

// How acquisitions from warm pools went, as this process has seen them: for metrics, and for each
// pool.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "domain/warm_pool.h"
#include "ops/telemetry/metrics.h"

namespace vsim::api {

/// Of one pool, since the process began.
struct PoolFigures {
  std::uint64_t misses = 0;  // requests for which no server was ready
  /// From a request to its server, of the last acquisitions: what half of them and 99 of a hundred
  /// have kept to. Nothing before the first.
  std::optional<std::chrono::duration<double>> p50 = {};
  std::optional<std::chrono::duration<double>> p99 = {};
};

/// Any thread.
class AcquireFigures {
 public:
  static constexpr std::size_t times_kept_max = 1000;    // of a pool
  static constexpr std::size_t pools_kept_max = 10'000;  // others are counted in the metrics alone

  /// The metrics outlive it.
  explicit AcquireFigures(telemetry::Metrics& metrics);

  /// `took` is without the wait for a server to be ready.
  void acquired(const WarmPoolId& pool, std::chrono::duration<double> took);
  void missed(const WarmPoolId& pool);
  /// An answer that gave no server; a miss is told by missed() too.
  void ended_without(int status, bool is_miss);

  PoolFigures of(const WarmPoolId& pool) const;

 private:
  struct Kept {
    std::uint64_t misses = 0;
    std::vector<double> seconds;  // a ring, once it is full
    std::size_t next = 0;
  };
  Kept* kept_of(const WarmPoolId& pool);

  telemetry::Counter hits_;
  telemetry::Counter misses_;
  telemetry::Counter late_;
  telemetry::Counter refused_;
  telemetry::Histogram seconds_;
  mutable std::mutex mutex_;
  std::map<WarmPoolId, Kept> pools_;
};

}  // namespace vsim::api
