#pragma once

// EVENTS, read with the stock nats CLI as an operator does.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/harness/fleet.h"
#include "tests/harness/json.h"

namespace e2e {

struct ServerEvent {
  std::string type;
  std::int64_t version = 0;
  std::string command_id;  // empty: an event of time
  std::string request_id;
  std::string status;   // of the server after it; empty: there is no server
  std::string address;  // "region ip" of the server; empty: there is none
};

struct EventLog {
  std::map<std::string, std::vector<ServerEvent>> servers;  // by id, in the log's order
  std::map<std::string, std::string> holder;                // last claimant, by "region address"
};

/// Runs the nats CLI as an operator.
using NatsCli = std::function<harness::Output(const std::vector<std::string>& arguments)>;

NatsCli nats_cli_of(harness::Fleet& fleet);

EventLog read_event_log(const NatsCli& nats);
EventLog read_event_log(harness::Fleet& fleet);

/// The last sequence of a stream.
std::int64_t end_of(harness::Fleet& fleet, const std::string& stream);

/// How many commands wait in the queue.
std::int64_t waiting_commands(const NatsCli& nats);
std::int64_t waiting_commands(harness::Fleet& fleet);

}  // namespace e2e
