// Goal: a bill whose parts add up to the digit, however it is grouped and wherever its window cuts,
// in JSON and in CSV.
// Method: periods worked out by hand against the whole text; random periods against the bill of the
// whole, with the seed in the message.

#include "schema/http/billing_report.h"

#include <random>

#include <doctest/doctest.h>

#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using read_model::BillingPeriodRow;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Instant at(const char* text) { return messages::parse_instant(text).value(); }

const Instant march = at("2026-03-01T00:00:00Z");
const Instant april = at("2026-04-01T00:00:00Z");

ServerId server(std::uint8_t number) {
  ServerId id;
  id.uuid.bytes[15] = number;
  return id;
}

BillingPeriodRow period(Instant began, std::optional<Instant> ended) {
  BillingPeriodRow row;
  row.server = server(1);
  row.region = "us-east-1";
  row.type = "t2.micro";
  row.rate = {100};
  row.policy.granularity = seconds(1);
  row.policy.minimum = seconds(0);
  row.period = {began, ended};
  return row;
}

BillingRequest request(Instant from, Instant to, BillingGroup group = BillingGroup::region) {
  return {from, to, to, std::nullopt, group};
}

BillingReport report_of(const BillingRequest& wanted, const std::vector<BillingPeriodRow>& rows) {
  BillingReport report(wanted);
  for (const auto& row : rows) {
    report.add(row);
  }
  return report;
}

/// The items as "key seconds", in their order.
std::string text_of(const BillingReport& report) {
  std::string text;
  for (const auto& item : report.items()) {
    text += (text.empty() ? "" : ", ") + item.key + ' ' + std::to_string(item.sum.seconds.count());
  }
  return text;
}

tl::expected<BillingRequest, std::string> asked(const std::string& query, Instant now) {
  return read_billing_request(QueryString::parse(query).value(), now);
}

}  // namespace

TEST_CASE("a bill is shown whole, in a fixed order") {
  auto other = period(march + hours(1), std::nullopt);
  other.region = "eu-west-1";
  other.rate = {1};
  const auto report =
      report_of(request(march, april), {period(march - hours(5), march + days(30)), other});
  CHECK(render_billing(report) ==
        R"({"from":"2026-03-01T00:00:00.000Z","to":"2026-04-01T00:00:00.000Z",)"
        R"("as_of":"2026-04-01T00:00:00.000Z","final_until":null,"group_by":"region","items":[)"
        R"({"region":"eu-west-1","billed_seconds":2674800,"rate_seconds":2674800,)"
        R"("cost":0.0743},)"
        R"({"region":"us-east-1","billed_seconds":2592000,"rate_seconds":259200000,"cost":7.2}],)"
        R"("total":{"billed_seconds":5266800,"rate_seconds":261874800,"cost":7.2743}})");
  CHECK(render_billing_csv(report) ==
        "region,billed_seconds,rate_seconds,cost\r\n"
        "eu-west-1,2674800,2674800,0.0743\r\n"
        "us-east-1,2592000,259200000,7.2\r\n"
        "total,5266800,261874800,7.2743\r\n");
}

TEST_CASE("a bill of nothing is a total of nothing") {
  const auto report = report_of(request(march, march), {period(march, std::nullopt)});
  CHECK(render_billing(report).ends_with(
      R"("items":[],"total":{"billed_seconds":0,"rate_seconds":0,"cost":0}})"));
  CHECK(render_billing_csv(report) == "region,billed_seconds,rate_seconds,cost\r\ntotal,0,0,0\r\n");
}

TEST_CASE("CSV quotes what would break a line") {
  auto row = period(march, march + seconds(1));
  row.type = "big, \"bad\"";
  const auto csv = render_billing_csv(report_of(request(march, april, BillingGroup::type), {row}));
  CHECK(csv.find("\r\n\"big, \"\"bad\"\"\",1,100,0.0000027778\r\n") != std::string::npos);
}

TEST_CASE("shown costs add up where each alone would be rounded up") {
  // Of a dollar's ten decimals each of the three costs 277.78, all together 833.33.
  std::vector<BillingPeriodRow> rows(3, period(march, march + seconds(1)));
  for (std::uint8_t i = 0; i < 3; ++i) {
    rows[i].server = server(i);
    rows[i].rate = {1};
  }
  const auto csv = render_billing_csv(report_of(request(march, april, BillingGroup::server), rows));
  CHECK(csv ==
        "server,billed_seconds,rate_seconds,cost\r\n"
        "00000000-0000-0000-0000-000000000000,1,1,0.0000000278\r\n"
        "00000000-0000-0000-0000-000000000001,1,1,0.0000000278\r\n"
        "00000000-0000-0000-0000-000000000002,1,1,0.0000000277\r\n"
        "total,3,3,0.0000000833\r\n");
}

