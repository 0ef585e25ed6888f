// Goal: a bill that is exact to the second whatever the ticks. Method: hand-made periods.

#include "domain/billing.h"

#include <doctest/doctest.h>

#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using std::chrono::seconds;

namespace {

BillingPolicy policy(std::int64_t granularity = 1, std::int64_t minimum = 0) {
  auto made = catalogue().profiles.at("standard").billing;
  made.granularity = seconds(granularity);
  made.minimum = seconds(minimum);
  return made;
}

}  // namespace

TEST_CASE("a period is rounded up to the granularity at its end, and is the minimum at least") {
  CHECK(billed_seconds(policy(), Duration(0)) == seconds(0));
  CHECK(billed_seconds(policy(), Duration(1)) == seconds(1));
  CHECK(billed_seconds(policy(), Duration(1000)) == seconds(1));
  CHECK(billed_seconds(policy(), Duration(1001)) == seconds(2));
  CHECK(billed_seconds(policy(60), Duration(60'001)) == seconds(120));
  CHECK(billed_seconds(policy(1, 60), Duration(0)) == seconds(60));
  CHECK(billed_seconds(policy(1, 60), Duration(60'001)) == seconds(61));
}

TEST_CASE("closing a period settles just what was shown as open") {
  Bill bill = bill_after({}, policy(), Status::running, at(0));
  const auto shown = billed_total(bill, policy(), at(90));
  bill = bill_after(bill, policy(), Status::stopping, at(90));
  CHECK(bill.closed == shown);
  CHECK_FALSE(bill.open_since);
  CHECK(billed_total(bill, policy(), at(10'000)) == shown);
}

TEST_CASE("a change between two billable states neither closes nor restarts the period") {
  Bill bill = bill_after({}, policy(1, 60), Status::running, at(0));
  bill = bill_after(bill, policy(1, 60), Status::rebooting, at(10));
  bill = bill_after(bill, policy(1, 60), Status::running, at(20));
  CHECK(bill.open_since == at(0));
  bill = bill_after(bill, policy(1, 60), Status::terminated, at(30));
  CHECK(bill.closed == seconds(60));
}

TEST_CASE("an hour at 0.01 is exactly 0.01 USD") {
  Bill bill = bill_after({}, policy(), Status::running, at(0));
  bill = bill_after(bill, policy(), Status::stopping, at(3600));
  CHECK(cost_of(HourlyRate{100}, bill.closed).rate_seconds == 100 * 3600);
}
