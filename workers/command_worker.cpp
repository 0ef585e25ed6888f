#include "workers/command_worker.h"

#include <algorithm>
#include <unordered_set>

#include "domain/queue_numbers.h"
#include "ops/telemetry/log.h"
#include "workers/pause.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Append;
using eventstore::Delivery;
using eventstore::Error;

// A create takes two messages and may apply what was due; so many fit a batch well.
constexpr std::size_t commands_at_once = 256;
constexpr std::uint64_t deliveries_max = 5;

std::string_view type_of(const messages::DecodedCommand& decoded) {
  struct Type {
    std::string_view operator()(const Command& command) const {
      return command_type(command.action);
    }
    std::string_view operator()(const ExtendPool&) const { return "extend_pool"; }
    std::string_view operator()(const ClockCommand& command) const {
      return command_type(command.action);
    }
  };
  return std::visit(Type{}, decoded.command);
}

std::string outcome_name(const Verdict& verdict) {
  struct Name {
    std::string operator()(const Succeeded&) const { return "succeeded"; }
    std::string operator()(const Rejection& r) const { return std::string(to_string(r.code)); }
    std::string operator()(const AlreadyDecided&) const { return "already_decided"; }
    std::string operator()(const Stale&) const { return "stale"; }
  };
  return std::visit(Name{}, verdict);
}

telemetry::Counter counter_of(telemetry::Metrics& metrics, std::string_view type,
                              const std::string& outcome) {
  return metrics.counter("vsim_commands_total", "Commands, by their outcome",
                         {{"type", std::string(type)}, {"outcome", outcome}});
}

/// Puts these commands on the page before there is one; what may be refused, and why, is many.
template <typename... Actions>
void show_all(telemetry::Metrics& metrics, std::type_identity<std::variant<Actions...>>) {
  for (const Verdict& verdict : {Verdict(Succeeded{}), Verdict(AlreadyDecided{})}) {
    (counter_of(metrics, command_type(std::variant<Actions...>(Actions{})), outcome_name(verdict)),
     ...);
  }
}

constexpr auto set_aside_for = 10min;

// Trying again does not help. It is the command's own fault, or the log has lost what it would be
// decided on: then it stays in the queue, and others go on.
bool cannot_be_decided(const Error& error) {
  return error.kind == Error::Kind::refused || error.kind == Error::Kind::damaged;
}

constexpr auto exhausted = "delivered too often without an outcome";

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
      group_size_(metrics.histogram("vsim_command_group_size", "Commands decided together", {},
                                    {1, 2, 4, 8, 16, 32, 64, 128, 256})),
      group_seconds_(metrics.histogram("vsim_command_group_seconds",
                                       "Seconds from the first look at a group to its acks", {},
                                       telemetry::latency_bounds_seconds())),
      redeliveries_(
          metrics.counter("vsim_command_redeliveries_total", "Commands delivered more than once")) {
  show_all(metrics, std::type_identity<Action>());
  show_all(metrics, std::type_identity<ClockAction>());
}

void CommandWorker::run(std::stop_token stop) {
  if (!tools_.view.wait_until_ready(stop)) return;
  while (!stop.stop_requested()) {
    if (const auto ok = tools_.view.check_time(); !ok) {  // others may know what time it is
      log::warn("no commands are taken", {{"reason", ok.error().detail}});
      pause(stop, 1s);
      continue;
    }
    auto deliveries = queue_.take(commands_at_once, 200ms);
    if (!deliveries) {
      log::warn("no commands can be taken", {{"reason", deliveries.error().detail}});
      pause(stop, 200ms);
      continue;
    }
    if (!deliveries->empty()) handle(std::move(*deliveries), stop);
  }
  queue_.stop();
}

void CommandWorker::handle(std::vector<Delivery> deliveries, std::stop_token stop) {
  Items group;
  Items alone;
  std::unordered_set<ServerId> servers;
  for (auto& delivery : deliveries) {
    if (delivery.deliveries > 1) redeliveries_.add();
    if (delivery.message.sequence >= queue_numbers_end) {
      set_aside(delivery, "the queue was purged beyond its end");
      continue;
    }
    auto item = decode(std::move(delivery));
    if (!item) continue;
    const auto* command = std::get_if<Command>(&item->decoded.command);
    // One decision a server in a batch; and whatever has failed before takes no neighbours along.
    const bool fits = command != nullptr && item->delivery.deliveries == 1 &&
                      servers.insert(command->server).second;
    (fits ? group : alone).push_back(std::move(*item));
  }
  if (!group.empty()) handle_group(std::move(group), stop);
  for (auto& item : alone) handle_alone(std::move(item), stop);
}

std::optional<CommandWorker::Item> CommandWorker::decode(Delivery&& delivery) {
  auto decoded = messages::decode_command(delivery.message);
  if (!decoded) {
    refuse(delivery, decoded.error());
    return std::nullopt;
  }
  Item item{std::move(delivery), std::move(*decoded)};
  if (!item.decoded.by_hand || item.decoded.complaint.empty()) return item;
  bury(item, DeadLetterReason::unreadable, item.decoded.complaint);
  return std::nullopt;
}

