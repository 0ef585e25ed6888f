#pragma once

// What GET /billing asks for, and the answer as a fold over billing periods: pure, no database. D20

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "domain/instant.h"
#include "schema/http/money_text.h"
#include "schema/http/query_string.h"
#include "schema/read_model/billing.h"

namespace vsim::http {

enum class BillingGroup { region, type, server, day, account };

/// As it is asked for, and the head of that column in the answer.
std::string_view to_string(BillingGroup group);

/// A bill of the window [from, to).
struct BillingRequest {
  Instant from;
  Instant to;
  Instant as_of;  // simulated time; `to` is not later, unless the window lies ahead and is empty
  std::optional<Instant> final_until = {};  // what lies before it never changes; none: not known
  BillingGroup group_by = BillingGroup::region;
};

/// Reads from, to and group_by. Without `to`: up to now; what lies ahead of now, or of what is
/// `applied` (none: now), is cut off. Without `from`: from the begin (UTC) of the month in which
/// the window ends.
tl::expected<BillingRequest, std::string> read_billing_request(
    const QueryString& query, Instant now, std::optional<Instant> applied = std::nullopt);

/// `to` as it is asked for; nothing when it is not given or no time.
std::optional<Instant> billing_end_asked(const QueryString& query);

struct BilledSum {
  std::chrono::seconds seconds{0};
  Int128 rate_seconds = 0;  // see domain/money.h
  bool operator==(const BilledSum&) const = default;
};

struct BillingItem {
  std::string key;  // the region, type, server's id, day or account
  BilledSum sum;
  bool operator==(const BillingItem&) const = default;
};

/// Add every period of which a part may lie in the window. One thread.
class BillingReport {
 public:
  /// Items that a report may have; who asks for more is refused.
  static constexpr std::size_t items_max = 1'000'000;

  explicit BillingReport(const BillingRequest& request) : request_(request) {}

  void add(const read_model::BillingPeriodRow& row);

  const BillingRequest& request() const { return request_; }
  bool is_too_long() const { return keyed_.size() + days_.size() > items_max; }

  /// What was billed at all, ordered by key.
  std::vector<BillingItem> items() const;
  /// Their sum, which is the bill of the whole window.
  BilledSum total() const;

 private:
  void add_by_day(const read_model::BillingPeriodRow& row);

  BillingRequest request_;
  std::map<std::string, BilledSum> keyed_;
  std::map<std::chrono::sys_days, BilledSum> days_;
};

/// Each shown cost is what it adds to the shown sum of those before it, so that the shown costs add
/// up to the shown total to the last digit.
std::string render_billing(const BillingReport& report);
/// RFC 4180 with a line of heads; the last line is the total.
std::string render_billing_csv(const BillingReport& report);

}  // namespace vsim::http
