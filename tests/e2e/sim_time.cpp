#include "tests/e2e/sim_time.h"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "tests/harness/servers.h"

namespace e2e {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::sys_time;
using std::chrono::year_month_day;

harness::Json clock_in(const harness::HttpAnswer& answer) {
  if (answer.status != 200) {
    throw harness::UnexpectedAnswer("clock: " + describe(answer));
  }
  return answer.json();
}

}  // namespace

std::int64_t moment(const std::string& rfc3339) {
  int y = 0;
  unsigned mon = 0;
  unsigned d = 0;
  int h = 0;
  int min = 0;
  int s = 0;
  int ms = 0;
  if (std::sscanf(rfc3339.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &y, &mon, &d, &h, &min, &s,
                  &ms) != 7) {
    throw harness::JsonError("'" + rfc3339 + "' is no time with milliseconds");
  }
  const sys_days date = std::chrono::year(y) / std::chrono::month(mon) / std::chrono::day(d);
  return ((date.time_since_epoch().count() * 24LL + h) * 60 + min) * 60 * second + s * second + ms;
}

std::string rfc3339(std::int64_t moment) {
  const sys_time<milliseconds> at{milliseconds(moment)};
  const auto midnight = std::chrono::floor<days>(at);
  const year_month_day date(midnight);
  const auto ms = (at - midnight).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     ms / hour, ms / 60 / second % 60, ms / second % 60, ms % second);
}

std::int64_t next_month(std::int64_t moment) {
  const sys_time<milliseconds> at{milliseconds(moment)};
  const year_month_day date(std::chrono::floor<days>(at));
  const auto next = date.year() / date.month() + std::chrono::months(1);
  return std::chrono::duration_cast<milliseconds>(sys_days(next / 1).time_since_epoch()).count();
}

harness::Json clock_of(harness::HttpClient& client) { return clock_in(client.get("/clock")); }

harness::Json advance(harness::HttpClient& client, std::int64_t by) {
  return clock_in(client.post(
      "/clock", fmt::format(R"({{"advance_seconds":{}.{:03}}})", by / second, by % second)));
}

harness::Json event_of(harness::HttpClient& client, const std::string& id,
                       const std::string& type) {
  for (const harness::Json& entry : client.get("/servers/" + id + "/logs").json().elements()) {
    if (entry["event"].text() == type) {
      return entry;
    }
  }
  throw harness::UnexpectedAnswer("server " + id + " has no event " + type);
}

}  // namespace e2e
