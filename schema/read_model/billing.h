#pragma once

// Tables `billing_periods` and `billing_watermarks`: what is billed, and up to when it has been.

#include <functional>
#include <map>
#include <string>

#include "domain/billing.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct BillingPeriodRow {
  ServerId server;
  std::string region;
  std::string type;
  std::string account;
  HourlyRate rate;
  BillingPolicy policy;  // only granularity and minimum are read back
  BillingPeriod period;
};

/// Calls `use` with each period of which a part lies in [from, to), and with those of no length
/// that began in it, ordered by begin, server and version, of all accounts or of one: all as of one
/// moment. The rows come
/// through a cursor, some thousands at a time, so memory does not grow with their number. For
/// ConnectionPool::read(), which may run a query twice: what `use` sums must begin anew with it. An
/// exception of `use` ends the walk and leaves the connection as it was.
void for_each_billing_period(Transaction& tx, Instant from, Instant to,
                             const std::function<void(const BillingPeriodRow&)>& use,
                             const std::optional<std::string>& account = std::nullopt);

/// The last watermark of each region that has one.
std::map<std::string, Instant> billing_watermarks(Transaction& tx);

}  // namespace vsim::read_model
