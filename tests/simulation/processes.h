#pragma once

// The simulated processes: vsim-worker whole, as workers/worker_process.cpp wires it, and the
// API's way of a write below HTTP.

#include <memory>
#include <optional>
#include <string>

#include "api/command_gateway.h"
#include "eventstore/jetstream_store.h"
#include "ops/process/settings.h"
#include "ops/process/shutdown.h"
#include "tests/simulation/machine.h"

namespace vsim::simulation {

/// One life of a worker.
class WorkerLife {
 public:
  WorkerLife(Machine& machine, std::string name, process::WorkerSettings settings,
             Time clock_error);

  const std::shared_ptr<Process>& process() const { return process_; }
  /// SIGTERM.
  void stop() { signals_->request_stop(); }

 private:
  std::shared_ptr<Process> process_;
  std::shared_ptr<process::ShutdownSignals> signals_;
};

/// A request under way in an API process.
struct Request {
  api::Write write;
  std::chrono::seconds patience{0};
  std::optional<api::Reply<api::WriteResult>> answer;  // none at its end: the process has died
  bool ended = false;
};

/// What answers writes in an API process.
struct Gateway {
  explicit Gateway(eventstore::Broker& broker);

  telemetry::Metrics metrics;
  eventstore::CommandPublisher publisher;
  eventstore::JetStreamStore queue;
  eventstore::JetStreamStore events;
  read_model::ConnectionPool pool;
  api::OutcomeInbox inbox;
  api::ReadSide read_side;
  api::LogSide log_side;
  api::CommandGateway gateway;
};

/// One life of an API process.
class ApiLife {
 public:
  ApiLife(Machine& machine, std::string name);

  const std::shared_ptr<Process>& process() const { return state_->process; }
  /// Waits for the answer, in the client's task. False: there was nobody to ask.
  bool carry_out(Machine& machine, const std::shared_ptr<Request>& request) const;

 private:
  struct State {
    std::shared_ptr<Process> process;
    Gateway* gateway = nullptr;
    std::size_t requests = 0;
  };
  static void serve(Machine& machine, State& state);

  std::shared_ptr<State> state_;
};

}  // namespace vsim::simulation
