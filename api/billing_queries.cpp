#include "api/billing_queries.h"

#include <algorithm>

#include "api/answers.h"
#include "schema/http/billing_report.h"
#include "schema/http/preferences.h"
#include "schema/messages/instant_text.h"

namespace vsim::api {
namespace {

// Commands under way are decided in milliseconds; without a worker the wait is in vain.
constexpr std::chrono::seconds final_wait_default{1};

HttpResponse csv_answer(std::string body) {
  HttpResponse response = json_answer(200, std::move(body));
  response.content_type = "text/csv; charset=utf-8; header=present";
  return response;
}

}  // namespace

Answer BillingQueries::get(const Call& call) {
  const auto query = http::QueryString::parse(call.request.query);
  if (!query) {
    return tl::unexpected(invalid(query.error()));
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto preferences = http::read_preferences(call.request.joined_header("Prefer"));
  if (!preferences) {
    return tl::unexpected(invalid(preferences.error()));
  }
  // Mistakes that do not depend on the time are answered before the wait.
  auto request = http::read_billing_request(*query, advance_end);
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
  const auto reach = applied_.reach(http::billing_end_asked(*query),
                                    preferences->wait.value_or(final_wait_default));
  if (!reach) {
    return tl::unexpected(reach.error());
  }
  request =
      http::read_billing_request(*query, std::max(clock_.now(), reach->applied), reach->applied);
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
  request->final_until = reach->final_until;
  const auto report = read_side_.read([&](read_model::Transaction& tx) {
    http::BillingReport sums(*request);
    read_model::for_each_billing_period(
        tx, request->from, request->to,
        [&](const read_model::BillingPeriodRow& period) { sums.add(period); }, call.scope.only);
    return sums;
  });
  if (!report) {
    return tl::unexpected(report.error());
  }
  if (report->is_too_long()) {
    return tl::unexpected(invalid("the bill has more than " +
                                  std::to_string(http::BillingReport::items_max) +
                                  " items; take a shorter window or group_by=region"));
  }
  auto answer = http::prefers_csv(call.request.joined_header("Accept"))
                    ? csv_answer(http::render_billing_csv(*report))
                    : json_answer(200, http::render_billing(*report));
  answer.add("Vary", "Accept");
  answer.add("Vsim-As-Of", messages::format_instant(reach->applied));
  if (reach->final_until) {
    answer.add("Vsim-Final-Until", messages::format_instant(*reach->final_until));
  }
  if (preferences->wait) {
    answer.add("Preference-Applied", "wait=" + std::to_string(preferences->wait->count()));
  }
  return answer;
}

}  // namespace vsim::api
