// Goal: an operator who follows the entries about upkeep has done it, and the system still works.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

TEST_CASE("Reset everything") {
  runbook::follow({
      .set_up = [](ShippedSystem& system) { make_server(system); },
      .symptom =
          [](ShippedSystem& system) {
            return system.api().get("/servers?limit=1").json()["total"].integer() > 0;
          },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}
