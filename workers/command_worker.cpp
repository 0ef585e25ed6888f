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

// A create takes two messages and may apply what was due; so many fit a batch well.
constexpr std::size_t commands_at_once = 256;
// A command that has been delivered so often is buried untried: it may be what its workers died of.
constexpr std::uint64_t deliveries_max = 10;
// Repeated deliveries are gathered until what was sent along with them is in hand too: no more come
// for a moment, or it takes too long, or they are as many as the broker sends ahead.
constexpr auto repeated_pause = 50ms;
constexpr auto repeated_wait_max = 250ms;
constexpr std::size_t repeated_at_once = 512;

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
      held_(metrics) {}

void CommandWorker::run(std::stop_token stop) {
  if (!tools_.view.wait_until_ready(stop)) {
    return;
  }
  while (!stop.stop_requested()) {
    if (!is_able(stop)) {
      continue;
    }
    auto deliveries = queue_.take(commands_at_once, repeated_.empty() ? 200ms : repeated_pause);
    if (!deliveries) {
      log::warn("no commands can be taken", {{"reason", deliveries.error().detail}});
      process::pause(stop, 200ms);
      continue;
    }
    const bool is_all = deliveries->empty() || Clock::now() - repeated_at_ > repeated_wait_max;
    if (!deliveries->empty()) {
      handle(std::move(*deliveries), stop);
    }
    if (is_all || repeated_.size() >= repeated_at_once) {
      handle_repeated(stop);
    }
    handle_held(stop);
    queue_.still_working();
  }
  give_back_all();
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

void CommandWorker::handle(std::vector<Delivery> deliveries, std::stop_token stop) {
  Items group;
  Items alone;
  std::unordered_set<ServerId> servers;
  for (auto& delivery : deliveries) {
    if (delivery.deliveries > 1) {
      metrics_.count_redelivery();
    }
    if (delivery.message.sequence >= queue_numbers_end) {
      held_.hold(std::move(delivery), purged_beyond_end);
      continue;
    }
    auto item = decode(std::move(delivery));
    if (!item) {
      continue;
    }
    const auto* command = std::get_if<Command>(&item->decoded.command);
    if (item->delivery.deliveries > 1) {
      if (repeated_.empty()) {
        repeated_at_ = Clock::now();
      }
      repeated_.push_back(std::move(*item));
      continue;
    }
    // One decision a server in a batch.
    const bool fits = command != nullptr && servers.insert(command->server).second;
    (fits ? group : alone).push_back(std::move(*item));
  }
  if (!group.empty()) {
    handle_group(std::move(group), stop);
  }
  for (auto& item : alone) {
    handle_alone(std::move(item), stop);
  }
}

// Whatever has failed before takes no neighbours along. What was in hand together with a command
// that its worker died of comes again together with it: so each time in the other order, and after
// two times all of it has had its turn before that command, or after it was buried.
void CommandWorker::handle_repeated(std::stop_token stop) {
  if (repeated_.empty()) {
    return;
  }
  auto items = std::exchange(repeated_, {});
  std::uint64_t most = 0;
  for (const auto& item : items) {
    most = std::max(most, item.delivery.deliveries);
  }
  std::sort(items.begin(), items.end(), [&](const Item& one, const Item& other) {
    const auto first = one.delivery.message.sequence;
    const auto second = other.delivery.message.sequence;
    return most % 2 == 0 ? first > second : first < second;
  });
  for (auto& item : items) {
    queue_.still_working();
    handle_alone(std::move(item), stop);
  }
}

void CommandWorker::handle_held(std::stop_token stop) {
  for (auto& delivery : held_.take_due()) {
    queue_.still_working();
    const auto is_there = queue_.holds(delivery);
    if (is_there && !*is_there) {
      queue_.forget(delivery);  // somebody else's fate
    } else if (!is_there || delivery.message.sequence >= queue_numbers_end) {
      held_.hold(std::move(delivery), {});
    } else if (auto item = decode(std::move(delivery))) {
      handle_alone(std::move(*item), stop);
    }
  }
  held_.show();
}

std::optional<CommandWorker::Item> CommandWorker::decode(Delivery&& delivery) {
  auto decoded = messages::decode_command(delivery.message);
  if (!decoded) {
    refuse(delivery, decoded.error());
    return std::nullopt;
  }
  Item item{std::move(delivery), std::move(*decoded)};
  if (!item.decoded.by_hand || item.decoded.complaint.empty()) {
    return item;
  }
  bury(item, DeadLetterReason::unreadable, item.decoded.complaint);
  return std::nullopt;
}

void CommandWorker::handle_group(Items group, std::stop_token stop) {
  const auto started = std::chrono::steady_clock::now();
  metrics_.observe_group_size(group.size());
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
  const auto all_done = commit_all(open, stored_by, stop);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (proposals[i]->is_done()) {
      finish(group[i], *proposals[i]);
    }
  }
  queue_.flush();
  metrics_.observe_group_time(std::chrono::steady_clock::now() - started);
  if (all_done) {
    return;
  }
  log::warn("a group is left undone", {{"reason", all_done.error().detail}});
  // One of them cannot be decided at all: then each by itself, so that the others can go on.
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (proposals[i]->is_done()) {
      continue;
    }
    if (stop.stop_requested()) {
      give_back(group[i].delivery);
    } else {
      handle_alone(std::move(group[i]), stop);
    }
  }
}

