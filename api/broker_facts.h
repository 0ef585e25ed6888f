#pragma once

// What the broker tells of its streams, its consumers and itself.

#include <cstdint>
#include <string>

#include "eventstore/broker.h"

namespace vsim::api {

struct StreamFacts {
  std::uint64_t messages = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t replicas = 1;
};
eventstore::Result<StreamFacts> stream_facts(const eventstore::Broker& broker,
                                             std::string_view stream);

struct ConsumerFacts {
  std::uint64_t pulls_waiting = 0;  // of workers that would take a message now
  std::uint64_t in_hand = 0;        // delivered and not acked
};
eventstore::Result<ConsumerFacts> consumer_facts(const eventstore::Broker& broker,
                                                 std::string_view stream,
                                                 std::string_view consumer);

/// How often the broker syncs its streams to disk: "always", or an interval such as "120s"; empty
/// when its monitor, such as http://127.0.0.1:8222, does not tell. Blocks 2 s at most.
std::string ask_sync_interval(const std::string& monitor_url);

}  // namespace vsim::api
