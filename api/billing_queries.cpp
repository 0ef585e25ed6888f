#include "api/billing_queries.h"

#include "api/answers.h"
#include "schema/http/billing_report.h"
#include "schema/http/preferences.h"

namespace vsim::api {
namespace {

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
  clock_.refresh();  // money: a change of the clock a moment ago must count
  const auto request = http::read_billing_request(*query, clock_.now());
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
  const auto report = read_side_.read([&](read_model::Transaction& tx) {
    http::BillingReport sums(*request);
    read_model::for_each_billing_period(
        tx, request->from, request->to,
        [&](const read_model::BillingPeriodRow& period) { sums.add(period); });
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
  return answer;
}

}  // namespace vsim::api
