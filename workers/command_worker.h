#pragma once

// Role `commands`: takes commands from the queue, many at once, decides each, brings the decisions
// into the log as one group, and acks. Killed at any instant it loses nothing: what was not acked
// is delivered again, and the log tells what had been decided. A command that workers die of is
// buried by the count of its deliveries, so nothing else may spend them: what has to wait for the
// system to be well stays in hand, with the broker told so (D48).

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "eventstore/command_queue.h"
#include "ops/telemetry/metrics.h"
#include "schema/messages/command_codec.h"
#include "workers/burial.h"
#include "workers/command_metrics.h"
#include "workers/command_proposal.h"
#include "workers/dead_letters.h"
#include "workers/fleet_commands.h"
#include "workers/held_commands.h"

namespace vsim::workers {

class CommandWorker {
 public:
  /// All outlive the worker. `replies` tells callers of outcomes that were in the log already.
  CommandWorker(eventstore::CommandQueue& queue, DecisionTools& tools, DeadLetters& dead_letters,
                Burial& burial, eventstore::Broker& replies, telemetry::Metrics& metrics);

  /// Until stopped: then what is in hand is finished, and what was only taken is given back.
  void run(std::stop_token stop);

 private:
  using Clock = std::chrono::steady_clock;
  struct Item {
    eventstore::Delivery delivery;
    messages::DecodedCommand decoded;
  };
  using Items = std::vector<Item>;
  /// Whether a group can be decided at all, for now; what is in hand is given back if others could.
  bool is_able(std::stop_token stop);
  void handle(std::vector<eventstore::Delivery> deliveries, std::stop_token stop);
  /// Those that have been delivered before, one by one, when all that were sent are in hand.
  void handle_repeated(std::stop_token stop);
  void handle_held(std::stop_token stop);
  /// Reads a delivery; what cannot be read, or was mistyped by hand, is put with the dead letters,
  /// and nothing is given. // D42
  std::optional<Item> decode(eventstore::Delivery&& delivery);
  void handle_group(Items group, std::stop_token stop);
  void handle_alone(Item item, std::stop_token stop);
  /// Commits until all is done. An error says why it is left undone: told to stop, the time is not
  /// known any more, or the log cannot be decided on.
  eventstore::Result<void> commit_all(std::vector<Proposal*> open, eventstore::Timestamp stored_by,
                                      std::stop_token stop);
  void finish(Item& item, const CommandProposal& proposal);
  void finish(Item& item, const Verdict& verdict);
  /// A command for a pool or the clock.
  void handle_shared(Item& item, std::stop_token stop);
  /// Puts a command with the dead letters, unless it has an outcome.
  void bury(Item& item, DeadLetterReason reason, const std::string& error);
  void refuse(eventstore::Delivery& delivery, const std::string& error);
  /// To another worker, or to this one when it can do it again.
  void give_back(const eventstore::Delivery& delivery);
  void give_back_all();

  eventstore::CommandQueue& queue_;
  DecisionTools& tools_;
  FleetCommands fleet_commands_;
  DeadLetters& dead_letters_;
  Burial& burial_;
  eventstore::Broker& replies_;
  CommandMetrics metrics_;
  HeldCommands held_;
  Items repeated_;                   // delivered before, and not handled yet
  Clock::time_point repeated_at_{};  // when the first of them came
};

}  // namespace vsim::workers
