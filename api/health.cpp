#include "api/health.h"

#include <algorithm>

#include "domain/queue_numbers.h"
#include "eventstore/broker_facts.h"
#include "eventstore/direct_get.h"
#include "eventstore/error_words.h"
#include "ops/telemetry/broker_monitor.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/log_identity.h"
#include "schema/read_model/operations.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr auto standstill_max = 5s;  // of the projection, with events still to come

}  // namespace

telemetry::Readiness Health::examine() {
  telemetry::Readiness readiness;
  if (auto trouble = wall_.trouble(); !trouble.empty()) {  // D46
    readiness.reasons.push_back(std::move(trouble));
  }
  // Before the broker is asked: log and queue only grow.
  const auto models = pool_.read([](read_model::Transaction& tx) {
    return ReadModels{read_model::find_checkpoint(tx, messages::events_stream),
                      read_model::newest_command(tx), read_model::syncs_to_disk(tx)};
  });
  const auto log_end = ask_broker(readiness, models ? models->newest_command : 0);
  report_durability(readiness, models);
  check_projection(readiness, models, log_end);
  return readiness;
}

/// Gives the end of the log. Stops at the first question without an answer: the next would have
/// none either, and each takes seconds. That there is no consumer is an answer: what else is wrong
/// is told too.
std::optional<std::uint64_t> Health::ask_broker(telemetry::Readiness& readiness,
                                                StreamSequence newest_command) {
  readiness.facts.emplace_back("broker_version", broker_.server_version());
  readiness.facts.emplace_back("broker_reconnects", std::to_string(broker_.reconnects()));
  if (!broker_.connected()) {
    readiness.reasons.emplace_back("not connected to NATS; is nats-server running?");
    return std::nullopt;
  }
  const auto refuse = [&](const char* what, const eventstore::Error& error) {
    const bool refused = error.kind == eventstore::Error::Kind::refused;  // there is no such stream
    readiness.reasons.push_back(std::string(what) + " cannot be asked: " + in_words(error) +
                                (refused ? "; was vsimctl migrate run?" : ""));
    return std::nullopt;
  };
  const auto events = stream_facts(broker_, messages::events_stream);
  if (!events) {
    return refuse("the stream EVENTS", events.error());
  }
  readiness.facts.emplace_back("log_end", std::to_string(events->last_sequence));
  readiness.facts.emplace_back("log_replicas", std::to_string(events->replicas));
  const auto consumer =
      consumer_facts(broker_, messages::commands_stream, messages::commands_consumer);
  const auto queue = stream_facts(broker_, messages::commands_stream);
  if (!queue) {
    return refuse("the stream COMMANDS", queue.error());
  }
  const auto delivered = consumer ? consumer->delivered : 0;
  if (auto fault = fault_of({queue->last_sequence, delivered, newest_command})) {
    readiness.reasons.push_back(std::move(*fault));
  }
  readiness.facts.emplace_back("commands_waiting", std::to_string(queue->messages));
  if (queue->messages > 0) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(queue->oldest_age);
    readiness.facts.emplace_back("oldest_command_seconds", std::to_string(age.count()));
  }
  if (consumer) {
    if (consumer->paused) {
      readiness.facts.emplace_back("commands_paused_until", consumer->paused_until);
    }
    readiness.facts.emplace_back("commands_in_hand", std::to_string(consumer->in_hand));
    if (consumer->pulls_waiting == 0 && consumer->in_hand == 0) {
      readiness.reasons.emplace_back("no worker takes commands; start one with the role commands");
    }
  } else {
    refuse("the consumer of COMMANDS", consumer.error());
    if (consumer.error().kind != eventstore::Error::Kind::refused) {
      return std::nullopt;
    }
  }
  if (!clock_.started()) {
    readiness.reasons.emplace_back("the log holds no clock event yet; run vsimctl migrate");
  }
  return events->last_sequence;
}

