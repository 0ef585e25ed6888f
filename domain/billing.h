#pragma once

// The bill of one server: a fold over its status changes, exact whatever the tick. D20

#include <optional>

#include "domain/ids.h"
#include "domain/lifecycle_profile.h"

namespace vsim {

/// What a server has cost: the closed periods, and where the open one began.
struct Bill {
  std::chrono::seconds closed{0};     // billed seconds of the closed periods
  std::optional<Instant> open_since;  // the running period's begin, while the server is billable
  bool operator==(const Bill&) const = default;
};

/// The seconds that a period of this length is billed for.
std::chrono::seconds billed_seconds(const BillingPolicy& policy, Duration length);

/// Opens or closes the period when a server's status changes at `at`.
Bill bill_after(Bill bill, const BillingPolicy& policy, Status to, Instant at);

/// The closed periods and the open one together, as of `at`. Never falls as `at` grows; closing the
/// open period at `at` bills just this much.
std::chrono::seconds billed_total(const Bill& bill, const BillingPolicy& policy, Instant at);

/// The same as it was billed by a watermark: a period that began at or after it does not count yet.
/// `watermark` none: nothing that runs has been billed.
std::chrono::seconds accrued(const Bill& bill, const BillingPolicy& policy,
                             std::optional<Instant> watermark);

/// A stretch of billable time; without an end it still runs.
struct BillingPeriod {
  Instant began;
  std::optional<Instant> ended;
  bool operator==(const BillingPeriod&) const = default;
};

/// What of a period's billed seconds belongs to the window [from, to). The parts of windows that
/// adjoin add up to the whole, to the second: a second that is rounded up at a border belongs
/// before it, the minimum to the window in which the period began. For a running period `to` must
/// not be later than now.
std::chrono::seconds billed_between(const BillingPolicy& policy, const BillingPeriod& period,
                                    Instant from, Instant to);

/// Everything in the region is billed up to `through`: one event per region and interval, however
/// many servers there are.
struct BillingWatermark {
  Region region;
  Version version = 0;  // counts the region's watermarks
  Instant through;
  bool operator==(const BillingWatermark&) const = default;
};

inline Cost cost_of(HourlyRate rate, std::chrono::seconds billed) {
  return {rate.ten_thousandths_usd * billed.count()};
}

}  // namespace vsim
