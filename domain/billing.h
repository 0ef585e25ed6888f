#pragma once

// The bill of one server: a fold over its status changes, exact whatever the tick.

#include <optional>

#include "domain/lifecycle_profile.h"

namespace vsim {

/// What a server has cost: the closed periods, and where the open one began.
struct Bill {
  std::chrono::seconds settled{0};    // billed seconds of the closed periods
  std::optional<Instant> open_since;  // the running period's begin, while the server is billable
  bool operator==(const Bill&) const = default;
};

/// The seconds that a period of this length is billed for.
std::chrono::seconds billed_seconds(const BillingPolicy& policy, Duration length);

/// Opens or closes the period when a server's status changes at `at`.
Bill bill_after(Bill bill, const BillingPolicy& policy, Status to, Instant at);

/// Settled and open together, as of `at`. Never falls as `at` grows, and closing the open period at
/// `at` settles just this much.
std::chrono::seconds billed_total(const Bill& bill, const BillingPolicy& policy, Instant at);

inline Cost cost_of(HourlyRate rate, std::chrono::seconds billed) {
  return {rate.ten_thousandths_usd * billed.count()};
}

}  // namespace vsim
