// Goal: few messages go as chains and many as one batch, and what was measured moves the limit.

#include "workers/append_costs.h"

#include <doctest/doctest.h>

using namespace vsim;
using namespace std::chrono_literals;

namespace {

struct Ground {
  telemetry::Metrics metrics;
  workers::AppendCosts costs{metrics};

  /// The most messages that go as chains.
  std::size_t limit() {
    std::size_t messages = 0;
    while (costs.chains_are_cheaper(messages + 1)) {
      ++messages;
    }
    return messages;
  }
  bool shows(const std::string& line) const {
    return metrics.text().find("\n" + line) != std::string::npos;
  }
};

}  // namespace

TEST_CASE("before anything is measured 14 messages go as chains, and 15 as a batch") {
  Ground ground;
  CHECK(ground.costs.chains_are_cheaper(1));
  CHECK(ground.costs.chains_are_cheaper(14));
  CHECK_FALSE(ground.costs.chains_are_cheaper(15));
  CHECK(ground.shows(R"(vsim_append_groups_total{way="chains"} 2)"));
  CHECK(ground.shows(R"(vsim_append_groups_total{way="batch"} 1)"));
  CHECK(ground.shows(R"(vsim_append_chain_message_seconds{messages_max="2"} 0.00035)"));
  CHECK(ground.shows("vsim_append_batch_seconds 0.005"));
}

TEST_CASE(
    "a disk on which chains are dear sends fewer messages so, and one with dear batches more") {
  Ground slow;
  Ground fast;
  for (int i = 0; i < 200; ++i) {
    slow.costs.observe_chains(8, 8 * 2ms);
    fast.costs.observe_batch(20ms);
  }
  CHECK(slow.limit() == 4);  // what was measured of up to 8 says nothing of fewer
  CHECK(fast.limit() > 40);
}

TEST_CASE("one stall of the machine moves little, and what is long not taken is tried again") {
  Ground ground;
  ground.costs.observe_batch(10s);
  const auto after_stall = ground.limit();
  CHECK(after_stall >= 14);
  CHECK(after_stall <= 20);
  for (int i = 0; i < 200; ++i) {
    ground.costs.observe_chains(1, 100ms);
  }
  CHECK(ground.limit() == 0);
  for (int i = 0; i < 5000; ++i) {
    ground.costs.chains_are_cheaper(1);
  }
  CHECK(ground.limit() >= 10);
}