eventstore::Result<void> CommandWorker::commit_all(std::vector<Proposal*> open,
                                                   eventstore::Timestamp stored_by,
                                                   std::stop_token stop) {
  std::chrono::milliseconds wait = 50ms;
  while (true) {
    const auto ok = commit_commands(tools_, open, stored_by);
    if (ok || cannot_be_decided(ok.error())) {
      return ok;
    }
    log::warn("commands have to wait", {{"reason", ok.error().detail}});
    std::erase_if(open, [](const Proposal* proposal) { return proposal->is_done(); });
    if (stop.stop_requested() || !tools_.view.check_time()) {
      return ok;
    }
    queue_.ask_for_no_more();
    queue_.still_working();
    process::pause(stop, wait);
    wait = std::min(wait * 2, std::chrono::milliseconds(1000));
  }
}

void CommandWorker::handle_alone(Item item, std::stop_token stop) {
  if (!tools_.view.check_time()) {
    return give_back(item.delivery);
  }
  if (item.delivery.deliveries >= deliveries_max) {
    return bury(item, DeadLetterReason::exhausted, exhausted_detail);
  }
  if (!std::holds_alternative<Command>(item.decoded.command)) {
    return handle_shared(item, stop);
  }
  AddressFinder addresses(tools_);
  CommandProposal proposal(tools_, addresses, std::get<Command>(item.decoded.command),
                           item.decoded.reply_to,
                           item.decoded.may_be_repeat || item.decoded.by_hand);
  const auto committed = commit_all({&proposal}, item.delivery.message.stored_at, stop);
  if (proposal.is_done()) {
    finish(item, proposal);
    queue_.flush();
  } else if (stop.stop_requested() || !tools_.view.check_time()) {
    give_back(item.delivery);
  } else {
    held_.hold(std::move(item.delivery),
               committed ? "it cannot be decided" : committed.error().detail);
  }
}

void CommandWorker::finish(Item& item, const CommandProposal& proposal) {
  if (proposal.misfit().empty()) {
    return finish(item, proposal.verdict());
  }
  // Who waits for it looks at the operation, which is the other command's.
  if (!item.decoded.reply_to.empty()) {
    replies_.publish(item.decoded.reply_to, "");
  }
  refuse(item.delivery, proposal.misfit());
}

void CommandWorker::finish(Item& item, const Verdict& verdict) {
  if (const auto* stale = std::get_if<Stale>(&verdict)) {
    // A delivery of old is one if the queue has come as far as the log says. A queue that was lost
    // and begins anew at 1 gives new commands low numbers: those are nobody's past (D45). Held, it
    // stays in the queue until an operator has mended the numbers; the others go on.
    const auto end = queue_.last_sequence();
    if (!end) {
      return held_.hold(std::move(item.delivery), "the queue does not tell how far it has come");
    }
    if (*end < stale->newer) {
      return held_.hold(std::move(item.delivery),
                        "the queue has lost its numbers; see ops/runbook.md, Queue numbers broken");
    }
  }
  queue_.ack(item.delivery);
  metrics_.count_outcome(item.decoded, verdict);
  const bool no_event = std::holds_alternative<AlreadyDecided>(verdict);
  // The projector tells of what it projects; of what was in the log already nobody else would.
  if (no_event && !item.decoded.reply_to.empty()) {
    replies_.publish(item.decoded.reply_to, "");
  }
}

void CommandWorker::handle_shared(Item& item, std::stop_token stop) {
  while (true) {
    const auto misfit = fleet_commands_.find_misfit(item.decoded);
    if (misfit && *misfit) {
      return refuse(item.delivery, **misfit);
    }
    const auto verdict =
        misfit ? fleet_commands_.carry_out(item.decoded) : tl::unexpected(misfit.error());
    if (verdict) {
      finish(item, *verdict);
      return queue_.flush();
    }
    const auto& error = verdict.error();
    log::warn("a command has to wait", {{"type", type_of(item.decoded)}, {"reason", error.detail}});
    if (stop.stop_requested() || !tools_.view.check_time()) {
      return give_back(item.delivery);
    }
    if (cannot_be_decided(error)) {
      return held_.hold(std::move(item.delivery), error.detail);
    }
    queue_.ask_for_no_more();
    queue_.still_working();
    process::pause(stop, 250ms);
  }
}

void CommandWorker::bury(Item& item, DeadLetterReason reason, const std::string& error) {
  const auto end = burial_.bury(item.delivery, reason, error);
  if (!end) {
    return held_.hold(std::move(item.delivery), end.error().detail);
  }
  if (*end == Burial::End::had_outcome) {
    return queue_.ack(item.delivery);
  }
  const bool is_exhausted = reason == DeadLetterReason::exhausted;
  queue_.terminate(item.delivery, (is_exhausted ? "exhausted: " : "unreadable: ") + error);
}

void CommandWorker::refuse(Delivery& delivery, const std::string& error) {
  if (dead_letters_.keep(delivery, DeadLetterReason::unreadable, error)) {
    queue_.terminate(delivery, "unreadable: " + error);
  } else {
    held_.hold(std::move(delivery), "its letter could not be kept");
  }
}

/// What is given back goes to whoever asks, and that shall be another worker.
void CommandWorker::give_back(const Delivery& delivery) {
  queue_.ask_for_no_more();
  queue_.nak(delivery, 0s);
}

void CommandWorker::give_back_all() {
  for (const auto& item : repeated_) {
    give_back(item.delivery);
  }
  for (const auto& delivery : held_.take_all()) {
    give_back(delivery);
  }
  repeated_.clear();
  queue_.release();
}

}  // namespace vsim::workers
