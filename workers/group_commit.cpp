#include "workers/group_commit.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "domain/invariant.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

using eventstore::Append;
using eventstore::Error;
using eventstore::Result;
using eventstore::Sequence;

// Lone events that are faster sent side by side than as a batch: an append of its own costs one
// sync of the disk, a batch about ten, whatever it holds.
constexpr std::size_t singles_max = 3;

// After so many refused batches each decision is appended alone, so that another writer who keeps
// writing to one server cannot hold up the others.
constexpr int batch_rounds_max = 4;
constexpr int rounds_max = 100;

using Lasts = std::unordered_map<std::string, Sequence>;

// The last sequences under filters that expectations name.
Result<Lasts> load_lasts(eventstore::EventStore& store, std::span<const std::string> filters) {
  const auto found = store.load_last(filters);
  if (!found) {
    return tl::unexpected(found.error());
  }
  Lasts lasts;
  for (const auto& message : *found) {
    auto filter = message.subject;
    if (const auto target = messages::parse_server_events_subject(filter)) {
      filter = messages::any_events_of(target->server);
    }
    auto& last = lasts[filter];
    last = std::max(last, message.sequence);
  }
  return lasts;
}

}  // namespace

GroupCommit::GroupCommit(eventstore::EventStore& store, std::span<Proposal* const> group)
    : store_(store) {
  for (auto* proposal : group) {
    open_.push_back({.proposal = proposal, .head = {}, .appends = {}});
  }
}

Result<void> GroupCommit::load() {
  if (round_ == rounds_max) {
    return log_moved_faster(Error::Kind::conflict);
  }
  const auto may_assume = [](const Open& open) {
    return !open.assumed && open.proposal->is_likely_first();
  };
  std::vector<ServerId> servers;
  for (const auto& open : open_) {
    if (open.must_decide && !may_assume(open)) {
      servers.push_back(open.proposal->server());
    }
  }
  auto heads = servers.empty() ? Result<std::vector<ServerHead>>() : load_heads(store_, servers);
  if (!heads) {
    return tl::unexpected(heads.error());
  }
  auto head = heads->begin();
  for (auto& open : open_) {
    if (!open.must_decide) {
      continue;
    }
    open.head = may_assume(open) ? ServerHead{} : std::move(*head++);
    open.assumed = true;
    if (auto ok = open.proposal->prepare(open.head); !ok) {
      return ok;
    }
  }
  return {};
}

void GroupCommit::decide() {
  for (auto& open : open_) {
    if (!open.must_decide) {
      continue;
    }
    open.appends = open.proposal->decide(open.head);
    invariant(open.appends.size() <= eventstore::batch_messages_max,
              "a decision fits an atomic batch");
    open.must_decide = false;
    if (open.appends.empty()) {
      open.proposal->done(0);
    }
  }
  std::erase_if(open_, [](const Open& open) { return open.appends.empty(); });
}

Result<void> GroupCommit::append() {
  if (open_.empty()) {
    return {};
  }
  const auto appended = append_round(open_);
  ++round_;
  std::erase_if(open_, [](const Open& open) { return open.appends.empty(); });
  if (open_.empty()) {
    return {};
  }
  invariant(!appended, "what is not in the log was refused");
  return appended.error().needs_another_look() ? find_culprits() : appended;
}

Result<void> GroupCommit::append_round(std::span<Open> group) {
  const bool is_one_event_each = std::all_of(
      group.begin(), group.end(), [](const Open& open) { return open.appends.size() == 1; });
  if (group.size() <= singles_max && is_one_event_each) {
    return append_side_by_side(group);
  }
  if (round_ >= batch_rounds_max) {
    return append_one_by_one(group);
  }
  // As many decisions from the front as one batch holds.
  const auto batch_length = [](std::span<const Open> open) {
    std::size_t messages = 0;
    const auto beyond = std::find_if(open.begin(), open.end(), [&](const Open& one) {
      messages += one.appends.size();
      return messages > eventstore::batch_messages_max;
    });
    return static_cast<std::size_t>(beyond - open.begin());
  };
  Result<void> outcome;
  while (!group.empty()) {
    const auto length = batch_length(group);
    if (auto ok = append_together(group.first(length)); !ok) {
      outcome = ok;
    }
    group = group.subspan(length);
  }
  return outcome;
}

