// evolve(): one small function per event. An event is a fact, so nothing is refused here: what the
// log holds has happened.

#include "domain/server.h"

namespace vsim {
namespace {

// A status change at the event's time: moves the bill and forgets the old deadline.
void become(Server& server, Status status, Instant at) {
  // A reboot is no start: EC2's LaunchTime does not change with it either.
  const bool starts = status == Status::running && server.status != Status::running &&
                      server.status != Status::rebooting;
  server.bill = bill_after(server.bill, server.blueprint.terms.billing, status, at);
  server.status = status;
  server.deadline.reset();
  if (starts) {
    server.last_started_at = at;
  }
  const auto idle = server.blueprint.terms.idle_timeout;
  if (status == Status::stopped && idle.count() > 0) {
    server.deadline = Deadline{at + idle, Status::terminated};
  }
}

void become_for_a_while(Server& server, Status status, Instant at, Instant due, Status then) {
  become(server, status, at);
  server.deadline = Deadline{due, then};
}

struct ApplyToServer {
  State& state;
  Instant at;

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
    become_for_a_while(server, Status::pending, at, event.due,
                       event.blueprint.terms.create_ends_in);
  }
  void operator()(const ServerProvisioned& event) const {
    become(create(event.blueprint), event.blueprint.terms.create_ends_in, at);
  }
  void operator()(const ServerStarting& event) const {
    change(
        [&](Server& s) { become_for_a_while(s, Status::pending, at, event.due, Status::running); });
  }
  void operator()(const ServerStarted&) const {
    change([&](Server& s) { become(s, Status::running, at); });
  }
  void operator()(const ServerStopping& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::stopping, at, event.due, Status::stopped);
    });
  }
  void operator()(const ServerStopped&) const {
    change([&](Server& s) { become(s, Status::stopped, at); });
  }
  void operator()(const ServerRebooting& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::rebooting, at, event.due, Status::running);
    });
  }
  void operator()(const ServerRebooted&) const {
    change([&](Server& s) { become(s, Status::running, at); });
  }
  void operator()(const ServerTerminating& event) const {
    change([&](Server& s) {
      become_for_a_while(s, Status::terminating, at, event.due, Status::terminated);
    });
  }
  void operator()(const ServerTerminated& event) const {
    change([&](Server& s) {
      become(s, Status::terminated, at);
      s.termination_reason = event.reason;
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
  std::visit(ApplyToServer{state, event.at}, event.data);
  return state;
}

}  // namespace vsim