void Health::report_durability(telemetry::Readiness& readiness,
                               const read_model::DbResult<ReadModels>& models) {
  telemetry::SyncFacts seen{.log = log_sync(), .read_models = {}};
  if (models) {
    seen.read_models = models->synced;
  }
  readiness.facts.emplace_back("durability", durability_fact(chosen_, seen));
  readiness.facts.emplace_back(
      "log_sync_interval", seen.log ? to_string(*seen.log) : "unknown (NATS_MONITOR_URL tells)");
  readiness.facts.emplace_back("read_models_fsync", !seen.read_models   ? "unknown"
                                                    : *seen.read_models ? "on"
                                                                        : "off");
}

/// Asked again after each reconnect: the broker may have been started with another setting.
std::optional<telemetry::LogSync> Health::log_sync() {
  const auto reconnects = broker_.reconnects();
  if (sync_of_ != reconnects) {
    sync_.reset();
  }
  if (!sync_ && broker_.connected()) {
    const auto monitor = telemetry::ask_broker_monitor(monitor_url_);
    sync_ = monitor ? monitor->sync : std::nullopt;
    sync_of_ = reconnects;
  }
  return sync_;
}

void Health::check_projection(telemetry::Readiness& readiness,
                              const read_model::DbResult<ReadModels>& models,
                              std::optional<std::uint64_t> log_end) {
  if (!models) {
    const bool reachable = models.error().kind != read_model::DatabaseError::Kind::unavailable;
    readiness.reasons.emplace_back(
        (reachable ? "the read models cannot be used: " : "Postgres cannot be reached: ") +
        models.error().detail);
    return;
  }
  if (!models->checkpoint) {
    readiness.reasons.emplace_back(
        "nothing has been projected yet; start a worker with the role "
        "projector");
    return;
  }
  const std::uint64_t projected = models->checkpoint->sequence;
  readiness.facts.emplace_back("projected", std::to_string(projected));
  if (!log_end) {
    return;
  }
  readiness.facts.emplace_back("projection_lag",
                               std::to_string(*log_end > projected ? *log_end - projected : 0));
  check_log(readiness, *models->checkpoint, *log_end);
  check_progress(readiness, projected, *log_end);
}

/// By the hash: a log that went backwards may have grown again.
void Health::check_log(telemetry::Readiness& readiness, const read_model::Checkpoint& checkpoint,
                       std::uint64_t log_end) {
  if (checkpoint.sequence == 0) {
    return;
  }
  const auto there =
      eventstore::get_at(broker_, std::string(messages::events_stream), checkpoint.sequence);
  if (!there) {
    readiness.reasons.push_back("the log cannot be read: " + there.error().detail);
    return;
  }
  if (auto fault = read_model::fault_of_log(checkpoint, log_end, *there, "has been projected")) {
    readiness.reasons.push_back(std::move(*fault));
  }
}

void Health::check_progress(telemetry::Readiness& readiness, std::uint64_t projected,
                            std::uint64_t log_end) {
  // Before that, reads would show a state older than what callers have seen.
  log_end_at_start_ = std::min(log_end_at_start_.value_or(log_end), log_end);
  if (projected < *log_end_at_start_) {
    readiness.reasons.push_back("the read models hold " + std::to_string(projected) + " of the " +
                                std::to_string(*log_end_at_start_) +
                                " events that there were when this API started");
  } else {
    log_end_at_start_ = 0;
  }
  const auto now = Steady::now();
  if (projected >= log_end) {
    behind_since_.reset();
  } else if (!behind_since_ || projected != projected_) {
    behind_since_ = now;
  } else if (now - *behind_since_ > standstill_max) {
    readiness.reasons.emplace_back("the projection stands still at " + std::to_string(projected) +
                                   " of " + std::to_string(log_end) +
                                   "; is a projector running, and what does its log say?");
  }
  projected_ = projected;
}

}  // namespace vsim::api
