#include "schema/messages/clock_report.h"

#include <unistd.h>

#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

ClockReport this_process(std::string name, std::chrono::nanoseconds offset,
                         std::chrono::nanoseconds uncertainty) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return {.process = std::move(name),
          .host = host,
          .pid = static_cast<std::uint64_t>(getpid()),
          .offset = duration_cast<microseconds>(offset),
          .uncertainty = duration_cast<microseconds>(uncertainty)};
}

std::string encode(const ClockReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("process", report.process);
  json.member("host", report.host);
  json.member("pid", report.pid);
  json.member("offset_us", report.offset.count());
  json.member("uncertainty_us", report.uncertainty.count());
  json.end_object();
  return json.take();
}

std::optional<ClockReport> read_clock_report(std::string_view json) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return std::nullopt;
  }
  const Fields fields(*object, error);
  ClockReport report;
  report.process = fields.text("process");
  report.host = fields.text("host");
  report.pid = fields.count("pid");
  report.offset = std::chrono::microseconds(fields.integer("offset_us"));
  report.uncertainty = std::chrono::microseconds(fields.integer("uncertainty_us"));
  return error.empty() ? std::optional(report) : std::nullopt;
}

}  // namespace vsim::messages
