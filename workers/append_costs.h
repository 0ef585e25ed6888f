#pragma once

// What appends cost on this broker's disk, learned while running: one synced message of a chain,
// and one atomic batch, which costs about the same whatever it holds. Where they cross differs from
// disk to disk. D72

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <utility>

#include "ops/telemetry/metrics.h"

namespace vsim::workers {

/// Thread-safe.
class AppendCosts {
 public:
  explicit AppendCosts(telemetry::Metrics& metrics);

  /// Whether so many messages are sooner stored as chains than as one atomic batch. The answer is
  /// counted. Whichever way is not taken for long is thought of as it was at the start again, so
  /// that one slow moment of the disk does not decide for ever.
  bool chains_are_cheaper(std::size_t messages);

  /// Chains of so many messages in all, sent together, were all stored within that time.
  void observe_chains(std::size_t messages, std::chrono::nanoseconds took);
  void observe_batch(std::chrono::nanoseconds took);

 private:
  using Seconds = std::chrono::duration<double>;

  /// A moving average.
  struct Average {
    Seconds initial;
    Seconds now;
    telemetry::Gauge shown;
    void observe(Seconds sample);
    void forget();
  };

  // Groups of up to 1, 2, 4, ... messages: a larger one shares its round trip among more.
  static constexpr std::size_t sizes = 9;
  static std::size_t size_index(std::size_t messages);
  template <std::size_t... Size>
  static std::array<Average, sizeof...(Size)> of_each_size(telemetry::Metrics& metrics,
                                                           std::index_sequence<Size...> sizes);

  std::mutex mutex_;
  std::array<Average, sizes> chain_message_;  // guarded by mutex_, as batch_ is
  Average batch_;
  telemetry::Counter chains_;
  telemetry::Counter batches_;
};

}  // namespace vsim::workers
