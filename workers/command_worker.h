#pragma once

// Role `commands`: takes commands from the queue, many at once, decides each, appends the decisions
// to the log as one group, and acks. Killed at any instant it loses nothing: what was not acked is
// delivered again, and the log tells what had been decided. A command that kills its workers is
// buried by the count of its deliveries, so nothing else may cost deliveries: what has to wait
// until the system is well stays in hand, and the broker hears that it is worked on (D48).

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "eventstore/command_queue.h"
#include "ops/telemetry/metrics.h"
#include "schema/messages/command_codec.h"
#include "workers/burial.h"
#include "workers/command_group.h"
#include "workers/command_metrics.h"
#include "workers/dead_letters.h"
#include "workers/fleet_commands.h"
#include "workers/held_commands.h"

namespace vsim::workers {

class CommandWorker {
 public:
  /// All outlive the worker. Over `replies` callers hear of outcomes that were in the log already.
  CommandWorker(eventstore::CommandQueue& queue, DecisionTools& tools, DeadLetters& dead_letters,
                Burial& burial, eventstore::Broker& replies, telemetry::Metrics& metrics);

  /// Until stopped: then what is in hand is finished, and what was only taken is given back.
  void run(std::stop_token stop);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Commands = std::vector<CommandInHand>;

  /// Whether anything can be decided for now. If not, what is in hand is given back, since another
  /// worker may be able to.
  bool is_able(std::stop_token stop);
  /// What the queue delivers; nothing when it cannot be asked.
  std::optional<std::vector<eventstore::Delivery>> take(std::stop_token stop);
  /// The commands that can be decided together. Sets aside, for handle_apart(), those that were
  /// delivered before and those that have to be decided alone.
  Commands decode(std::vector<eventstore::Delivery> deliveries);
  /// Nothing where a delivery cannot be read, or was mistyped by hand: it becomes a dead letter.
  /// D42
  std::optional<CommandInHand> decode(eventstore::Delivery&& delivery);
  /// Decides, appends and acks, until all is done or goes_on() says that it has to stay undone.
  void carry_out(CommandGroup& group, std::stop_token stop);
  bool goes_on(CommandGroup& group, std::stop_token stop);
  /// Frees the slots of those that have their outcome.
  void ack(CommandGroup& group);

  void handle_together(Commands commands, std::stop_token stop);
  /// One command, so that no other is kept from its outcome by it.
  void handle_alone(CommandInHand command, std::stop_token stop);
  /// What was set aside, delivered before or held, when its time has come.
  void handle_apart(std::stop_token stop);
  /// Commands that were delivered before, when all that were sent with them are in hand.
  void handle_repeated(std::stop_token stop);
  void handle_held(std::stop_token stop);
  /// A command for a pool or the clock.
  void handle_for_fleet(CommandInHand& command, std::stop_token stop);

  void finish(CommandInHand& command, const CommandProposal& proposal);
  void finish(CommandInHand& command, const Verdict& verdict);
  /// Makes it a dead letter, unless it has an outcome.
  void bury(CommandInHand& command, DeadLetterReason reason, const std::string& error);
  void refuse(eventstore::Delivery& delivery, const std::string& error);

  /// Whether another worker should have what is in hand: a stop is requested, or the time is not
  /// known any more.
  bool must_give_back(const std::stop_token& stop) const;
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
  std::chrono::milliseconds retry_after_;  // grows while the log is away
  Commands alone_;                         // taken in this round, to be decided alone
  Commands repeated_;                      // delivered before, and not handled yet
  SteadyTime repeated_at_{};               // when the first of them came
  bool no_more_come_ = false;              // the last take() gave none
};

}  // namespace vsim::workers
