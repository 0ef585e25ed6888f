#include "workers/command_worker.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "domain/queue_numbers.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Delivery;
using eventstore::Error;
using std::chrono::steady_clock;

// A create takes two messages and may apply what was due; so many fit a batch well.
constexpr std::size_t commands_at_once = 256;
// A command that has been delivered so often is buried untried: it may be what its workers died of.
constexpr std::uint64_t deliveries_max = 10;
// Repeated deliveries are gathered until what was sent along with them is in hand too: no more come
// for a moment, or it takes too long, or they are as many as the broker sends ahead.
constexpr auto repeated_pause = 50ms;
constexpr auto repeated_wait_max = 250ms;
constexpr std::size_t repeated_at_once = 512;

constexpr std::chrono::milliseconds retry_shortest = 50ms;
constexpr std::chrono::milliseconds retry_longest = 1s;

constexpr auto purged_beyond_end =
    "the queue was purged beyond its end; see ops/runbook.md, Queue numbers broken";

// Trying again does not help, as long as this build runs: the log has lost what it would be decided
// on, or holds what this build cannot read. It stays in hand, and others go on.
bool cannot_be_decided(const Error& error) {
  return error.kind == Error::Kind::refused || error.kind == Error::Kind::damaged;
}

}  // namespace

CommandWorker::CommandWorker(eventstore::CommandQueue& queue, DecisionTools& tools,
                             DeadLetters& dead_letters, Burial& burial, eventstore::Broker& replies,
                             telemetry::Metrics& metrics)
    : queue_(queue),
      tools_(tools),
      fleet_commands_(tools),
      dead_letters_(dead_letters),
      burial_(burial),
      replies_(replies),
      metrics_(metrics),
      held_(metrics),
      retry_after_(retry_shortest) {}

void CommandWorker::run(std::stop_token stop) {
  if (!tools_.view.wait_until_ready(stop)) {
    return;
  }
  while (!stop.stop_requested()) {
    if (!is_able(stop)) {
      continue;
    }
    auto deliveries = take(stop);
    if (!deliveries) {
      continue;
    }
    auto commands = decode(std::move(*deliveries));
    handle_together(std::move(commands), stop);
    handle_apart(stop);
    queue_.still_working();
  }
  give_back_all();
}

// What is refused because others were faster is decided again. No other group meanwhile. D75
void CommandWorker::carry_out(CommandGroup& group, std::stop_token stop) {
  retry_after_ = retry_shortest;
  while (goes_on(group, stop)) {
    group.load();
    group.decide();
    group.append();
  }
  ack(group);
}

bool CommandWorker::goes_on(CommandGroup& group, std::stop_token stop) {
  if (group.is_done()) {
    return false;
  }
  const auto& error = group.error();
  if (!error) {
    return true;
  }
  if (cannot_be_decided(*error)) {
    return false;
  }
  log::warn("commands have to wait", {{"reason", error->detail}});
  if (must_give_back(stop)) {
    return false;
  }
  queue_.ask_for_no_more();
  queue_.still_working();
  process::pause(stop, retry_after_);
  retry_after_ = std::min(retry_after_ * 2, retry_longest);
  group.start_anew();
  return true;
}

void CommandWorker::ack(CommandGroup& group) {
  for (auto& [command, proposal] : group.members()) {
    if (proposal->is_done()) {
      finish(command, *proposal);
    }
  }
}

bool CommandWorker::is_able(std::stop_token stop) {
  const auto ok = tools_.view.check_time();
  if (ok) {
    return true;
  }
  log::warn("no commands are taken", {{"reason", ok.error().detail}});
  give_back_all();  // others may know what time it is
  process::pause(stop, 1s);
  return false;
}

std::optional<std::vector<Delivery>> CommandWorker::take(std::stop_token stop) {
  auto deliveries = queue_.take(commands_at_once, repeated_.empty() ? 200ms : repeated_pause);
  if (!deliveries) {
    log::warn("no commands can be taken", {{"reason", deliveries.error().detail}});
    process::pause(stop, 200ms);
    return std::nullopt;
  }
  no_more_come_ = deliveries->empty();
  return std::move(*deliveries);
}

