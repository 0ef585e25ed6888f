#pragma once

// /readyz: whether this process can serve, and if not, why. Asks the broker and Postgres a few
// times a second at most, however often it is asked itself, and answers at once when they do not.

#include <chrono>
#include <optional>
#include <string>

#include "api/simulated_clock.h"
#include "eventstore/broker.h"
#include "ops/telemetry/durability.h"
#include "ops/telemetry/prompt_readiness.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/database.h"

namespace vsim::api {

/// Any thread.
class Health {
 public:
  /// All outlive it. `monitor_url` is the broker's monitor; empty: how it syncs is not known, and
  /// `chosen`, if anything, stands for it.
  Health(eventstore::Broker& broker, read_model::ConnectionPool& pool, SimulatedClock& clock,
         const eventstore::BrokerClock& wall, std::string monitor_url,
         std::optional<telemetry::Durability> chosen)
      : broker_(broker),
        pool_(pool),
        clock_(clock),
        wall_(wall),
        monitor_url_(std::move(monitor_url)),
        chosen_(chosen) {}

  telemetry::Readiness check() { return prompt_.now(); }

 private:
  using Steady = std::chrono::steady_clock;

  struct ReadModels {
    std::optional<read_model::Checkpoint> checkpoint;  // of EVENTS
    StreamSequence newest_command = 0;                 // in COMMANDS; 0: none is known
    bool synced = false;                               // to Postgres' disk
  };

  telemetry::Readiness examine();
  std::optional<std::uint64_t> ask_broker(telemetry::Readiness& readiness,
                                          StreamSequence newest_command);
  void report_durability(telemetry::Readiness& readiness,
                         const read_model::DbResult<ReadModels>& models);
  std::optional<telemetry::LogSync> log_sync();
  void check_projection(telemetry::Readiness& readiness,
                        const read_model::DbResult<ReadModels>& models,
                        std::optional<std::uint64_t> log_end);
  void check_log(telemetry::Readiness& readiness, const read_model::Checkpoint& checkpoint,
                 std::uint64_t log_end);
  void check_progress(telemetry::Readiness& readiness, std::uint64_t projected,
                      std::uint64_t log_end);

  eventstore::Broker& broker_;
  read_model::ConnectionPool& pool_;
  SimulatedClock& clock_;
  const eventstore::BrokerClock& wall_;
  const std::string monitor_url_;
  const std::optional<telemetry::Durability> chosen_;

  // By the examining thread only:
  std::optional<std::uint64_t> log_end_at_start_;   // at the first check; 0: projected since
  std::uint64_t projected_ = 0;                     // at the last check
  std::optional<Steady::time_point> behind_since_;  // at that place; nothing: at the log's end
  std::optional<telemetry::LogSync> sync_;          // how the broker syncs; nothing: not known
  std::uint64_t sync_of_ = 0;  // the count of reconnects for which it was asked

  telemetry::PromptReadiness prompt_{[this] { return examine(); }};
};

}  // namespace vsim::api
