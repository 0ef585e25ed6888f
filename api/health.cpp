#include "api/health.h"

#include "api/broker_facts.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_kept = 300ms;
constexpr auto standstill_max = 5s;  // of the projection, with events still to come

}  // namespace

telemetry::Readiness Health::check() {
  const std::lock_guard lock(mutex_);
  if (last_ && Clock::now() - checked_ < answer_kept) {
    return *last_;
  }
  telemetry::Readiness readiness;
  check_broker(readiness);
  if (readiness.ready()) {
    check_commands(readiness);
    const auto log_end = report_log(readiness);
    report_durability(readiness);
    if (log_end) {
      check_projection(readiness, *log_end);
    }
    if (!clock_.started()) {
      readiness.reasons.emplace_back("the log holds no clock event yet; run vsimctl migrate");
    }
  }
  last_ = readiness;
  checked_ = Clock::now();
  return readiness;
}

void Health::check_broker(telemetry::Readiness& readiness) {
  readiness.facts.emplace_back("broker_version", broker_.server_version());
  readiness.facts.emplace_back("broker_reconnects", std::to_string(broker_.reconnects()));
  if (!broker_.connected()) {
    readiness.reasons.emplace_back("not connected to NATS; is nats-server running?");
  }
}

void Health::check_commands(telemetry::Readiness& readiness) {
  const auto stream = stream_facts(broker_, messages::commands_stream);
  const auto consumer =
      consumer_facts(broker_, messages::commands_stream, messages::commands_consumer);
  if (!stream || !consumer) {
    readiness.reasons.emplace_back("the stream COMMANDS or its consumer cannot be asked: " +
                                   (stream ? consumer.error().detail : stream.error().detail) +
                                   "; run vsimctl migrate");
    return;
  }
  readiness.facts.emplace_back("commands_waiting", std::to_string(stream->messages));
  readiness.facts.emplace_back("commands_in_hand", std::to_string(consumer->in_hand));
  if (consumer->pulls_waiting == 0 && consumer->in_hand == 0) {
    readiness.reasons.emplace_back("no worker takes commands; start one with the role commands");
  }
}

std::optional<std::uint64_t> Health::report_log(telemetry::Readiness& readiness) {
  const auto events = stream_facts(broker_, messages::events_stream);
  if (!events) {
    readiness.reasons.emplace_back("the stream EVENTS cannot be asked: " + events.error().detail +
                                   "; run vsimctl migrate");
    return std::nullopt;
  }
  readiness.facts.emplace_back("log_end", std::to_string(events->last_sequence));
  readiness.facts.emplace_back("log_replicas", std::to_string(events->replicas));
  return events->last_sequence;
}

void Health::report_durability(telemetry::Readiness& readiness) {
  if (sync_.empty() && !monitor_url_.empty()) {
    sync_ = ask_sync_interval(monitor_url_);
  }
  readiness.facts.emplace_back("log_sync_interval",
                               sync_.empty() ? "unknown (NATS_MONITOR_URL tells)" : sync_);
}

void Health::check_projection(telemetry::Readiness& readiness, std::uint64_t log_end) {
  const auto checkpoint = pool_.read([](read_model::Transaction& tx) {
    return read_model::find_checkpoint(tx, messages::events_stream);
  });
  if (!checkpoint) {
    const bool reachable = checkpoint.error().kind != read_model::DatabaseError::Kind::unavailable;
    readiness.reasons.emplace_back(
        (reachable ? "the read models cannot be used: " : "Postgres cannot be reached: ") +
        checkpoint.error().detail);
    return;
  }
  if (!*checkpoint) {
    readiness.reasons.emplace_back(
        "nothing has been projected yet; start a worker with the role "
        "projector");
    return;
  }
  const std::uint64_t projected = (*checkpoint)->sequence;
  readiness.facts.emplace_back("projected", std::to_string(projected));
  readiness.facts.emplace_back("projection_lag",
                               std::to_string(log_end > projected ? log_end - projected : 0));
  if (projected > log_end) {
    readiness.reasons.emplace_back("the log ends at " + std::to_string(log_end) +
                                   " but the read models come from " + std::to_string(projected) +
                                   " events: the log went backwards (restored or wiped); an "
                                   "operator must rebuild the read models");
  }
  const auto now = Clock::now();
  if (projected != projected_ || projected >= log_end) {
    projected_ = projected;
    projected_since_ = now;
  } else if (now - projected_since_ > standstill_max) {
    readiness.reasons.emplace_back("the projection stands still at " + std::to_string(projected) +
                                   " of " + std::to_string(log_end) +
                                   "; is a projector running, and what does its log say?");
  }
}

}  // namespace vsim::api
