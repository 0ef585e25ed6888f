// Goal: a full disk is reported with its cure, and when there is room again ops/up restarts the
// broker, which accepts nothing by itself any more (issue 12, point 23; issue 20, point 16).
// Method: the broker's store on a small tmpfs in a mount namespace of the test's own, which goes
// with it. Where no file system may be mounted the test says that it is skipped, and why.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/runbook/fillable_disk.h"
#include "tests/runbook/shipped_system.h"

using namespace std::chrono_literals;
using runbook::FillableDisk;
using runbook::ShippedSystem;

namespace {

int create(ShippedSystem& system) {
  return system.api()
      .post("/servers", R"({"name":"s","region":"us-east-1","type":"t2.micro"})",
            {{"Prefer", "wait=2"}})
      .status;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "a full disk is reported with its cure, and ops/up restarts the broker when there is room") {
  if (!runbook::have_mounts_of_our_own()) {
    return;
  }
  ShippedSystem system({.settings = {{"PROFILE", "instant"}}});
  FillableDisk disk(system, "64m");
  REQUIRE(create(system) == 201);

  disk.fill();
  // Until also the queue has met it: each stream fails at its own next write.
  CHECK(harness::eventually(
      [&] { return create(system) == 503 && system.metric("vsim_broker_trouble") == 1; }, 60s));
  disk.leave(15L << 20);
  // There is room again, and still nothing is done: the worker, the metric and the doctor say why.
  CHECK(create(system) == 503);
  CHECK(system.metric("vsim_broker_trouble") == 1);
  CHECK_MESSAGE(holds(system.readiness("worker-1"), "write error"), system.readiness("worker-1"));
  const harness::Output doctor = system.run(". .run/env; vsimctl doctor");
  CHECK_FALSE(doctor.ending.clean());
  CHECK_MESSAGE(holds(doctor.text, "make room, then ops/up"), doctor.text);
  CHECK_MESSAGE(holds(doctor.text, "Disk filling"), doctor.text);

  // Too little room for a broker to start with; then just enough.
  const harness::Output refused = system.run("ops/up");
  CHECK(refused.ending.code == 1);
  CHECK_MESSAGE(holds(refused.text, "has met a full disk"), refused.text);
  CHECK_MESSAGE(holds(refused.text, "make room"), refused.text);
  disk.leave(16L << 20);
  const harness::Output up = system.run("ops/up");
  CHECK_MESSAGE(up.ending.clean(), up.text);
  CHECK_MESSAGE(holds(up.text, "restarted, since a write had failed"), up.text);
  CHECK(create(system) == 201);
  CHECK(harness::eventually([&] { return system.metric("vsim_broker_trouble") == 0; }, 30s));
  const harness::Output well = system.run(". .run/env; vsimctl doctor");
  CHECK_MESSAGE(well.ending.clean(), well.text);
}
