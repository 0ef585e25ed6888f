#include "domain/billing.h"

#include <algorithm>

namespace vsim {

std::chrono::seconds billed_seconds(const BillingPolicy& policy, Duration length) {
  const auto grain = Duration(policy.granularity);
  const auto grains = (length + grain - Duration(1)) / grain;  // rounds up
  return std::max(policy.granularity * grains, policy.minimum);
}

Bill bill_after(Bill bill, const BillingPolicy& policy, Status to, Instant at) {
  const bool bills = policy.bills(to);
  if (bill.open_since && !bills) {
    bill.closed += billed_seconds(policy, at - *bill.open_since);
    bill.open_since.reset();
  }
  if (!bill.open_since && bills) {
    bill.open_since = at;
  }
  return bill;
}

std::chrono::seconds billed_total(const Bill& bill, const BillingPolicy& policy, Instant at) {
  if (!bill.open_since) {
    return bill.closed;
  }
  const auto length = std::max(at, *bill.open_since) - *bill.open_since;
  return bill.closed + billed_seconds(policy, length);
}

std::chrono::seconds accrued(const Bill& bill, const BillingPolicy& policy,
                             std::optional<Instant> watermark) {
  if (!watermark || !bill.open_since || *watermark <= *bill.open_since) {
    return bill.closed;
  }
  return billed_total(bill, policy, *watermark);
}

std::chrono::seconds billed_between(const BillingPolicy& policy, const BillingPeriod& period,
                                    Instant from, Instant to) {
  const auto until = [&](Instant at) {
    if (at <= period.began) {
      return std::chrono::seconds(0);
    }
    const auto end = period.ended ? std::min(at, *period.ended) : at;
    return billed_seconds(policy, end - period.began);
  };
  return from < to ? until(to) - until(from) : std::chrono::seconds(0);
}

}  // namespace vsim
