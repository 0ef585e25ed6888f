#include "ops/process/wall_clock.h"

#include <utility>

#include "schema/messages/clock_report.h"
#include "schema/messages/subjects.h"

namespace vsim::process {

WallClock::WallClock(std::string program, const eventstore::Broker& broker,
                     telemetry::Metrics& metrics)
    : program_(std::move(program)),
      broker_(broker),
      gauges_(metrics),
      watch_(broker, std::string(messages::events_stream), time_, [this] { report(); }) {
  metrics.on_collect([this] { gauges_.show(reading()); });
}

telemetry::ClockReading WallClock::reading() const {
  const auto status = time_.status();
  telemetry::ClockReading reading;
  if (status.known) {
    reading.offset = status.offset;
  }
  reading.uncertainty = status.uncertainty;
  reading.age = status.age;
  reading.jumps = status.jumps;
  reading.last_jump = status.last_jump;
  reading.trouble = time_.trouble();
  return reading;
}

void WallClock::report() {
  gauges_.log_changes(reading());
  const auto status = time_.status();
  if (!status.known || !broker_.connected()) {
    return;
  }
  broker_.publish(
      std::string(messages::clock_report_subject),
      messages::encode(messages::this_process(program_, status.offset, status.uncertainty)));
}

}  // namespace vsim::process