CommandWorker::Commands CommandWorker::decode(std::vector<Delivery> deliveries) {
  Commands together;
  std::unordered_set<ServerId> servers;
  for (auto& delivery : deliveries) {
    if (delivery.deliveries > 1) {
      metrics_.count_redelivery();
    }
    if (delivery.message.sequence >= queue_numbers_end) {
      held_.hold(std::move(delivery), purged_beyond_end);
      continue;
    }
    auto command = decode(std::move(delivery));
    if (!command) {
      continue;
    }
    const auto* for_server = std::get_if<Command>(&command->decoded.command);
    if (command->delivery.deliveries > 1) {
      if (repeated_.empty()) {
        repeated_at_ = steady_clock::now();
      }
      repeated_.push_back(std::move(*command));
      continue;
    }
    // One decision a server in a batch.
    const bool fits = for_server != nullptr && servers.insert(for_server->server).second;
    (fits ? together : alone_).push_back(std::move(*command));
  }
  return together;
}

std::optional<CommandInHand> CommandWorker::decode(Delivery&& delivery) {
  auto decoded = messages::decode_command(delivery.message);
  if (!decoded) {
    refuse(delivery, decoded.error());
    return std::nullopt;
  }
  CommandInHand command{std::move(delivery), std::move(*decoded)};
  if (!command.decoded.by_hand || command.decoded.complaint.empty()) {
    return command;
  }
  bury(command, DeadLetterReason::unreadable, command.decoded.complaint);
  return std::nullopt;
}

void CommandWorker::handle_together(Commands commands, std::stop_token stop) {
  if (commands.empty()) {
    return;
  }
  const auto started = steady_clock::now();
  metrics_.observe_group_size(commands.size());
  CommandGroup group(tools_, std::move(commands));
  carry_out(group, stop);
  metrics_.observe_group_time(steady_clock::now() - started);
  if (group.is_done()) {
    return;
  }
  log::warn("a group is left undone", {{"reason", group.error()->detail}});
  // One of them cannot be decided at all: then each by itself, so that the others can go on.
  for (auto& [command, proposal] : group.members()) {
    if (proposal->is_done()) {
      continue;
    }
    proposal.reset();  // what it has set aside may be what the others need
    if (stop.stop_requested()) {
      give_back(command.delivery);
    } else {
      handle_alone(std::move(command), stop);
    }
  }
}

void CommandWorker::handle_alone(CommandInHand command, std::stop_token stop) {
  if (!tools_.view.check_time()) {
    return give_back(command.delivery);
  }
  if (command.delivery.deliveries >= deliveries_max) {
    return bury(command, DeadLetterReason::exhausted, exhausted_detail);
  }
  if (!std::holds_alternative<Command>(command.decoded.command)) {
    return handle_for_fleet(command, stop);
  }
  Commands only;
  only.push_back(std::move(command));
  CommandGroup group(tools_, std::move(only));
  carry_out(group, stop);
  if (group.is_done()) {
    return;
  }
  auto& delivery = group.members().front().command.delivery;
  if (must_give_back(stop)) {
    give_back(delivery);
  } else {
    held_.hold(std::move(delivery), group.error()->detail);
  }
}

void CommandWorker::handle_apart(std::stop_token stop) {
  for (auto& command : std::exchange(alone_, {})) {
    handle_alone(std::move(command), stop);
  }
  const bool waited = steady_clock::now() - repeated_at_ > repeated_wait_max;
  if (no_more_come_ || waited || repeated_.size() >= repeated_at_once) {
    handle_repeated(stop);
  }
  handle_held(stop);
}

// Whatever has failed before takes no neighbours along. What was in hand together with a command
// that its worker died of comes again together with it: so each time in the other order, and after
// two times all of it has had its turn before that command, or after it was buried.
void CommandWorker::handle_repeated(std::stop_token stop) {
  if (repeated_.empty()) {
    return;
  }
  auto commands = std::exchange(repeated_, {});
  std::uint64_t most = 0;
  for (const auto& command : commands) {
    most = std::max(most, command.delivery.deliveries);
  }
  const auto place = [](const CommandInHand& command) { return command.delivery.message.sequence; };
  std::sort(commands.begin(), commands.end(),
            [&](const CommandInHand& one, const CommandInHand& other) {
              return most % 2 == 0 ? place(one) > place(other) : place(one) < place(other);
            });
  for (auto& command : commands) {
    queue_.still_working();
    handle_alone(std::move(command), stop);
  }
}

