#include "workers/group_commit.h"

#include <algorithm>
#include <chrono>
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
using std::chrono::steady_clock;

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

GroupCommit::GroupCommit(DecisionTools& tools, std::span<Proposal* const> group, WallTime stored_by)
    : tools_(tools), stored_by_(stored_by) {
  for (auto* proposal : group) {
    open_.push_back({.proposal = proposal, .head = {}, .appends = {}});
  }
}

Result<void> GroupCommit::load() {
  if (round_ == rounds_max) {
    return log_moved_faster(Error::Kind::conflict);
  }
  const bool must_load =
      std::any_of(open_.begin(), open_.end(), [](const Open& open) { return open.must_decide; });
  if (!must_load) {
    return {};
  }
  std::vector<ServerId> servers;
  for (auto& open : open_) {
    if (!open.must_decide) {
      continue;
    }
    if (auto known = known_head(open)) {
      open.head = std::move(*known);
    } else {
      servers.push_back(open.proposal->server());
    }
  }
  const auto regions = regions_to_load();
  auto heads = load_time_and(servers);
  if (!heads) {
    return tl::unexpected(heads.error());
  }
  auto head = heads->begin();
  auto server = servers.begin();
  for (auto& open : open_) {
    if (!open.must_decide) {
      continue;
    }
    if (server != servers.end() && *server == open.proposal->server()) {
      open.head = std::move(*head++);
      ++server;
    }
    open.tried = true;
  }
  if (auto ok = load_regions_left_out(regions); !ok) {
    return ok;
  }
  for (auto& open : open_) {
    if (!open.must_decide) {
      continue;
    }
    if (auto ok = open.proposal->prepare(open.head, regions_.of(region_of(open))); !ok) {
      return ok;
    }
  }
  return {};
}

std::optional<ServerHead> GroupCommit::known_head(const Open& open) const {
  if (open.tried) {
    return std::nullopt;
  }
  if (auto recent = tools_.view.recent_head(open.proposal->server())) {
    return recent;
  }
  return open.proposal->is_likely_first() ? std::optional<ServerHead>(ServerHead{}) : std::nullopt;
}

