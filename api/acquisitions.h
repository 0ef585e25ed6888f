#pragma once

// Servers of warm pools given to whoever asks: one that is ready gets the command, and where
// another caller was faster the next one does. D95

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "api/acquire_figures.h"
#include "api/command_gateway.h"
#include "api/ready_servers.h"
#include "api/route_table.h"
#include "api/server_commands.h"
#include "api/warm_pools.h"
#include "eventstore/broker_facts.h"

namespace vsim::api {

/// Any thread.
class Acquisitions {
 public:
  using StreamFactsOf =
      std::function<eventstore::Result<eventstore::StreamFacts>(std::string_view stream)>;

  /// All outlive it. `stopping` ends the waits for a ready server.
  Acquisitions(CommandGateway& gateway, LogSide& log_side, ReadSide& read_side,
               ServerCommands& commands, AcquireFigures& figures, StreamFactsOf facts_of,
               std::function<bool()> stopping);

  Answer acquire(const Call& call);  // POST /warm-pools/{name}/acquire

 private:
  using Steady = std::chrono::steady_clock;
  using HeldServer = std::unique_ptr<ReadyServers::Held>;
  struct Request;

  /// For a command that waits: only among those that are older than the broker remembers message
  /// ids, or among all.
  enum class Search { forgotten, everything };

  Answer acquire_from(Request& request);
  Reply<std::optional<WriteResult>> attempt(Request& request);
  Reply<WriteResult> send_to(Request& request, const ReadyServers::Held& held);
  Reply<std::optional<WriteResult>> go_on_with_earlier(Request& request, Search search);
  Reply<std::optional<ReadyServer>> find_earlier(const Write& write, Search search);
  Reply<std::optional<ReadyServer>> find_in_read_models(const Write& write);
  Reply<std::optional<ReadyServer>> find_in_log(const Write& write, StreamSequence last);
  Reply<std::optional<WaitingCommand>> find_waiting(const Write& write, Search search);
  Reply<HeldServer> wait_for_ready(Request& request);
  http::Problem why_none(const WarmPoolId& pool);
  void count(const Request& request, const Answer& answer);

  CommandGateway& gateway_;
  LogSide& log_side_;
  ReadSide& read_side_;
  ServerCommands& commands_;
  AcquireFigures& figures_;
  const StreamFactsOf facts_of_;
  const std::function<bool()> stopping_;
  ReadyServers ready_;
};

std::vector<Route> routes_of(WarmPools& pools, Acquisitions& acquisitions);

}  // namespace vsim::api