TEST_CASE("a sum beyond 64 bits is exact") {
  auto row = period(at("2026-01-01T00:00:00Z"), at("8999-01-01T00:00:00Z"));
  row.rate = {1'000'000};
  BillingReport report(request(at("2000-01-01T00:00:00Z"), at("8999-01-01T00:00:00Z")));
  for (int i = 0; i < 100; ++i) {
    report.add(row);
  }
  // 6973 years: 2546836 days.
  CHECK(report.total().seconds == 100 * seconds(220'046'630'400));
  CHECK(to_text(report.total().rate_seconds) == "22004663040000000000");
  CHECK(usd_of_parts(usd_parts(report.total().rate_seconds)) == "611240640000");
}

TEST_CASE("a day's share is cut at midnight, and a day without any is not shown") {
  const auto daily = request(march, april, BillingGroup::day);
  CHECK(text_of(report_of(daily, {period(march + hours(23), march + days(2) + minutes(1))})) ==
        "2026-03-01 3600, 2026-03-02 86400, 2026-03-03 60");
  CHECK(text_of(report_of(daily, {period(march + hours(23), march + days(1))})) ==
        "2026-03-01 3600");
  CHECK(text_of(report_of(daily, {period(march - days(1), march + seconds(5)),
                                  period(april - seconds(7), std::nullopt)})) ==
        "2026-03-01 5, 2026-03-31 7");
  CHECK(text_of(report_of(daily, {period(march, march)})).empty());
}

TEST_CASE("the minimum belongs to the day and the window in which the period began") {
  auto brief = period(march + days(1) - seconds(2), march + days(1) + seconds(3));
  brief.policy.minimum = seconds(60);
  CHECK(text_of(report_of(request(march, april, BillingGroup::day), {brief})) == "2026-03-01 60");
  CHECK(text_of(report_of(request(march, march + days(1)), {brief})) == "us-east-1 60");
  CHECK(text_of(report_of(request(march + days(1), april), {brief})).empty());
  auto none = period(march, march);
  none.policy.minimum = seconds(60);
  CHECK(text_of(report_of(request(march, april, BillingGroup::day), {none})) == "2026-03-01 60");
}

TEST_CASE("a part of a second at midnight belongs before it") {
  const auto row = period(march + days(1) - Duration(1), march + days(1) + Duration(1'500));
  CHECK(text_of(report_of(request(march, april, BillingGroup::day), {row})) ==
        "2026-03-01 1, 2026-03-02 1");
}

TEST_CASE("the parts of any grouping, and of windows that adjoin, add up to the whole") {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    const auto draw = [&](std::int64_t least, std::int64_t most) {
      return std::uniform_int_distribution<std::int64_t>(least, most)(chance);
    };
    const Instant now = march + Duration(draw(0, 20 * 86'400'000));
    std::vector<BillingPeriodRow> rows;
    BilledSum expected;
    for (auto i = draw(1, 40); i > 0; --i) {
      const Instant began = now - Duration(draw(0, 30 * 86'400'000LL));
      auto row = period(began, began + Duration(draw(0, (now - began).count())));
      if (draw(0, 3) == 0) {
        row.period.ended.reset();
      }
      row.server = server(static_cast<std::uint8_t>(draw(0, 9)));
      row.region = draw(0, 1) == 0 ? "eu-west-1" : "us-east-1";
      row.rate = {draw(0, 1'000'000)};
      row.policy.granularity = seconds(draw(0, 1) == 0 ? 1 : 3600);
      row.policy.minimum = seconds(draw(0, 1) == 0 ? 0 : 60);
      const auto billed = billed_seconds(row.policy, row.period.ended.value_or(now) - began);
      expected.seconds += billed;
      expected.rate_seconds += cost_of(row.rate, billed).rate_seconds;
      rows.push_back(row);
    }
    const Instant from = now - days(31);
    const Instant border = from + Duration(draw(0, (now - from).count()));
    for (const auto group :
         {BillingGroup::region, BillingGroup::type, BillingGroup::server, BillingGroup::day}) {
      CAPTURE(to_string(group));
      const auto report = report_of(request(from, now, group), rows);
      CHECK(report.total() == expected);
      Int128 shown = 0;
      Int128 before = 0;
      Int128 sum = 0;
      for (const auto& item : report.items()) {
        CHECK(item.sum.seconds.count() > 0);
        sum += item.sum.rate_seconds;
        shown += usd_parts(sum) - usd_parts(before);
        before = sum;
      }
      CHECK(shown == usd_parts(expected.rate_seconds));
      const auto head = report_of(request(from, border, group), rows).total();
      const auto tail = report_of(request(border, now, group), rows).total();
      CHECK(head.seconds + tail.seconds == expected.seconds);
      CHECK(head.rate_seconds + tail.rate_seconds == expected.rate_seconds);
    }
  }
}

TEST_CASE("without a window a bill is of this month so far, by region") {
  const Instant now = at("2026-03-17T10:00:00Z");
  const auto plain = asked("", now);
  REQUIRE(plain);
  CHECK(plain->from == march);
  CHECK(plain->to == now);
  CHECK(plain->as_of == now);
  CHECK(plain->group_by == BillingGroup::region);
}

TEST_CASE("a window is cut where the log has not been applied yet (issue 12, 2)") {
  const Instant now = at("2026-04-01T00:00:05Z");
  const Instant applied = at("2026-03-31T23:59:58Z");
  const auto cut = [&](const std::string& query) {
    return read_billing_request(QueryString::parse(query).value(), now, applied).value();
  };
  const auto open = cut("");
  CHECK(open.from == march);
  CHECK(open.to == applied);
  CHECK(open.as_of == applied);
  CHECK(cut("to=2026-04-01T00:00:01Z").to == applied);
  CHECK(cut("to=2026-03-31T23:59:57Z").to == at("2026-03-31T23:59:57Z"));
  // Begins after what is applied, though not after now: nothing can be said of it yet.
  const auto ahead = cut("from=2026-04-01T00:00:01Z");
  CHECK(ahead.from == ahead.to);
  CHECK(ahead.as_of == applied);
  CHECK(billing_end_asked(QueryString::parse("to=2026-04-01T00:00:01Z").value()) ==
        at("2026-04-01T00:00:01Z"));
  CHECK_FALSE(billing_end_asked(QueryString::parse("").value()));
}

TEST_CASE("a window's end names the month that it begins with, and is cut at now") {
  const Instant now = at("2026-04-17T10:00:00Z");
  const auto whole = asked("to=2026-04-01T00:00:00Z&group_by=day", now);
  REQUIRE(whole);
  CHECK(whole->from == march);
  CHECK(whole->to == april);
  CHECK(whole->group_by == BillingGroup::day);
  const auto ahead = asked("to=2027-01-01T00:00:00Z", now);
  REQUIRE(ahead);
  CHECK(ahead->from == april);
  CHECK(ahead->to == now);
  const auto later = asked("from=2027-01-01T00:00:00Z&to=2027-02-01T00:00:00Z", now);
  REQUIRE(later);
  CHECK(later->from == later->to);
  CHECK(asked("from=2026-04-01T00:00:00Z&to=2026-04-01T00:00:00Z", now));
  CHECK(asked("to=0000-01-01T00:00:00Z", now));
}

TEST_CASE("a bill that cannot be made says what to change") {
  struct Row {
    const char* query;
    const char* expected;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
            "from is after to; give a from that is before it"},
           {"from=2026-05-01T00:00:00Z",
            "from is after to, which is now, 2026-04-01T00:00:00.000Z; give a from that is before "
            "it"},
           {"group_by=colour",
            "group_by is \"colour\"; there are region, type, server, day and account"},
           {"group_by=", "group_by is \"\"; there are region, type, server, day and account"},
           {"group_by=Region",
            "group_by is \"Region\"; there are region, type, server, day and account"},
           {"from=yesterday",
            "from is \"yesterday\"; give a time in UTC such as 2026-03-01T00:00:00Z"},
           {"to=2026-02-30T00:00:00Z",
            "to is \"2026-02-30T00:00:00Z\"; give a time in UTC such as 2026-03-01T00:00:00Z"},
           {"form=2026-02-01T00:00:00Z",
            "parameter \"form\" is not known here; the nearest name is \"from\", and there are "
            "account, from, to, group_by"}}) {
    INFO(row.query);
    const auto request = asked(row.query, april);
    REQUIRE_FALSE(request);
    CHECK(request.error() == row.expected);
  }
}

}  // namespace vsim::http
