#include "domain/server_deadlines.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace vsim {
namespace {

void add_hazard(std::vector<Deadline>& hazards, const Risk& risk, Instant due, const Draw& draw) {
  switch (risk.hazard) {
    case Hazard::host_failure:
      hazards.push_back({due, risk.becomes, Turn::host_failure,
                         Failure{"host_failure", "the host of the server has failed"}});
      return;
    case Hazard::impairment:
      hazards.push_back({due, Status::running, Turn::impairment});
      hazards.push_back({due + draw.lasting(risk), Status::running, Turn::recovery});
      return;
    case Hazard::interruption:
      hazards.push_back({due, Status::running, Turn::interruption_notice});
      hazards.push_back({due + notice_before_interruption, Status::terminated, Turn::interruption});
      return;
  }
}

// The event with which a transition ends.
EventData end_of_transition(Status from, const Deadline& deadline) {
  switch (deadline.becomes) {
    case Status::running:
      if (from == Status::rebooting) {
        return ServerRebooted{from};
      }
      return ServerStarted{from};
    case Status::stopped:
      return ServerStopped{from};
    case Status::failed:
      return ServerFailed{from, deadline.failure.value_or(Failure{})};
    case Status::terminated:
    case Status::pending:  // no transition ends in these four
    case Status::stopping:
    case Status::rebooting:
    case Status::terminating:
      break;
  }
  if (deadline.failure) {
    return ServerTerminated{from, TerminationReason::launch_failure, "", deadline.failure};
  }
  return ServerTerminated{from, TerminationReason::user};
}

EventData host_failure(Status from, const Deadline& deadline) {
  if (deadline.becomes == Status::failed) {
    return ServerFailed{from, deadline.failure.value_or(Failure{})};
  }
  return ServerStopped{from, deadline.failure};
}

/// The first of the server's deadlines that is such a one; nothing when none is.
template <typename Predicate>
const Deadline* find_deadline(const Server& server, Predicate&& is_such) {
  if (server.deadline && is_such(*server.deadline)) {
    return &*server.deadline;
  }
  const auto found = std::find_if(server.later.begin(), server.later.end(), is_such);
  return found == server.later.end() ? nullptr : &*found;
}

const Deadline* find_deadline(const Server& server, Turn turn) {
  return find_deadline(server, [turn](const Deadline& deadline) { return deadline.turn == turn; });
}

// When the turn comes that follows on the next deadline.
Instant time_of(Turn turn, const Server& server) {
  const auto* found = find_deadline(server, turn);
  return found == nullptr ? server.deadline->due : found->due;
}

// What an outage brings, and when.
struct Touch {
  Instant due;
  const Outage* outage = nullptr;  // none: it is forgotten, and with it what it has impaired
  bool ends = false;
};

// An incident that impairs a server has an end, known or not yet.
std::optional<Touch> recovery(const State& state, Outages outages) {
  for (const auto& outage : outages) {
    if (outage.incident != *state.server->impaired_by) {
      continue;
    }
    return outage.to ? std::optional(Touch{std::max(*outage.to, state.at), &outage, true})
                     : std::nullopt;
  }
  return Touch{state.at, nullptr, true};
}

// The first outage that meets the server running; an event that was decided before the outage and
// stored after it comes before it.
std::optional<Touch> next_touch(const State& state, Outages outages) {
  const auto& server = *state.server;
  std::optional<Touch> next;
  if (server.impaired_by) {
    next = recovery(state, outages);
  }
  if (server.status != Status::running) {
    return next;
  }
  for (const auto& outage : outages) {
    const auto due = std::max(outage.from, state.at);
    const bool is_over = outage.to && due >= *outage.to;
    const bool touches = outage.effect == OutageEffect::stopped || !server.impaired_by;
    if (touches && !is_over && (!next || due < next->due)) {
      next = Touch{due, &outage};
    }
  }
  return next;
}

EventData event_of(const Touch& touch, const Server& server) {
  if (touch.ends) {
    return ServerRecovered{server.impaired_by};
  }
  if (touch.outage->effect == OutageEffect::stopped) {
    return ServerStopped{server.status,
                         Failure{"region_outage", "the region of the server had an outage"}};
  }
  return ServerImpaired{touch.outage->to, touch.outage->incident};
}

std::optional<Instant> own_due(const State& state) {
  return state.server && state.server->deadline ? std::optional(state.server->deadline->due)
                                                : std::nullopt;
}

}  // namespace

