#include "workers/due_deadlines.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "schema/messages/subjects.h"
#include "workers/group_commit.h"
#include "workers/single_subject.h"

namespace vsim::workers {
namespace {

using eventstore::Append;
using eventstore::Error;
using eventstore::Result;

constexpr std::size_t servers_at_once = 400;
constexpr int attempts_max = 20;
constexpr std::chrono::milliseconds stand_back_min{20};
constexpr std::chrono::milliseconds stand_back_max{100};

// One server's part of a round.
struct Part {
  DueServer server;  // due by what the log says, which may be later than the view had it
  ServerHead head;
  std::vector<Outage> outages;  // of its region
  std::vector<Event> events;
  State after;
};

// The servers that are due by `until` as the log has them, in the order of their deadlines; of the
// others the view is corrected.
Result<std::vector<Part>> load_parts(eventstore::EventStore& store, FleetView& view,
                                     const std::vector<DueServer>& servers, Instant until) {
  std::vector<ServerId> ids;
  std::set<Region> regions;
  for (const auto& server : servers) {
    ids.push_back(server.server);
    regions.insert(server.region);
  }
  auto heads = load_heads(store, ids, regions);
  if (!heads) {
    return tl::unexpected(heads.error());
  }
  std::vector<Part> parts;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const auto& [region, server, known_due] = servers[i];
    auto& head = heads->servers[i];
    if (head.sequence == 0) {
      return eventstore::fail(Error::Kind::refused, "the log has no event of server " +
                                                        server.to_string() +
                                                        ", which is known to have a deadline");
    }
    const auto& outages = heads->regions.of(region).outages;
    const auto due = due_of(head.state, outages);
    if (due != known_due) {
      view.server_seen(region, server, head.state, head.sequence);
    }
    if (due && *due <= until) {
      parts.push_back({.server = {region, server, *due},
                       .head = std::move(head),
                       .outages = outages,
                       .events = {},
                       .after = {}});
    }
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::tie(a.server.due, a.server.server) < std::tie(b.server.due, b.server.server);
  });
  return parts;
}

// Decides in order, and leaves out those that are due after `end`, or after a deadline that one
// before them brings about.
std::vector<Append> decide_in_order(std::vector<Part>& parts, Instant end) {
  std::vector<Append> batch;
  std::size_t taken = 0;
  for (auto& part : parts) {
    const auto& [region, server, due] = part.server;
    if (due > end) {
      break;
    }
    part.events = decide_due(server, region, part.head.state, due, part.outages);
    auto appends = appends_of(part.head, part.events, {}).messages;
    if (batch.size() + appends.size() > eventstore::batch_messages_max) {
      break;
    }
    std::move(appends.begin(), appends.end(), std::back_inserter(batch));
    part.after = part.head.state;
    for (const auto& event : part.events) {
      part.after = evolve(std::move(part.after), event);
    }
    if (const auto next = due_of(part.after, part.outages)) {
      end = std::min(end, *next);
    }
    ++taken;
  }
  parts.resize(taken);
  return batch;
}

// How many of the parts are in the log, from the front. Each of a chain has one event: the second
// of one server has no expectation that is known beforehand. D72
struct Appended {
  std::size_t parts = 0;
  Result<void> outcome;  // of the next one
};
Appended append_in_order(eventstore::EventStore& store, AppendCosts& costs,
                         std::span<const Part> parts, std::span<const Append> messages) {
  const auto began_at = std::chrono::steady_clock::now();
  const auto took = [&] { return std::chrono::steady_clock::now() - began_at; };
  const bool may_be_chain =
      messages.size() == parts.size() && messages.size() <= eventstore::chain_messages_max;
  if (may_be_chain && (messages.size() == 1 || costs.chains_are_cheaper(messages.size()))) {
    const auto end = store.append_chains(std::span(&messages, 1)).front();
    if (end.error) {
      return {end.stored, tl::unexpected(*end.error)};
    }
    costs.observe_chains(messages.size(), took());
    return {parts.size(), {}};
  }
  const auto last = store.append(messages);
  if (!last) {
    return {0, tl::unexpected(last.error())};
  }
  if (messages.size() > 1) {
    costs.observe_batch(took());
  }
  return {parts.size(), {}};
}

// Appends the end of the region's incident, if the log does not have it yet.
Result<void> end_incident(eventstore::EventStore& store, FleetView& view,
                          const FleetView::EndingIncident& ending) {
  using Ended = SubjectDecision<RegionEvent, std::monostate>;
  const auto ended = decide_on<messages::RegionLogged>(
      store, messages::region_events(ending.region), {},
      [&](const HeadOf<messages::RegionLogged>& head) -> Result<Ended> {
        return Ended{decide_due(ending.region, head.state, ending.due), {}};
      });
  if (!ended) {
    return tl::unexpected(ended.error());
  }
  view.catch_up();  // so that it is not ended twice
  return {};
}

Result<std::size_t> try_round(eventstore::EventStore& store, FleetView& view, AppendCosts& costs,
                              Instant until, const std::optional<Region>& region,
                              std::size_t servers_max, const OnDue& on_due) {
  const auto ending = view.ending_incident(until, region);
  until = ending ? ending->due : until;  // what is due by then comes before it
  const auto servers = view.due(until, servers_max, region);
  if (servers.empty()) {
    const auto ended = ending ? end_incident(store, view, *ending) : Result<void>();
    return ended ? Result<std::size_t>(ending ? 1 : 0) : tl::unexpected(ended.error());
  }
  auto parts = load_parts(store, view, servers, until);
  if (!parts) {
    return tl::unexpected(parts.error());
  }
  // What comes after the last of a full round is not known yet.
  const auto end = servers.size() == servers_max ? std::min(servers.back().due, until) : until;
  const auto batch = decide_in_order(*parts, end);
  if (batch.empty()) {
    return servers.size();
  }
  const auto appended = append_in_order(store, costs, *parts, batch);
  for (const auto& part : std::span(*parts).first(appended.parts)) {
    // Where in the log it stands the view learns when it gets there: after the head, at least.
    view.server_seen(part.server.region, part.server.server, part.after, part.head.sequence + 1);
    for (const auto& event : part.events) {
      on_due(event);
    }
  }
  if (!appended.outcome) {
    return tl::unexpected(appended.outcome.error());
  }
  return servers.size();
}

}  // namespace

Result<std::size_t> apply_due(eventstore::EventStore& store, FleetView& view, AppendCosts& costs,
                              Instant until, const std::optional<Region>& region,
                              const OnDue& on_due) {
  auto servers_max = servers_at_once;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto looked_at = try_round(store, view, costs, until, region, servers_max, on_due);
    if (looked_at || !looked_at.error().needs_another_look()) {
      return looked_at;
    }
    // Another timekeeper may be faster: this one lets it, and looks further on when the view has
    // followed.
    std::this_thread::sleep_for(std::min(stand_back_max, stand_back_min * (attempt + 1)));
    view.catch_up();
    // Of fewer servers it is less likely that one moves meanwhile.
    if (attempt > 0) {
      servers_max = std::max<std::size_t>(1, servers_max / 2);
    }
  }
  return log_moved_faster(Error::Kind::conflict);
}

}  // namespace vsim::workers
