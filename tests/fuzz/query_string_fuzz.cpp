// Query strings as they stand in a URL: what is read is printable, each name stands once, numbers
// are within what was asked for, and so is a bill's window.

#include <string_view>

#include "schema/http/billing_report.h"
#include "schema/http/query_string.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

void check_numbers(const http::QueryString& query) {
  for (const auto* name : {"limit", "offset", "before"}) {
    const auto limit = query.number(name, 1, 200, 50);
    must_hold(!limit || (*limit >= 1 && *limit <= 200), "a limit is within its bounds");
    must_hold(query.find(name) != nullptr || limit == 50, "what is not given is the default");
  }
}

void check_tags(const http::QueryString& query) {
  for (const auto& [key, value] : query.tags()) {
    const std::string* found = query.find("tag." + key);
    must_hold(found != nullptr && *found == value, "a tag is the parameter of its name");
    must_hold(http::is_printable_utf8(key) && http::is_printable_utf8(value),
              "what is read can be shown");
  }
}

void check_bill(const http::QueryString& query) {
  constexpr Instant now = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  const auto bill = http::read_billing_request(query, now);
  must_hold(!bill || (bill->from <= bill->to && bill->to <= std::max(now, bill->from)),
            "a window begins before it ends");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = http::QueryString::parse(text);
  if (!query) {
    must_hold(http::is_printable_utf8(query.error()), "a refusal can be shown");
    return 0;
  }
  check_numbers(*query);
  check_tags(*query);
  check_bill(*query);
  const bool known = !query->complaint_unless({"limit", "tag."});
  must_hold(!known || query->find("status") == nullptr, "what is not known is reported");
  return 0;
}