void CommandWorker::handle_group(Items group, std::stop_token stop) {
  const auto started = std::chrono::steady_clock::now();
  group_size_.observe(static_cast<double>(group.size()));
  AddressFinder addresses(tools_);
  std::vector<std::unique_ptr<CommandProposal>> proposals;
  std::vector<Proposal*> open;
  eventstore::Timestamp stored_by{};
  for (auto& item : group) {
    stored_by = std::max(stored_by, item.delivery.message.stored_at);
    proposals.push_back(std::make_unique<CommandProposal>(
        tools_, addresses, std::get<Command>(item.decoded.command), item.decoded.reply_to,
        item.decoded.may_be_repeat || item.decoded.by_hand));
    open.push_back(proposals.back().get());
  }
  const bool all_done = commit_all(open, stored_by, stop);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (proposals[i]->is_done()) finish(group[i], proposals[i]->verdict());
  }
  queue_.flush();
  group_seconds_.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  if (all_done) return;
  // Told to stop, or one of them cannot be decided at all: then each by itself, so that the others
  // can go on.
  const bool alone = group.size() == 1;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (proposals[i]->is_done()) continue;
    if (stop.stop_requested() || alone) {
      give_back(group[i].delivery);
    } else {
      handle_alone(std::move(group[i]), stop);
    }
  }
}

bool CommandWorker::commit_all(std::vector<Proposal*> open, eventstore::Timestamp stored_by,
                               std::stop_token stop) {
  std::chrono::milliseconds wait = 50ms;
  while (true) {
    const auto ok = commit_commands(tools_, open, stored_by);
    if (ok) return true;
    if (cannot_be_decided(ok.error())) {
      log::error("a group cannot be decided", {{"reason", ok.error().detail}});
      return false;
    }
    log::warn("commands have to wait", {{"reason", ok.error().detail}});
    std::erase_if(open, [](const Proposal* proposal) { return proposal->is_done(); });
    if (stop.stop_requested()) return false;
    pause(stop, wait);
    wait = std::min(wait * 2, std::chrono::milliseconds(1000));
  }
}

void CommandWorker::handle_alone(Item item, std::stop_token stop) {
  if (!std::holds_alternative<Command>(item.decoded.command)) return handle_shared(item, stop);
  if (item.delivery.deliveries >= deliveries_max)
    return bury(item, DeadLetterReason::exhausted, exhausted);
  AddressFinder addresses(tools_);
  CommandProposal proposal(tools_, addresses, std::get<Command>(item.decoded.command),
                           item.decoded.reply_to,
                           item.decoded.may_be_repeat || item.decoded.by_hand);
  commit_all({&proposal}, item.delivery.message.stored_at, stop);
  if (proposal.is_done()) {
    finish(item, proposal.verdict());
    queue_.flush();
  } else {
    give_back(item.delivery);
  }
}

void CommandWorker::finish(const Item& item, const Verdict& verdict) {
  if (const auto* stale = std::get_if<Stale>(&verdict)) {
    // A delivery of old is one if the queue has come as far as the log says. A queue that was lost
    // and begins anew at 1 gives new commands low numbers: those are nobody's past (D45).
    const auto end = queue_.last_sequence();
    if (!end) return give_back(item.delivery);
    if (*end < stale->newer) return set_aside(item.delivery, "the queue has lost its numbers");
  }
  queue_.ack(item.delivery);
  count(type_of(item.decoded), verdict);
  const bool no_event = std::holds_alternative<AlreadyDecided>(verdict);
  // The projector tells of what it projects; of what was in the log already nobody else would.
  if (no_event && !item.decoded.reply_to.empty()) {
    replies_.publish(item.decoded.reply_to, "");
  }
}

// It stays in the queue until an operator has mended the numbers; the others go on.
void CommandWorker::set_aside(const Delivery& delivery, std::string_view why) {
  log::error("a command is not carried out; see ops/runbook.md, Queue numbers broken",
             {{"reason", why},
              {"subject", delivery.message.subject},
              {"sequence", delivery.message.sequence}});
  queue_.nak(delivery, set_aside_for);
}

void CommandWorker::handle_shared(const Item& item, std::stop_token stop) {
  while (true) {
    const auto verdict = fleet_commands_.carry_out(item.decoded);
    if (verdict) {
      finish(item, *verdict);
      return queue_.flush();
    }
    const auto& error = verdict.error();
    log::warn("a command has to wait", {{"type", type_of(item.decoded)}, {"reason", error.detail}});
    if (error.kind == Error::Kind::refused && item.delivery.deliveries >= deliveries_max) {
      return bury(item, DeadLetterReason::exhausted, error.detail);
    }
    if (stop.stop_requested() || cannot_be_decided(error)) {
      return give_back(item.delivery);
    }
    pause(stop, 250ms);
  }
}

void CommandWorker::bury(const Item& item, DeadLetterReason reason, const std::string& error) {
  const auto end = burial_.bury(item.delivery, reason, error);
  if (!end) {
    log::warn("a command cannot be put with the dead letters", {{"reason", end.error().detail}});
    return give_back(item.delivery);
  }
  if (*end == Burial::End::had_outcome) return queue_.ack(item.delivery);
  const bool is_exhausted = reason == DeadLetterReason::exhausted;
  queue_.terminate(item.delivery, (is_exhausted ? "exhausted: " : "unreadable: ") + error);
}

void CommandWorker::refuse(const Delivery& delivery, const std::string& error) {
  if (dead_letters_.keep(delivery, DeadLetterReason::unreadable, error)) {
    queue_.terminate(delivery, "unreadable: " + error);
  } else {
    queue_.nak(delivery, 5s);
  }
}

void CommandWorker::give_back(const Delivery& delivery) { queue_.nak(delivery, 1s); }

void CommandWorker::count(std::string_view type, const Verdict& verdict) {
  const std::pair key(std::string(type), outcome_name(verdict));
  auto found = outcomes_.find(key);
  if (found == outcomes_.end()) {
    found = outcomes_.emplace(key, counter_of(metrics_, key.first, key.second)).first;
  }
  found->second.add();
}

}  // namespace vsim::workers
