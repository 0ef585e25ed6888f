#include "workers/janitor/delivery_sweep.h"

#include "ops/telemetry/log.h"
#include "schema/messages/advisories.h"

namespace vsim::workers {

using eventstore::Result;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t advisories_at_once = 1000;

}  // namespace

DeliverySweep::DeliverySweep(eventstore::EventStore& advisories, eventstore::EventStore& queue,
                             Burial& burial, FreeSlot free_slot)
    : advisories_(advisories), queue_(queue), burial_(burial), free_slot_(std::move(free_slot)) {}

Result<void> DeliverySweep::sweep() {
  if (auto read = read_advisories(); !read) {
    return read;
  }
  while (!open_.empty()) {
    if (auto swept = sweep(open_.back()); !swept) {
      return swept;
    }
    open_.pop_back();
  }
  return {};
}

Result<void> DeliverySweep::read_advisories() {
  if (!follower_) {
    follower_ = advisories_.follow(0);
  }
  while (true) {
    const auto messages = follower_->next(advisories_at_once, 1ms);
    if (!messages) {
      return tl::unexpected(messages.error());
    }
    if (messages->empty()) {
      return {};
    }
    for (const auto& message : *messages) {
      const auto advisory = messages::read_max_deliveries(message);
      if (advisory) {
        open_.push_back({advisory->sequence, advisory->deliveries, message.stored_at});
      }
    }
  }
}

Result<void> DeliverySweep::sweep(const Exhausted& exhausted) {
  auto stored = queue_.load(exhausted.sequence);
  if (!stored) {
    return tl::unexpected(stored.error());
  }
  if (!*stored) {
    return {};  // an advisory of long ago
  }
  // Of a queue that has lost its store, which gave the same place to another command (D45).
  if ((*stored)->stored_at > exhausted.stored_at) {
    return {};
  }
  const auto ended =
      burial_.bury({std::move(**stored), exhausted.deliveries, {}}, DeadLetterReason::exhausted,
                   "delivered " + std::to_string(exhausted.deliveries) +
                       " times, and no worker lived to handle it");
  if (!ended) {
    return tl::unexpected(ended.error());
  }
  return free_slot_(exhausted.sequence);
}

}  // namespace vsim::workers
