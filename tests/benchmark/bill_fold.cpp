#include "tests/benchmark/bill_fold.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <simdjson.h>

namespace vsim::bench {
namespace {

bool starts_billing(std::string_view type) {
  return type == "server_started" || type == "server_provisioned";
}

bool ends_billing(std::string_view type) {
  return type == "server_stopping" || type == "server_stopped" || type == "server_terminating" ||
         type == "server_terminated";
}

}  // namespace

std::optional<BillFold::Moment> parse_moment(std::string_view text) {
  const std::string copy(text);
  int y = 0;
  int ms = 0;
  unsigned mo = 0;
  unsigned d = 0;
  int h = 0;
  int mi = 0;
  int s = 0;
  const int read =
      std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &y, &mo, &d, &h, &mi, &s, &ms);
  if (read != 7) {
    return std::nullopt;
  }
  using namespace std::chrono;
  return sys_days(year(y) / month(mo) / day(d)) + hours(h) + minutes(mi) + seconds(s) +
         milliseconds(ms);
}

std::int64_t BillFold::seconds_of(Moment since, Moment until) const {
  const auto length = std::max(std::min(until, through_) - since, std::chrono::milliseconds(0));
  return (length.count() + 999) / 1000;
}

void BillFold::add(Account& account, std::string_view type, Moment at) const {
  account.last = at;
  if (starts_billing(type) && !account.since) {
    account.since = at;
  } else if (ends_billing(type) && account.since) {
    account.seconds += seconds_of(*account.since, at);
    account.since.reset();
  }
}

void BillFold::add(std::string_view payload) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element event;
  std::string_view type;
  std::string_view id;
  if (parser.parse(payload.data(), payload.size()).get(event) != simdjson::SUCCESS ||
      event["type"].get(type) != simdjson::SUCCESS) {
    error_ = "an event is no JSON with a type";
    return;
  }
  const bool of_a_server =
      type.starts_with("server_") && event["server_id"].get(id) == simdjson::SUCCESS;
  if (!of_a_server || !id.starts_with(prefix_)) {
    return;
  }
  ++events_;
  std::string_view at_text;
  std::uint64_t version = 0;
  const bool whole = event["at"].get(at_text) == simdjson::SUCCESS &&
                     event["version"].get(version) == simdjson::SUCCESS;
  const auto at = whole ? parse_moment(at_text) : std::nullopt;
  Account& account = servers_[std::string(id)];
  if (!at || version <= account.version || *at < account.last) {
    error_ = fmt::format("server {}: version or time is missing or goes back", id);
    return;
  }
  account.version = version;
  if (account.rate == 0) {
    std::int64_t rate = 0;
    if (event["data"]["terms"]["hourly_rate"].get(rate) != simdjson::SUCCESS) {
      error_ = fmt::format("server {}: its first event has no hourly rate", id);
      return;
    }
    account.rate = rate;
  }
  add(account, type, *at);
}

std::int64_t BillFold::rate_seconds() const {
  std::int64_t sum = 0;
  for (const auto& [id, account] : servers_) {
    const auto open = account.since ? seconds_of(*account.since, through_) : 0;
    sum += account.rate * (account.seconds + open);
  }
  return sum;
}

}  // namespace vsim::bench
