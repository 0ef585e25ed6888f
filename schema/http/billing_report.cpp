#include "schema/http/billing_report.h"

#include <algorithm>
#include <array>
#include <optional>

#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using read_model::BillingPeriodRow;
using std::chrono::days;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 5> group_names = {"region", "type", "server", "day",
                                                         "account"};

tl::expected<std::optional<Instant>, std::string> read_moment(const QueryString& query,
                                                              std::string_view name) {
  const std::string* text = query.find(name);
  if (text == nullptr) {
    return std::optional<Instant>();
  }
  const auto at = messages::parse_instant(*text);
  if (!at) {
    return tl::unexpected(std::string(name) + " is \"" + *text +
                          "\"; give a time in UTC such as 2026-03-01T00:00:00Z");
  }
  return at;
}

// RFC 3339 begins with the year 0.
constexpr Instant first_moment = sys_days(std::chrono::year(0) / 1 / 1);

/// The begin of the month in which a window that ends at `to` has its last moment.
Instant month_begin(Instant to) {
  const auto last = std::max(to - Duration(1), first_moment);
  const std::chrono::year_month_day day(std::chrono::floor<days>(last));
  return sys_days(day.year() / day.month() / 1);
}

void add_to(BilledSum& sum, const BillingPeriodRow& row, std::chrono::seconds part) {
  sum.seconds += part;
  sum.rate_seconds += cost_of(row.rate, part).rate_seconds;
}

/// Where there is one item for each; days are cut otherwise.
std::string key_of(const BillingPeriodRow& row, BillingGroup group) {
  switch (group) {
    case BillingGroup::region:
      return row.region;
    case BillingGroup::type:
      return row.type;
    case BillingGroup::account:
      return row.account;
    case BillingGroup::server:
    case BillingGroup::day:
      break;
  }
  return row.server.to_string();
}

}  // namespace

std::string_view to_string(BillingGroup group) {
  return group_names[static_cast<std::size_t>(group)];
}

std::optional<Instant> billing_end_asked(const QueryString& query) {
  return read_moment(query, "to").value_or(std::nullopt);
}

tl::expected<BillingRequest, std::string> read_billing_request(const QueryString& query,
                                                               Instant now,
                                                               std::optional<Instant> applied) {
  if (const auto complaint = query.complaint_unless({"account", "from", "to", "group_by"})) {
    return tl::unexpected(*complaint);
  }
  const auto from = read_moment(query, "from");
  const auto to = read_moment(query, "to");
  if (!from || !to) {
    return tl::unexpected(from ? to.error() : from.error());
  }
  BillingRequest request;
  request.as_of = applied.value_or(now);
  request.to = std::min(to->value_or(now), request.as_of);
  request.from = from->value_or(month_begin(request.to));
  if (request.from > to->value_or(now)) {
    return tl::unexpected(
        "from is after to" +
        (*to ? std::string() : ", which is now, " + messages::format_instant(now)) +
        "; give a from that is before it");
  }
  request.to = std::max(request.to, request.from);
  if (const std::string* group = query.find("group_by")) {
    const auto found = std::find(group_names.begin(), group_names.end(), *group);
    if (found == group_names.end()) {
      return tl::unexpected("group_by is \"" + *group +
                            "\"; there are region, type, server, day and account");
    }
    request.group_by = static_cast<BillingGroup>(found - group_names.begin());
  }
  return request;
}

void BillingReport::add(const BillingPeriodRow& row) {
  if (is_too_long()) {
    return;
  }
  if (request_.group_by == BillingGroup::day) {
    return add_by_day(row);
  }
  const auto part = billed_between(row.policy, row.period, request_.from, request_.to);
  if (part.count() == 0) {
    return;
  }
  add_to(keyed_[key_of(row, request_.group_by)], row, part);
}

void BillingReport::add_by_day(const BillingPeriodRow& row) {
  const Instant end = std::min(request_.to, row.period.ended.value_or(request_.to));
  auto day = std::chrono::floor<days>(std::max(request_.from, row.period.began));
  do {
    const auto part = billed_between(row.policy, row.period, std::max<Instant>(day, request_.from),
                                     std::min<Instant>(day + days(1), request_.to));
    if (part.count() > 0) {
      add_to(days_[day], row, part);
    }
    day += days(1);
  } while (day < end && !is_too_long());
}

std::vector<BillingItem> BillingReport::items() const {
  std::vector<BillingItem> items;
  items.reserve(keyed_.size() + days_.size());
  for (const auto& [key, sum] : keyed_) {
    items.push_back({key, sum});
  }
  for (const auto& [day, sum] : days_) {
    items.push_back({messages::format_instant(day).substr(0, 10), sum});
  }
  return items;
}

BilledSum BillingReport::total() const {
  BilledSum total;
  const auto add = [&](const BilledSum& sum) {
    total.seconds += sum.seconds;
    total.rate_seconds += sum.rate_seconds;
  };
  for (const auto& [key, sum] : keyed_) {
    add(sum);
  }
  for (const auto& [day, sum] : days_) {
    add(sum);
  }
  return total;
}

}  // namespace vsim::http