// At one time its own deadline is first: it may be what makes the server run.
std::optional<Instant> due_of(const State& state, Outages outages) {
  const auto own = own_due(state);
  const bool may_be_touched = state.server && !outages.empty();
  const auto touch = may_be_touched ? next_touch(state, outages) : std::nullopt;
  return touch && (!own || touch->due < *own) ? touch->due : own;
}

std::optional<Happening> next_happening(const State& state, Outages outages) {
  const auto due = due_of(state, outages);
  if (!due) {
    return std::nullopt;
  }
  if (due == own_due(state)) {
    return Happening{*due, event_at_deadline(*state.server)};
  }
  return Happening{*due, event_of(*next_touch(state, outages), *state.server)};
}

bool comes_before(const Deadline& one, const Deadline& other) {
  return std::tie(one.due, one.turn) < std::tie(other.due, other.turn);
}

std::vector<Deadline> hazards_after(const End& end, const Terms& terms, const Draw& draw) {
  std::vector<Deadline> hazards;
  if (!end.due || end.failure) {
    return hazards;
  }
  for (const auto& risk : terms.risks) {
    add_hazard(hazards, risk, *end.due + draw.after(risk), draw);
  }
  std::stable_sort(hazards.begin(), hazards.end(), comes_before);
  return hazards;
}

EventData event_at_deadline(const Server& server) {
  const auto& deadline = *server.deadline;
  const auto from = server.status;
  switch (deadline.turn) {
    case Turn::transition:
      return end_of_transition(from, deadline);
    case Turn::idle_timeout:
      return ServerTerminated{from, TerminationReason::idle_timeout};
    case Turn::host_failure:
      return host_failure(from, deadline);
    case Turn::impairment:
      return ServerImpaired{time_of(Turn::recovery, server)};
    case Turn::recovery:
      return ServerRecovered{};
    case Turn::interruption_notice:
      return ServerInterruptionNoticed{time_of(Turn::interruption, server)};
    case Turn::lease_end:
      return ServerTerminated{from, TerminationReason::lease_expired};
    case Turn::interruption:
      break;
  }
  return ServerTerminated{from, TerminationReason::interruption};
}

const Deadline* foreseeable_deadline(const Server& server) {
  return find_deadline(server, [](const Deadline& deadline) {
    return deadline.turn == Turn::transition || deadline.turn == Turn::idle_timeout;
  });
}

const std::string& name_of(const Server& server) {
  return server.assignment && server.assignment->name ? *server.assignment->name
                                                      : server.blueprint.name;
}

std::map<std::string, std::string> tags_of(const Server& server) {
  auto tags = server.blueprint.tags;
  if (server.assignment) {
    for (const auto& [key, value] : server.assignment->tags) {
      tags.insert_or_assign(key, value);
    }
  }
  return tags;
}

bool is_ready(const Server& server) {
  return server.blueprint.warm && !server.assignment && server.status == Status::running &&
         server.health == Health::ok && !server.interruption_at;
}

std::optional<Instant> expires_at(const Server& server) {
  const auto* end = find_deadline(server, Turn::lease_end);
  return end == nullptr ? std::nullopt : std::optional(end->due);
}

void lease_until(Server& server, Instant end) {
  cancel(server, Turn::lease_end);
  plan(server, {end, Status::terminated, Turn::lease_end});
}

void plan(Server& server, Deadline deadline) {
  if (server.deadline && comes_before(deadline, *server.deadline)) {
    std::swap(deadline, *server.deadline);
  }
  if (!server.deadline) {
    server.deadline = std::move(deadline);
    return;
  }
  const auto place =
      std::upper_bound(server.later.begin(), server.later.end(), deadline, comes_before);
  server.later.insert(place, std::move(deadline));
}

void plan(Server& server, const std::vector<Deadline>& deadlines) {
  for (const auto& deadline : deadlines) {
    plan(server, deadline);
  }
}

void cancel(Server& server, Turn turn) {
  std::erase_if(server.later, [turn](const Deadline& later) { return later.turn == turn; });
  if (!server.deadline || server.deadline->turn != turn) {
    return;
  }
  server.deadline.reset();
  if (!server.later.empty()) {
    server.deadline = std::move(server.later.front());
    server.later.erase(server.later.begin());
  }
}

}  // namespace vsim
