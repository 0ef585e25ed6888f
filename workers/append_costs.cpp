#include "workers/append_costs.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

// Measured on a disk that syncs data in 0.23 ms and is slow with folders (fsync of a new one 0.9).
constexpr std::chrono::duration<double> chain_message_usual = 350us;
constexpr std::chrono::duration<double> batch_usual = 5ms;

// A new sample counts for so much. One beyond `sample_max` times the average counts as that much:
// it is a stall of the machine, not the cost of the way.
constexpr double sample_weight = 1.0 / 16;
constexpr double sample_max = 4;

// What is not taken comes nearer to its initial value by this part with each choice against it.
constexpr double forgotten = 1.0 / 512;

telemetry::Counter choices(telemetry::Metrics& metrics, const char* way) {
  return metrics.counter("vsim_append_groups_total",
                         "Choices between chains and one batch, where both were possible",
                         {{"way", way}});
}

}  // namespace

template <std::size_t... Size>
std::array<AppendCosts::Average, sizeof...(Size)> AppendCosts::of_each_size(
    telemetry::Metrics& metrics, std::index_sequence<Size...>) {
  return {Average{chain_message_usual, chain_message_usual,
                  metrics.gauge("vsim_append_chain_message_seconds",
                                "Moving average of what a message takes that goes in chains",
                                {{"messages_max", std::to_string(1ULL << Size)}})}...};
}

AppendCosts::AppendCosts(telemetry::Metrics& metrics)
    : chain_message_(of_each_size(metrics, std::make_index_sequence<sizes>())),
      batch_{batch_usual, batch_usual,
             metrics.gauge("vsim_append_batch_seconds",
                           "Moving average of what one atomic batch takes")},
      chains_(choices(metrics, "chains")),
      batches_(choices(metrics, "batch")) {
  for (auto& average : chain_message_) {
    average.shown.set(average.now.count());
  }
  batch_.shown.set(batch_.now.count());
}

std::size_t AppendCosts::size_index(std::size_t messages) {
  return std::min<std::size_t>(std::bit_width(messages - 1), sizes - 1);
}

bool AppendCosts::chains_are_cheaper(std::size_t messages) {
  const std::lock_guard lock(mutex_);
  auto& of_size = chain_message_[size_index(messages)];
  const bool chains = of_size.now * static_cast<double>(messages) < batch_.now;
  (chains ? chains_ : batches_).add();
  (chains ? batch_ : of_size).forget();
  return chains;
}

void AppendCosts::observe_chains(std::size_t messages, std::chrono::nanoseconds took) {
  const std::lock_guard lock(mutex_);
  chain_message_[size_index(messages)].observe(Seconds(took) / static_cast<double>(messages));
}

void AppendCosts::observe_batch(std::chrono::nanoseconds took) {
  const std::lock_guard lock(mutex_);
  batch_.observe(took);
}

void AppendCosts::Average::observe(Seconds sample) {
  now += (std::min(sample, now * sample_max) - now) * sample_weight;
  shown.set(now.count());
}

void AppendCosts::Average::forget() {
  now += (initial - now) * forgotten;
  shown.set(now.count());
}

}  // namespace vsim::workers
