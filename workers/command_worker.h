#pragma once

// Role `commands`: takes commands from the queue, many at once, decides each, brings the decisions
// into the log as one group, and acks. Killed at any instant it loses nothing: what was not acked
// is delivered again, and the log tells what had been decided.

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/command_queue.h"
#include "ops/telemetry/metrics.h"
#include "workers/burial.h"
#include "workers/command_proposal.h"
#include "workers/dead_letters.h"
#include "workers/fleet_commands.h"

namespace vsim::workers {

class CommandWorker {
 public:
  /// All outlive the worker. `replies` tells callers of outcomes that were in the log already.
  CommandWorker(eventstore::CommandQueue& queue, DecisionTools& tools, DeadLetters& dead_letters,
                Burial& burial, eventstore::Broker& replies, telemetry::Metrics& metrics);

  /// Until stopped: then what is in hand is finished, and what was only taken is given back.
  void run(std::stop_token stop);

 private:
  struct Item {
    eventstore::Delivery delivery;
    messages::DecodedCommand decoded;
  };
  using Items = std::vector<Item>;

  void handle(std::vector<eventstore::Delivery> deliveries, std::stop_token stop);
  /// Reads a delivery; what cannot be read, or was mistyped by hand, is put with the dead letters,
  /// and nothing is given. // D42
  std::optional<Item> decode(eventstore::Delivery&& delivery);
  void handle_group(Items group, std::stop_token stop);
  void handle_alone(Item item, std::stop_token stop);
  /// Commits until all is done; false when it had to be left undone.
  bool commit_all(std::vector<Proposal*> open, eventstore::Timestamp stored_by,
                  std::stop_token stop);
  void finish(const Item& item, const Verdict& verdict);
  void set_aside(const eventstore::Delivery& delivery, std::string_view why);
  /// A command for a pool or the clock.
  void handle_shared(const Item& item, std::stop_token stop);
  /// Puts a command with the dead letters, unless it has an outcome.
  void bury(const Item& item, DeadLetterReason reason, const std::string& error);
  void refuse(const eventstore::Delivery& delivery, const std::string& error);
  void give_back(const eventstore::Delivery& delivery);
  void count(std::string_view type, const Verdict& verdict);

  eventstore::CommandQueue& queue_;
  DecisionTools& tools_;
  FleetCommands fleet_commands_;
  DeadLetters& dead_letters_;
  Burial& burial_;
  eventstore::Broker& replies_;
  telemetry::Metrics& metrics_;
  telemetry::Histogram group_size_;
  telemetry::Histogram group_seconds_;
  telemetry::Counter redeliveries_;
  std::map<std::pair<std::string, std::string>, telemetry::Counter> outcomes_;
};

}  // namespace vsim::workers