void CommandWorker::handle_held(std::stop_token stop) {
  for (auto& delivery : held_.take_due()) {
    queue_.still_working();
    const auto is_there = queue_.holds(delivery);
    if (is_there && !*is_there) {
      queue_.forget(delivery);  // it was purged, or another worker has handled it
    } else if (!is_there || delivery.message.sequence >= queue_numbers_end) {
      held_.hold(std::move(delivery), {});
    } else if (auto command = decode(std::move(delivery))) {
      handle_alone(std::move(*command), stop);
    }
  }
  held_.show();
}

void CommandWorker::handle_for_fleet(CommandInHand& command, std::stop_token stop) {
  while (true) {
    const auto misfit = fleet_commands_.find_misfit(command.decoded);
    if (misfit && *misfit) {
      return refuse(command.delivery, **misfit);
    }
    const auto verdict =
        misfit ? fleet_commands_.carry_out(command.decoded, command.delivery.message.stored_at)
               : tl::unexpected(misfit.error());
    if (verdict) {
      return finish(command, *verdict);
    }
    const auto& error = verdict.error();
    log::warn("a command has to wait",
              {{"type", type_of(command.decoded)}, {"reason", error.detail}});
    if (must_give_back(stop)) {
      return give_back(command.delivery);
    }
    if (cannot_be_decided(error)) {
      return held_.hold(std::move(command.delivery), error.detail);
    }
    queue_.ask_for_no_more();
    queue_.still_working();
    process::pause(stop, 250ms);
  }
}

void CommandWorker::finish(CommandInHand& command, const CommandProposal& proposal) {
  if (!proposal.misfit()) {
    return finish(command, proposal.verdict());
  }
  // Who waits for it looks at the operation, which is the other command's.
  if (!command.decoded.reply_to.empty()) {
    replies_.publish(command.decoded.reply_to, "");
  }
  refuse(command.delivery, *proposal.misfit());
}

void CommandWorker::finish(CommandInHand& command, const Verdict& verdict) {
  if (const auto* stale = std::get_if<Stale>(&verdict)) {
    // A delivery of old is one if the queue has come as far as the log says. A queue that was lost
    // and begins anew at 1 gives new commands low numbers: those are nobody's past (D45). Held, it
    // stays in the queue until an operator has mended the numbers; the others go on.
    const auto end = queue_.last_sequence();
    if (!end) {
      return held_.hold(std::move(command.delivery), "the queue does not tell how far it has come");
    }
    if (*end < stale->newer) {
      return held_.hold(std::move(command.delivery),
                        "the queue has lost its numbers; see ops/runbook.md, Queue numbers broken");
    }
  }
  queue_.ack(command.delivery);
  metrics_.count_outcome(command.decoded, verdict);
  const bool no_event = std::holds_alternative<AlreadyDecided>(verdict);
  // The projector replies for what it projects; for what was in the log already nobody else would.
  if (no_event && !command.decoded.reply_to.empty()) {
    replies_.publish(command.decoded.reply_to, "");
  }
}

void CommandWorker::bury(CommandInHand& command, DeadLetterReason reason,
                         const std::string& error) {
  const auto end = burial_.bury(command.delivery, reason, error);
  if (!end) {
    return held_.hold(std::move(command.delivery), end.error().detail);
  }
  if (*end == Burial::End::had_outcome) {
    return queue_.ack(command.delivery);
  }
  const bool is_exhausted = reason == DeadLetterReason::exhausted;
  queue_.terminate(command.delivery, (is_exhausted ? "exhausted: " : "unreadable: ") + error);
}

void CommandWorker::refuse(Delivery& delivery, const std::string& error) {
  if (dead_letters_.keep(delivery, DeadLetterReason::unreadable, error)) {
    queue_.terminate(delivery, "unreadable: " + error);
  } else {
    held_.hold(std::move(delivery), "its letter could not be kept");
  }
}

bool CommandWorker::must_give_back(const std::stop_token& stop) const {
  return stop.stop_requested() || !tools_.view.check_time();
}

/// What is given back goes to whoever asks, and that shall be another worker.
void CommandWorker::give_back(const Delivery& delivery) {
  queue_.ask_for_no_more();
  queue_.nak(delivery, 0s);
}

void CommandWorker::give_back_all() {
  for (const auto& command : repeated_) {
    give_back(command.delivery);
  }
  for (const auto& delivery : held_.take_all()) {
    give_back(delivery);
  }
  repeated_.clear();
  queue_.release();
}

}  // namespace vsim::workers
