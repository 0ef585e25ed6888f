#include "api/acquire_figures.h"

#include <algorithm>

namespace vsim::api {
namespace {

/// The value that this share of them keeps to. There is one at least.
std::chrono::duration<double> quantile(const std::vector<double>& sorted, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return std::chrono::duration<double>(sorted[std::min(index, sorted.size() - 1)]);
}

telemetry::Counter counter(telemetry::Metrics& metrics, const char* result) {
  return metrics.counter("vsim_warm_pool_acquires_total",
                         "Requests for a server of a warm pool, by what came of them",
                         {{"result", result}});
}

}  // namespace

AcquireFigures::AcquireFigures(telemetry::Metrics& metrics)
    : hits_(counter(metrics, "hit")),
      misses_(counter(metrics, "miss")),
      late_(counter(metrics, "late")),
      refused_(counter(metrics, "refused")),
      seconds_(metrics.histogram("vsim_warm_pool_acquire_seconds",
                                 "Seconds from a request for a server of a warm pool to the answer "
                                 "with it, but for the wait until one was ready",
                                 {}, telemetry::latency_bounds_seconds())) {}

void AcquireFigures::acquired(const WarmPoolId& pool, std::chrono::duration<double> took) {
  hits_.add();
  seconds_.observe(took.count());
  const std::lock_guard lock(mutex_);
  Kept* kept = kept_of(pool);
  if (kept == nullptr) {
    return;
  }
  const auto seconds = took.count();
  if (kept->seconds.size() < times_kept_max) {
    kept->seconds.push_back(seconds);
  } else {
    kept->seconds[kept->next] = seconds;
    kept->next = (kept->next + 1) % times_kept_max;
  }
}

void AcquireFigures::missed(const WarmPoolId& pool) {
  const std::lock_guard lock(mutex_);
  if (Kept* kept = kept_of(pool)) {
    ++kept->misses;
  }
}

void AcquireFigures::ended_without(int status, bool is_miss) {
  if (is_miss) {
    misses_.add();
  } else if (status == 202) {
    late_.add();
  } else {
    refused_.add();
  }
}

PoolFigures AcquireFigures::of(const WarmPoolId& pool) const {
  PoolFigures figures;
  std::vector<double> seconds;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pools_.find(pool);
    if (found == pools_.end()) {
      return figures;
    }
    figures.misses = found->second.misses;
    seconds = found->second.seconds;
  }
  if (!seconds.empty()) {
    std::sort(seconds.begin(), seconds.end());
    figures.p50 = quantile(seconds, 0.5);
    figures.p99 = quantile(seconds, 0.99);
  }
  return figures;
}

AcquireFigures::Kept* AcquireFigures::kept_of(const WarmPoolId& pool) {
  const auto found = pools_.find(pool);
  if (found != pools_.end()) {
    return &found->second;
  }
  return pools_.size() < pools_kept_max ? &pools_[pool] : nullptr;
}

}  // namespace vsim::api
