#include "api/health.h"

#include <httplib.h>
#include <simdjson.h>

#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_kept = 300ms;
constexpr auto standstill_max = 5s;  // of the projection, with events still to come

/// A number inside of an answer of the broker; nothing when it is not there.
std::optional<std::uint64_t> number_at(std::string_view json, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::uint64_t value = 0;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root.at_pointer(pointer).get(value) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return value;
}

/// "always", or the interval: what the broker's monitor says; empty when it says nothing.
std::string ask_monitor(const std::string& url) {
  httplib::Client client(url);
  client.set_connection_timeout(1);
  client.set_read_timeout(1);
  const auto answer = client.Get("/varz");
  if (!answer || answer->status != 200) {
    return {};
  }
  simdjson::dom::parser parser;
  simdjson::dom::element config;
  if (parser.parse(answer->body).at_pointer("/jetstream/config").get(config) != simdjson::SUCCESS) {
    return {};
  }
  bool always = false;
  if (config["sync_always"].get(always) == simdjson::SUCCESS && always) {
    return "always";
  }
  std::uint64_t interval_ns = 0;
  if (config["sync_interval"].get(interval_ns) != simdjson::SUCCESS) {
    return {};
  }
  return std::to_string(interval_ns / 1'000'000'000) + "s";
}

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
    check_projection(readiness, log_end.value_or(0));
    if (!clock_.started()) {
      readiness.reasons.emplace_back(
          "the log holds no clock event: no worker has run yet; start one");
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
  const auto stream =
      broker_.api("$JS.API.STREAM.INFO." + std::string(messages::commands_stream), "");
  const auto consumer =
      broker_.api("$JS.API.CONSUMER.INFO." + std::string(messages::commands_stream) + "." +
                      std::string(messages::commands_consumer),
                  "");
  if (!stream || !consumer) {
    readiness.reasons.emplace_back("the stream COMMANDS or its consumer cannot be asked: " +
                                   (stream ? consumer.error().detail : stream.error().detail) +
                                   "; a worker makes them at its start");
    return;
  }
  const auto waiting = number_at(*stream, "/state/messages").value_or(0);
  const auto pulls = number_at(*consumer, "/num_waiting").value_or(0);
  const auto in_hand = number_at(*consumer, "/num_ack_pending").value_or(0);
  readiness.facts.emplace_back("commands_waiting", std::to_string(waiting));
  readiness.facts.emplace_back("commands_in_hand", std::to_string(in_hand));
  if (pulls == 0 && in_hand == 0) {
    readiness.reasons.emplace_back("no worker takes commands; start one with the role commands");
  }
}

std::optional<std::uint64_t> Health::report_log(telemetry::Readiness& readiness) {
  const auto events =
      broker_.api("$JS.API.STREAM.INFO." + std::string(messages::events_stream), "");
  if (!events) {
    readiness.reasons.emplace_back("the stream EVENTS cannot be asked: " + events.error().detail +
                                   "; a worker makes it at its start");
    return std::nullopt;
  }
  const auto last = number_at(*events, "/state/last_seq");
  readiness.facts.emplace_back("log_end", std::to_string(last.value_or(0)));
  readiness.facts.emplace_back(
      "log_replicas", std::to_string(number_at(*events, "/config/num_replicas").value_or(1)));
  return last;
}

void Health::report_durability(telemetry::Readiness& readiness) {
  if (sync_.empty() && !monitor_url_.empty()) {
    sync_ = ask_monitor(monitor_url_);
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
