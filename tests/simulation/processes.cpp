#include "tests/simulation/processes.h"

#include "ops/process/broker_connection.h"
#include "schema/messages/subjects.h"
#include "workers/worker_process.h"

namespace vsim::simulation {

WorkerLife::WorkerLife(Machine& machine, std::string name, process::WorkerSettings settings,
                       Time clock_error)
    : process_(std::make_shared<Process>(Process{.name = std::move(name)})),
      signals_(std::make_shared<process::ShutdownSignals>()) {
  process_->clock_error = clock_error;
  machine.start(process_, "main", [settings = std::move(settings), signals = signals_] {
    workers::run(settings, *signals);
  });
}

Gateway::Gateway(eventstore::Broker& broker)
    : publisher(broker, std::string(messages::commands_stream)),
      queue(broker, broker, std::string(messages::commands_stream)),
      events(broker, broker, std::string(messages::events_stream)),
      pool("", 8),
      inbox(broker, metrics),
      read_side(pool, [this] { return inbox.stopped(); }),
      log_side(publisher, queue, events),
      gateway(publisher, log_side, read_side, inbox, metrics) {}

ApiLife::ApiLife(Machine& machine, std::string name) : state_(std::make_shared<State>()) {
  state_->process = std::make_shared<Process>(Process{.name = std::move(name)});
  machine.start(state_->process, "main", [&machine, state = state_] { serve(machine, *state); });
}

void ApiLife::serve(Machine& machine, State& state) {
  std::stop_source never;
  eventstore::BrokerOptions options{.url = "nats://simulated", .name = "vsim-api"};
  options.send_at_once = true;
  const auto broker = process::connect_when_there(options, std::chrono::milliseconds(500),
                                                  never.get_token(), [](const std::string&) {});
  if (!broker || *broker == nullptr) {
    return;
  }
  Gateway gateway(**broker);
  // Requests use the gateway to their end, also where that is a kill.
  struct UntilTheLast {
    Machine& machine;
    State& state;
    ~UntilTheLast() {
      state.gateway = nullptr;
      while (state.requests > 0) {
        machine.wait_deaf(&state);
      }
    }
  } const until_the_last{machine, state};
  state.gateway = &gateway;
  while (true) {
    machine.wait(&state.gateway, std::nullopt);
  }
}

bool ApiLife::carry_out(Machine& machine, const std::shared_ptr<Request>& request) const {
  if (state_->gateway == nullptr || state_->process->dying) {
    return false;
  }
  struct End {
    Machine& machine;
    std::shared_ptr<State> state;
    std::shared_ptr<Request> request;
    ~End() {
      --state->requests;
      request->ended = true;
      machine.wake_all(request.get());
      machine.wake_all(state.get());
    }
  };
  ++state_->requests;
  // The task's end is that of its function, also where the process dies before the task has begun.
  machine.start(state_->process, "request",
                [end = std::make_shared<End>(machine, state_, request), request, state = state_] {
                  request->answer =
                      state->gateway->gateway.carry_out(request->write, request->patience);
                });
  while (!request->ended) {
    machine.wait(request.get(), std::nullopt);
  }
  return true;
}

}  // namespace vsim::simulation