Result<void> GroupCommit::append_together(std::span<Open> group) {
  std::vector<Append> batch;
  for (const auto& open : group) {
    batch.insert(batch.end(), open.appends.begin(), open.appends.end());
  }
  invariant(!batch.empty(), "a batch holds something");
  const auto last = store_.append(batch);
  if (!last) {
    return tl::unexpected(last.error());
  }
  auto first = *last + 1 - batch.size();
  for (auto& open : group) {
    open.proposal->done(first);
    first += open.appends.size();
    open.appends.clear();
  }
  return {};
}

Result<void> GroupCommit::append_side_by_side(std::span<Open> group) {
  std::vector<Append> messages;
  for (const auto& open : group) {
    messages.push_back(open.appends.front());
  }
  const auto results = store_.append_each(messages);
  invariant(results.size() == group.size(), "each append has a result");
  Result<void> outcome;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (results[i]) {
      group[i].proposal->done(*results[i]);
      group[i].appends.clear();
    } else {
      outcome = tl::unexpected(results[i].error());
    }
  }
  return outcome;
}

Result<void> GroupCommit::append_one_by_one(std::span<Open> group) {
  Result<void> outcome;
  for (auto& open : group) {
    if (auto ok = append_together(std::span(&open, 1)); !ok) {
      outcome = ok;
    }
  }
  return outcome;
}

Result<void> GroupCommit::find_culprits() {
  std::vector<std::string> filters;
  for (const auto& open : open_) {
    for (const auto& append : open.appends) {
      if (append.expected) {
        filters.push_back(append.expected->filter);
      }
    }
  }
  const auto lasts = load_lasts(store_, filters);
  if (!lasts) {
    return tl::unexpected(lasts.error());
  }
  for (auto& open : open_) {
    for (const auto& append : open.appends) {
      if (!append.expected) {
        continue;
      }
      const auto found = lasts->find(append.expected->filter);
      const auto last = found == lasts->end() ? 0 : found->second;
      if (last != append.expected->last) {
        open.must_decide = true;
        open.proposal->lost_against(append.expected->filter, last);
      }
    }
  }
  return {};
}

Result<void> commit(eventstore::EventStore& store, std::span<Proposal* const> group) {
  GroupCommit commit(store, group);
  while (!commit.is_done()) {
    if (auto ok = commit.load(); !ok) {
      return ok;
    }
    commit.decide();
    if (auto ok = commit.append(); !ok) {
      return ok;
    }
  }
  return {};
}

Result<std::vector<ServerHead>> load_heads(eventstore::EventStore& store,
                                           std::span<const ServerId> servers) {
  std::vector<std::string> filters;
  std::unordered_map<ServerId, std::size_t> places;
  for (const auto& server : servers) {
    places.emplace(server, filters.size());
    filters.push_back(messages::any_events_of(server));
  }
  const auto found = store.load_last(filters);
  if (!found) {
    return tl::unexpected(found.error());
  }
  std::vector<ServerHead> heads(servers.size());
  for (const auto& message : *found) {
    auto logged = messages::decode_event(message);
    auto* event = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    if (event == nullptr) {
      return ends_unreadably(message.subject);
    }
    auto& head = heads[places.at(event->event.server)];
    if (message.sequence < head.sequence) {
      continue;
    }
    head = {message.sequence, std::move(event->state)};
  }
  return heads;
}

std::vector<Append> appends_of(const ServerHead& head, std::span<const Event> events,
                               const std::string& reply_to) {
  std::vector<Append> appends;
  State state = head.state;
  for (const auto& event : events) {
    state = evolve(std::move(state), event);
    Append append{messages::server_events(event.region, event.server),
                  messages::encode(event, state),
                  {},
                  std::nullopt};
    if (appends.empty()) {
      append.expected =
          eventstore::Expectation{messages::any_events_of(event.server), head.sequence};  // D3
    }
    appends.push_back(std::move(append));
  }
  if (!appends.empty() && !reply_to.empty()) {
    appends.back().headers.push_back({std::string(messages::header::reply_to), reply_to});
  }
  return appends;
}

}  // namespace vsim::workers
