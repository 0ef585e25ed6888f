// A bill as JSON and as CSV.

#include "schema/http/billing_report.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_writer.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;

/// Rounds sums from the first item on, never a single item, so that no rounding adds up.
class ShownCosts {
 public:
  std::string next(Int128 rate_seconds) {
    rate_seconds_ += rate_seconds;
    const Int128 shown = usd_parts(rate_seconds_);
    const std::string text = usd_of_parts(shown - shown_);
    shown_ = shown;
    return text;
  }

 private:
  Int128 rate_seconds_ = 0;
  Int128 shown_ = 0;
};

void write_sum(JsonWriter& json, const BilledSum& sum, const std::string& cost) {
  json.member("billed_seconds", sum.seconds.count());
  json.key("rate_seconds");
  json.raw(to_text(sum.rate_seconds));
  json.key("cost");
  json.raw(cost);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return quoted + '"';
}

void append_line(std::string& csv, const std::string& key, const BilledSum& sum,
                 const std::string& cost) {
  csv += csv_field(key) + ',' + std::to_string(sum.seconds.count()) + ',' +
         to_text(sum.rate_seconds) + ',' + cost + "\r\n";
}

}  // namespace

std::string render_billing(const BillingReport& report) {
  const BillingRequest& request = report.request();
  JsonWriter json;
  json.begin_object();
  json.member("from", messages::format_instant(request.from));
  json.member("to", messages::format_instant(request.to));
  json.member("as_of", messages::format_instant(request.as_of));
  json.member_or_null("final_until", request.final_until
                                         ? messages::format_instant(*request.final_until)
                                         : std::string());
  json.member("group_by", to_string(request.group_by));
  json.key("items");
  json.begin_array();
  ShownCosts costs;
  for (const BillingItem& item : report.items()) {
    json.begin_object();
    json.member(to_string(request.group_by), item.key);
    write_sum(json, item.sum, costs.next(item.sum.rate_seconds));
    json.end_object();
  }
  json.end_array();
  const BilledSum total = report.total();
  json.key("total");
  json.begin_object();
  write_sum(json, total, usd_of_parts(usd_parts(total.rate_seconds)));
  json.end_object();
  json.end_object();
  return json.take();
}

std::string render_billing_csv(const BillingReport& report) {
  std::string csv =
      std::string(to_string(report.request().group_by)) + ",billed_seconds,rate_seconds,cost\r\n";
  ShownCosts costs;
  for (const BillingItem& item : report.items()) {
    append_line(csv, item.key, item.sum, costs.next(item.sum.rate_seconds));
  }
  const BilledSum total = report.total();
  append_line(csv, "total", total, usd_of_parts(usd_parts(total.rate_seconds)));
  return csv;
}

}  // namespace vsim::http