Result<std::vector<ServerHead>> GroupCommit::load_time_and(std::span<const ServerId> servers) {
  if (auto ok = tools_.view.check_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  std::vector<std::string> filters = {std::string(messages::clock_subject)};  // D19, D76
  for (const auto& region : regions_to_load()) {
    filters.push_back(messages::region_events(region));  // D92
  }
  for (const auto& server : servers) {
    filters.push_back(messages::any_events_of(server));
  }
  auto found = tools_.store.load_last(filters);
  if (!found) {
    return tl::unexpected(found.error());
  }
  const auto clock = std::partition(found->begin(), found->end(), [](const auto& message) {
    return message.subject != messages::clock_subject;
  });
  if (auto ok = tools_.view.clock_read(std::span(clock, found->end())); !ok) {
    return tl::unexpected(ok.error());
  }
  tools_.view.not_before(stored_by_);
  return heads_in(std::span(found->begin(), clock), servers, regions_);
}

const Region& GroupCommit::region_of(const Open& open) {
  return open.head.state.server ? open.head.state.region : open.proposal->region();
}

std::set<Region> GroupCommit::regions_to_load() const {
  std::set<Region> regions;
  for (const auto& open : open_) {
    if (open.must_decide) {
      regions.insert(open.proposal->region());
      regions.insert(region_of(open));
    }
  }
  return regions;
}

Result<void> GroupCommit::load_regions_left_out(const std::set<Region>& loaded) {
  std::vector<std::string> filters;
  for (const auto& region : regions_to_load()) {
    if (!loaded.contains(region)) {
      filters.push_back(messages::region_events(region));
    }
  }
  if (filters.empty()) {
    return {};
  }
  const auto found = tools_.store.load_last(filters);
  if (!found) {
    return tl::unexpected(found.error());
  }
  return heads_in(*found, {}, regions_).map([](const auto&) {});
}

void GroupCommit::decide() {
  for (auto& open : open_) {
    if (!open.must_decide) {
      continue;
    }
    open.appends = open.proposal->decide(open.head, regions_.of(region_of(open)));
    invariant(open.appends.messages.size() <= eventstore::batch_messages_max,
              "a decision fits an atomic batch");
    open.must_decide = false;
    if (open.appends.messages.empty()) {
      open.proposal->done(0);
    }
  }
  forget_done();
}

void GroupCommit::done(Open& open, Sequence last) {
  const auto& appends = open.appends;
  tools_.view.head_written(open.proposal->server(), last, appends.after);
  open.proposal->done(last);
}

void GroupCommit::forget_done() {
  std::erase_if(open_, [](const Open& open) { return open.proposal->is_done(); });
}

Result<void> GroupCommit::append() {
  if (open_.empty()) {
    return {};
  }
  const auto appended = append_round(open_);
  ++round_;
  forget_done();
  if (open_.empty()) {
    return {};
  }
  invariant(!appended, "what is not in the log was refused");
  return appended.error().needs_another_look() ? find_culprits() : appended;
}

Result<void> GroupCommit::append_round(std::span<Open> group) {
  if (round_ >= batch_rounds_max) {
    return append_one_by_one(group);
  }
  std::size_t messages = 0;
  for (const auto& open : group) {
    messages += open.appends.messages.size();
  }
  // With one that needs a batch anyhow, the others cost nothing more in the same.
  const bool may_be_chains =
      std::all_of(group.begin(), group.end(), [](const Open& open) { return open.may_be_chain(); });
  if (may_be_chains && tools_.costs.chains_are_cheaper(messages)) {
    return append_as_chains(group);
  }
  return append_in_batches(group);
}

Result<void> GroupCommit::append_in_batches(std::span<Open> group) {
  // As many decisions from the front as one batch holds.
  const auto batch_length = [](std::span<const Open> open) {
    std::size_t messages = 0;
    const auto beyond = std::find_if(open.begin(), open.end(), [&](const Open& one) {
      messages += one.appends.messages.size();
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
    batch.insert(batch.end(), open.appends.messages.begin(), open.appends.messages.end());
  }
  invariant(!batch.empty(), "a batch holds something");
  const auto began_at = steady_clock::now();
  const auto last = tools_.store.append(batch);
  if (!last) {
    return tl::unexpected(last.error());
  }
  if (batch.size() > 1) {
    tools_.costs.observe_batch(steady_clock::now() - began_at);
  }
  auto end = *last - batch.size();
  for (auto& open : group) {
    end += open.appends.messages.size();
    done(open, end);
  }
  return {};
}

Result<void> GroupCommit::append_as_chains(std::span<Open> group) {
  std::vector<eventstore::Chain> chains;
  std::size_t messages = 0;
  for (const auto& open : group) {
    chains.emplace_back(open.appends.messages);
    messages += open.appends.messages.size();
  }
  const auto began_at = steady_clock::now();
  const auto ends = tools_.store.append_chains(chains);
  invariant(ends.size() == group.size(), "each chain has an end");
  Result<void> outcome;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (ends[i].error) {
      outcome = tl::unexpected(*ends[i].error);
    } else {
      done(group[i], ends[i].last);
    }
  }
  if (outcome) {
    tools_.costs.observe_chains(messages, steady_clock::now() - began_at);
  }
  return outcome;
}

Result<void> GroupCommit::append_one_by_one(std::span<Open> group) {
  Result<void> outcome;
  for (auto& open : group) {
    const auto one = std::span(&open, 1);
    if (auto ok = open.may_be_chain() ? append_as_chains(one) : append_together(one); !ok) {
      outcome = ok;
    }
  }
  return outcome;
}

Result<void> GroupCommit::find_culprits() {
  std::vector<std::string> filters;
  for (const auto& open : open_) {
    for (const auto& append : open.appends.messages) {
      if (append.expected) {
        filters.push_back(append.expected->filter);
      }
    }
  }
  const auto lasts = load_lasts(tools_.store, filters);
  if (!lasts) {
    return tl::unexpected(lasts.error());
  }
  for (auto& open : open_) {
    for (const auto& append : open.appends.messages) {
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

Result<void> commit(DecisionTools& tools, std::span<Proposal* const> group, WallTime stored_by) {
  GroupCommit commit(tools, group, stored_by);
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

DecidedAppends appends_of(const ServerHead& head, std::span<const Event> events,
                          const std::string& reply_to) {
  DecidedAppends decided;
  auto& appends = decided.messages;
  decided.after = head.state;
  for (const auto& event : events) {
    decided.after = evolve(std::move(decided.after), event);
    Append append{messages::server_events(event.region, event.server),
                  messages::encode(event, decided.after),
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
  return decided;
}

}  // namespace vsim::workers
