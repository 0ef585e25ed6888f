#include "ops/vsimctl/doctor/clock_reports.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

constexpr std::chrono::milliseconds patience{1500};  // each process tells once a second

}  // namespace

ClockReports::ClockReports(const eventstore::Broker& broker)
    : broker_(broker),
      errors_before_(broker.permission_errors()),
      subscription_(broker.subscribe(std::string(messages::clock_report_subject))),
      until_(std::chrono::steady_clock::now() + patience) {}

std::vector<messages::ClockReport> ClockReports::collect() {
  std::map<std::string, messages::ClockReport> newest;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
    // What has come while the caller did other things for longer is there to be taken.
    if (left.count() <= 0 && subscription_->pending() == 0) {
      break;
    }
    const auto message = subscription_->next(std::max(left, std::chrono::milliseconds(1)));
    if (!message) {
      break;  // the broker has gone: others tell of that
    }
    if (!*message) {
      continue;
    }
    const auto report = messages::read_clock_report((*message)->payload);
    if (report) {
      newest.insert_or_assign(process_of(*report), *report);
    }
  }
  std::vector<messages::ClockReport> reports;
  for (auto& [process, report] : newest) {
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string process_of(const messages::ClockReport& report) {
  return fmt::format("{} {} on {}", report.process, report.pid, report.host);
}

std::string offset_of(const messages::ClockReport& report) {
  const std::chrono::duration<double> offset = report.offset;
  return fmt::format("{:.3f} s {} the broker's", std::abs(offset.count()),
                     offset.count() < 0 ? "behind" : "ahead of");
}

}  // namespace vsim::vsimctl
