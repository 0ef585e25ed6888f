// Goal: an operator who follows the entries about pools, bills and servers has the simulated fleet
// going on again.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

TEST_CASE("No free addresses") {
  runbook::follow({
      .set_up = [](ShippedSystem& system) { ask_for_servers(system, 100); },
      .symptom =
          [](ShippedSystem& system) {
            const std::string region = R"(region="us-east-1")";
            return system.metric("vsim_pool_addresses_free", region) <
                   0.2 * system.metric("vsim_pool_addresses", region);
          },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}
