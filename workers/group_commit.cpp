#include "workers/group_commit.h"

#include <algorithm>
#include <unordered_map>

#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

using eventstore::Append;
using eventstore::Error;
using eventstore::Sequence;

// Lone events that are faster sent side by side than as a batch: an append of its own costs one
// sync of the disk, a batch about ten, whatever it holds.
constexpr std::size_t singles_max = 3;

// After so many refused batches each decision is appended alone, so that a stranger who keeps
// writing to one server cannot hold up the others.
constexpr int batch_rounds_max = 4;
constexpr int rounds_max = 100;

struct Decided {
  Proposal* proposal;
  std::vector<Append> appends;
  bool must_decide = true;  // its head is not known, or has moved
  bool assumed = false;     // decided once without a look at its head
};

using Lasts = std::unordered_map<std::string, Sequence>;

// The last sequences under the filters that the expectations name.
eventstore::Result<Lasts> load_lasts(eventstore::EventStore& store,
                                     std::span<const Decided> group) {
  std::vector<std::string> filters;
  for (const auto& decided : group) {
    for (const auto& append : decided.appends) {
      if (append.expected) {
        filters.push_back(append.expected->filter);
      }
    }
  }
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

// Tells which of a refused batch have to be decided again.
eventstore::Result<void> find_culprits(eventstore::EventStore& store, std::span<Decided> group) {
  const auto lasts = load_lasts(store, group);
  if (!lasts) {
    return tl::unexpected(lasts.error());
  }
  for (auto& decided : group) {
    for (const auto& append : decided.appends) {
      if (!append.expected) {
        continue;
      }
      const auto found = lasts->find(append.expected->filter);
      const auto last = found == lasts->end() ? 0 : found->second;
      if (last == append.expected->last) {
        continue;
      }
      decided.must_decide = true;
      decided.proposal->lost_against(append.expected->filter, last);
    }
  }
  return {};
}

bool may_assume(const Decided& decided) {
  return !decided.assumed && decided.proposal->is_likely_first();
}

eventstore::Result<void> decide_anew(eventstore::EventStore& store, std::vector<Decided>& group) {
  std::vector<ServerId> servers;
  for (const auto& decided : group) {
    if (decided.must_decide && !may_assume(decided)) {
      servers.push_back(decided.proposal->server());
    }
  }
  std::vector<Head> heads;
  if (!servers.empty()) {
    auto loaded = load_heads(store, servers);
    if (!loaded) {
      return tl::unexpected(loaded.error());
    }
    heads = std::move(*loaded);
  }
  auto head = heads.begin();
  for (auto& decided : group) {
    if (!decided.must_decide) {
      continue;
    }
    const bool assume = may_assume(decided);
    decided.assumed = true;
    auto appends = decided.proposal->decide(assume ? Head{} : *head++);
    if (!appends) {
      return tl::unexpected(appends.error());
    }
    decided.appends = std::move(*appends);
    decided.must_decide = false;
    if (decided.appends.empty()) {
      decided.proposal->done(0);
    }
  }
  std::erase_if(group, [](const Decided& decided) { return decided.appends.empty(); });
  return {};
}

// As many decisions from the front as one batch holds.
std::size_t batch_length(std::span<const Decided> group) {
  std::size_t messages = 0;
  std::size_t length = 0;
  for (const auto& decided : group) {
    messages += decided.appends.size();
    if (messages > eventstore::batch_messages_max) {
      break;
    }
    ++length;
  }
  return length;
}

eventstore::Result<void> append_together(eventstore::EventStore& store, std::span<Decided> group) {
  std::vector<Append> batch;
  for (const auto& decided : group) {
    batch.insert(batch.end(), decided.appends.begin(), decided.appends.end());
  }
  const auto last = store.append(batch);
  if (!last) {
    return tl::unexpected(last.error());
  }
  auto first = *last + 1 - batch.size();
  for (auto& decided : group) {
    decided.proposal->done(first);
    first += decided.appends.size();
    decided.appends.clear();
  }
  return {};
}

bool is_worth_sending_side_by_side(std::span<const Decided> group) {
  return group.size() <= singles_max &&
         std::all_of(group.begin(), group.end(),
                     [](const Decided& decided) { return decided.appends.size() == 1; });
}

eventstore::Result<void> append_side_by_side(eventstore::EventStore& store,
                                             std::span<Decided> group) {
  std::vector<Append> messages;
  for (const auto& decided : group) {
    messages.push_back(decided.appends.front());
  }
  const auto results = store.append_each(messages);
  eventstore::Result<void> outcome;
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

eventstore::Result<void> append_one_by_one(eventstore::EventStore& store,
                                           std::span<Decided> group) {
  eventstore::Result<void> outcome;
  for (auto& decided : group) {
    if (auto ok = append_together(store, std::span(&decided, 1)); !ok) {
      outcome = ok;
    }
  }
  return outcome;
}

eventstore::Result<void> append_round(eventstore::EventStore& store, std::span<Decided> group,
                                      int round) {
  if (is_worth_sending_side_by_side(group)) {
    return append_side_by_side(store, group);
  }
  if (round >= batch_rounds_max) {
    return append_one_by_one(store, group);
  }
  eventstore::Result<void> outcome;
  while (!group.empty()) {
    const auto length = batch_length(group);
    if (auto ok = append_together(store, group.first(length)); !ok) {
      outcome = ok;
    }
    group = group.subspan(length);
  }
  return outcome;
}

}  // namespace

eventstore::Result<std::vector<Head>> load_heads(eventstore::EventStore& store,
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
  std::vector<Head> heads(servers.size());
  for (const auto& message : *found) {
    auto logged = messages::decode_event(message);
    auto* event = logged ? std::get_if<messages::ServerEvent>(&*logged) : nullptr;
    if (event == nullptr) {
      return eventstore::fail(Error::Kind::refused,
                              message.subject + " ends with an event that this build cannot read");
    }
    auto& head = heads[places.at(event->event.server)];
    if (message.sequence < head.sequence) {
      continue;
    }
    head = Head{message.sequence, std::move(event->state)};
  }
  return heads;
}

std::vector<Append> appends_of(const Head& head, std::span<const Event> events,
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
          eventstore::Expectation{messages::any_events_of(event.server), head.sequence};
    }
    appends.push_back(std::move(append));
  }
  if (!appends.empty() && !reply_to.empty()) {
    appends.back().headers.push_back({std::string(messages::header::reply_to), reply_to});
  }
  return appends;
}

eventstore::Result<void> commit(eventstore::EventStore& store, std::span<Proposal* const> group) {
  std::vector<Decided> open;
  for (auto* proposal : group) {
    open.push_back({proposal, {}, true, false});
  }
  for (int round = 0; round < rounds_max; ++round) {
    if (auto ok = decide_anew(store, open); !ok) {
      return ok;
    }
    if (open.empty()) {
      return {};
    }
    const auto appended = append_round(store, open, round);
    std::erase_if(open, [](const Decided& decided) { return decided.appends.empty(); });
    if (open.empty()) {
      return {};
    }
    if (!appended.error().needs_another_look()) {
      return appended;
    }
    if (auto ok = find_culprits(store, open); !ok) {
      return ok;
    }
  }
  return eventstore::fail(Error::Kind::conflict,
                          "the log moved faster than it could be decided on");
}

}  // namespace vsim::workers
