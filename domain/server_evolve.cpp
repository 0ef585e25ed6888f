// evolve(): one small function per event. An event is a fact, so nothing is refused here: what the
// log holds has happened.

#include <algorithm>

#include "domain/server.h"
#include "domain/server_deadlines.h"

namespace vsim {
namespace {

// A reboot and the way to RUNNING are part of a running life: what befalls it goes on.
bool is_of_running_life(Status status) {
  return status == Status::running || status == Status::rebooting || status == Status::pending;
}

bool is_ending(Status status) {
  return status == Status::terminating || status == Status::terminated;
}

// Hazards end with the running life, and what they have left behind. A lease goes on until the
// server itself ends.
void leave_running_life(Server& server) {
  const auto leased_until = is_ending(server.status) ? std::nullopt : expires_at(server);
  server.deadline.reset();
  server.later.clear();
  server.health = Health::ok;
  server.impaired_by.reset();
  server.interruption_at.reset();
  if (leased_until) {
    lease_until(server, *leased_until);
  }
}

// Of a hazard that has come the end is still planned.
Health health_of(const Server& server) {
  const auto is_planned = [&](Turn turn) {
    const auto is = [turn](const Deadline& deadline) { return deadline.turn == turn; };
    return (server.deadline && is(*server.deadline)) ||
           std::any_of(server.later.begin(), server.later.end(), is);
  };
  const bool by_hazard = is_planned(Turn::recovery) && !is_planned(Turn::impairment);
  return by_hazard || server.impaired_by ? Health::impaired : Health::ok;
}

// A status change at the event's time: moves the bill and forgets the deadlines that were of the
// old status.
void become(Server& server, Status status, Instant at) {
  // A reboot is no start: EC2's LaunchTime does not change with it either.
  const bool starts = status == Status::running && server.status != Status::running &&
                      server.status != Status::rebooting;
  server.bill = bill_after(server.bill, server.blueprint.terms.billing, status, at);
  server.status = status;
  server.failure.reset();
  cancel(server, Turn::transition);
  cancel(server, Turn::idle_timeout);
  if (!is_of_running_life(status)) {
    leave_running_life(server);
  }
  if (starts) {
    server.last_started_at = at;
  }
  const auto idle = server.blueprint.terms.idle_timeout;
  if (status == Status::stopped && idle.count() > 0) {
    plan(server, {at + idle, Status::terminated, Turn::idle_timeout});
  }
}

void become_for_a_while(Server& server, Status status, Instant at, const End& end, Status then) {
  become(server, status, at);
  if (end.due) {
    plan(server,
         {*end.due, end.failure ? end.failed_becomes : then, Turn::transition, end.failure});
  }
}

void begin_lease(Server& server, const std::optional<Instant>& until) {
  if (until) {
    lease_until(server, *until);
  }
}

struct ApplyToServer {
  State& state;
  Instant at;
  const std::optional<Cause>& cause;

  // The log may hold events that a rule of today would not have made; without a server there is
  // nothing for them to change.
  template <typename Change>
  void change(Change&& apply) const {
    if (state.server) {
      apply(*state.server);
    }
  }

  Server& create(const Blueprint& blueprint) const {
    state.server = Server{};
    state.server->blueprint = blueprint;
    state.server->created_at = at;
    return *state.server;
  }

  void operator()(const ServerProvisioning& event) const {
    auto& server = create(event.blueprint);
    become_for_a_while(server, Status::pending, at, event.end,
                       event.blueprint.terms.create_ends_in);
    plan(server, event.hazards);
    begin_lease(server, event.expires_at);
  }
  void operator()(const ServerProvisioned& event) const {
    auto& server = create(event.blueprint);
    become(server, event.blueprint.terms.create_ends_in, at);
    plan(server, event.hazards);
    begin_lease(server, event.expires_at);
  }
  void operator()(const ServerStarting& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::pending, at, event.end, Status::running);
      plan(s, event.hazards);
    });
  }
  void operator()(const ServerStarted& event) const {
    change([&](Server& s) {
      become(s, Status::running, at);
      plan(s, event.hazards);
    });
  }
  void operator()(const ServerStopping& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::stopping, at, event.end, Status::stopped);
    });
  }
  void operator()(const ServerStopped& event) const {
    change([&](Server& s) {
      become(s, Status::stopped, at);
      s.failure = event.failure;
    });
  }
  void operator()(const ServerRebooting& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::rebooting, at, event.end, Status::running);
    });
  }
  void operator()(const ServerRebooted&) const {
    change([&](Server& s) { become(s, Status::running, at); });
  }
  void operator()(const ServerTerminating& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::terminating, at, event.end, Status::terminated);
    });
  }
  void operator()(const ServerTerminated& event) const {
    change([&](Server& s) {
      become(s, Status::terminated, at);
      s.termination_reason = event.reason;
      s.failure = event.failure;
    });
  }
  void operator()(const ServerFailed& event) const {
    change([&](Server& s) {
      become(s, Status::failed, at);
      s.failure = event.failure;
    });
  }
  void operator()(const ServerImpaired& event) const {
    change([&](Server& s) {
      s.health = Health::impaired;
      if (event.incident) {
        s.impaired_by = event.incident;
      } else {
        cancel(s, Turn::impairment);
      }
    });
  }
  void operator()(const ServerRecovered& event) const {
    change([&](Server& s) {
      if (event.incident) {
        s.impaired_by.reset();
      } else {
        cancel(s, Turn::recovery);
      }
      s.health = health_of(s);
    });
  }
  void operator()(const ServerInterruptionNoticed& event) const {
    change([&](Server& s) {
      s.interruption_at = event.interruption_at;
      cancel(s, Turn::interruption_notice);
    });
  }
  void operator()(const LeaseExtended& event) const {
    change([&](Server& s) { lease_until(s, event.expires_at); });
  }
  void operator()(const ServerAssigned& event) const {
    change([&](Server& s) {
      s.assignment = Assignment{cause ? std::optional(cause->command) : std::nullopt, at,
                                event.name, event.tags};
      cancel(s, Turn::lease_end);  // one of nobody's
      begin_lease(s, event.expires_at);
    });
  }
  void operator()(const ServerReleased& event) const {
    change([&](Server& s) {
      s.assignment.reset();
      cancel(s, Turn::lease_end);
      if (event.end) {
        become_for_a_while(s, Status::rebooting, at, *event.end, Status::running);
      }
    });
  }
  void operator()(const CommandRejected&) const {}
  void operator()(const CommandPurged&) const {}
  void operator()(const CommandDeadLettered&) const {}
};

}  // namespace

State evolve(State state, const Event& event) {
  state.version = event.version;
  state.region = event.region;
  state.at = event.at;
  if (!state.server || !is_no_change(event.data)) {
    state.last_change = {event.version, event.at};
  }
  record_command(state.last_command, event);
  std::visit(ApplyToServer{state, event.at, event.cause}, event.data);
  return state;
}

}  // namespace vsim
