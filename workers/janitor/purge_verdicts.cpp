#include "workers/janitor/purge_verdicts.h"

#include <memory>
#include <set>
#include <unordered_map>

#include "domain/account.h"
#include "ops/telemetry/log.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_target.h"
#include "schema/messages/subjects.h"
#include "workers/outcome_proposal.h"

namespace vsim::workers {
namespace {

using eventstore::Result;
using read_model::OperationRow;
using namespace std::chrono_literals;

constexpr std::size_t operations_at_once = 20'000;
constexpr std::size_t verdicts_at_once = 500;
constexpr auto gone_min = 1s;

std::optional<ServerId> server_of(const OperationRow& operation) {
  return operation.server_id.empty()
             ? std::nullopt
             : std::optional(ServerId{Uuid::parse(operation.server_id).value_or(Uuid{})});
}

std::string subject_of(const OperationRow& operation) {
  return messages::command_subject(
      messages::target_of(Region{operation.region}, server_of(operation), operation.type));
}

CommandSummary summary_of(const OperationRow& operation) {
  CommandSummary summary{
      .region = std::nullopt,
      .server = std::nullopt,
      .cause = {.command = {Uuid::parse(operation.id).value_or(Uuid{})},
                .sequence = operation.command_sequence,
                .request_hash = operation.request_hash,
                .type = operation.type},
      .origin = {operation.actor, operation.correlation_id, operation.account},
  };
  summary.warm_pool = messages::parse_warm_pool_region(operation.region);
  if (operation.server_id.empty()) {
    const std::string_view owner = summary.warm_pool ? summary.warm_pool->account : default_account;
    summary.origin.account = beside_owner(operation.account, owner);
  }
  if (const Region region{operation.region}; messages::is_region(region)) {
    summary.region = region;
  }
  summary.server = server_of(operation);
  return summary;
}

std::pair<StreamSequence, std::string> place_of(const CommandSummary& command) {
  return {command.cause.sequence, command.cause.command.to_string()};
}

CommandId id_of(const messages::DecodedCommand& decoded) {
  return std::visit([](const auto& command) { return command.id; }, decoded.command);
}

// What stands in a slot: a retry of the same command has another sequence there.
struct Waiting {
  StreamSequence sequence = 0;
  std::string command;
};

}  // namespace

PurgeVerdicts::PurgeVerdicts(DecisionTools& tools, eventstore::EventStore& queue,
                             ListPending list_pending, telemetry::Metrics& metrics)
    : tools_(tools),
      fleet_commands_(tools),
      queue_(queue),
      list_pending_(std::move(list_pending)),
      claimed_creates_(tools),
      purged_(metrics.counter("vsim_commands_purged_total",
                              "Commands that left the queue without an outcome")) {}

Result<std::optional<Instant>> PurgeVerdicts::look(Instant now) {
  auto pending = list_pending_(looked_up_to_, operations_at_once);
  if (!pending) {
    return eventstore::fail(eventstore::Error::Kind::unavailable,
                            "the pending operations cannot be read");
  }
  auto claimed = claimed_creates_.list();
  if (!claimed) {
    return tl::unexpected(claimed.error());
  }
  const bool is_all = pending->size() < operations_at_once;
  const StreamSequence from = looked_up_to_ == 0 ? 0 : looked_up_to_ + 1;
  looked_up_to_ = is_all ? 0 : pending->back().command_sequence;
  for (auto& create : *claimed) {
    const auto place = create.command_sequence;
    if (place >= from && (is_all || place <= looked_up_to_)) {
      pending->push_back(std::move(create));
    }
  }
  const auto first = missing_.lower_bound({from, ""});
  const auto last = is_all ? missing_.end() : missing_.lower_bound({looked_up_to_ + 1, ""});

  auto gone_now = gone(std::move(*pending));
  if (!gone_now) {
    return tl::unexpected(gone_now.error());
  }
  MissingByPlace still;
  for (auto& operation : *gone_now) {
    const Place place{operation.command_sequence, operation.id};
    const auto known = missing_.find(place);
    const auto since = known == missing_.end() ? now : known->second.since;
    still[place] = {std::move(operation), since};
  }
  missing_.erase(first, last);  // the others have their outcome by now
  missing_.merge(still);
  std::optional<Instant> oldest;
  for (const auto& [place, missing] : missing_) {
    oldest = std::min(oldest.value_or(missing.since), missing.since);
  }
  return oldest;
}

Result<std::vector<OperationRow>> PurgeVerdicts::gone(std::vector<OperationRow> pending) {
  if (pending.empty()) {
    return pending;
  }
  std::vector<std::string> subjects;
  for (const auto& operation : pending) {
    subjects.push_back(subject_of(operation));
  }
  const auto stored = queue_.load_last(subjects);
  if (!stored) {
    return tl::unexpected(stored.error());
  }
  std::unordered_map<std::string, Waiting> slots;
  for (const auto& message : *stored) {
    const auto decoded = messages::decode_command(message);
    slots[message.subject] = {message.sequence, decoded ? id_of(*decoded).to_string() : ""};
  }
  std::size_t place = 0;
  std::erase_if(pending, [&](const OperationRow& operation) {
    const auto slot = slots.find(subjects[place++]);
    const bool is_unnamed = operation.command_sequence == 0;  // whatever waits may be its command
    return slot != slots.end() &&
           (is_unnamed || slot->second.sequence == operation.command_sequence ||
            slot->second.command == operation.id);
  });
  return pending;
}

Result<void> PurgeVerdicts::give(Instant now) {
  std::vector<const Missing*> of_servers;
  std::vector<const Missing*> of_others;
  std::set<std::string> servers;  // one decision a server in a group
  for (const auto& [place, missing] : missing_) {
    if (now - missing.since < gone_min) {
      continue;
    }
    const auto& server = missing.operation.server_id;
    if (server.empty()) {
      of_others.push_back(&missing);
    }
    if (!server.empty() && servers.insert(server).second) {
      of_servers.push_back(&missing);
    }
    if (of_servers.size() + of_others.size() == verdicts_at_once) {
      break;
    }
  }
  if (auto given = give_to_servers(of_servers); !given) {
    return given;
  }
  return give_to_others(of_others);
}

// The janitor's verdicts on commands for what a whole fleet shares.
Result<void> PurgeVerdicts::give_to_others(std::span<const Missing* const> group) {
  for (const auto* missing : group) {
    const auto summary = summary_of(missing->operation);
    const auto earlier = fleet_commands_.give_outcome(summary, CommandPurged{}, {});
    if (!earlier) {
      return tl::unexpected(earlier.error());
    }
    missing_.erase(place_of(summary));
    if (!*earlier) {
      record_purged(summary);
    }
  }
  return {};
}

Result<void> PurgeVerdicts::give_to_servers(std::span<const Missing* const> group) {
  if (group.empty()) {
    return {};
  }
  std::vector<std::unique_ptr<OutcomeProposal>> verdicts;
  std::vector<Proposal*> open;
  for (const auto* missing : group) {
    verdicts.push_back(std::make_unique<OutcomeProposal>(tools_, summary_of(missing->operation),
                                                         CommandPurged{}, std::string()));
    open.push_back(verdicts.back().get());
  }
  const auto committed = commit(tools_, open);
  for (const auto& verdict : verdicts) {
    if (!verdict->is_done()) {
      continue;
    }
    missing_.erase(place_of(verdict->command()));
    if (!verdict->earlier()) {
      record_purged(verdict->command());
    }
  }
  return committed;
}

void PurgeVerdicts::record_purged(const CommandSummary& command) {
  purged_.add();
  log::info("a command was purged before it had an outcome",
            {{"operation_id", command.cause.command.to_string()},
             {"type", command.cause.type},
             {"region", command.region ? command.region->name : ""},
             {"sequence", command.cause.sequence}});
}

}  // namespace vsim::workers
