#pragma once

// The fold of EVENTS beside what its messages say: each version follows the one before it, and each
// state is what evolve() makes of the state before it and the event.

#include <map>
#include <string>
#include <unordered_map>

#include "ops/vsimctl/commands.h"
#include "ops/vsimctl/log_reader.h"

namespace vsim::vsimctl {

/// Takes the events from the first one on. Keeps the states of servers that live, and of each that
/// is terminated no more than where its last event stands. One thread.
class LogFold {
 public:
  /// `events` outlives it; a terminated server's state is read from there when it is needed again.
  explicit LogFold(eventstore::EventStore& events) : events_(events) {}

  /// The error is the first difference, in one line.
  Outcome add(const LogChunk::Entry& entry);

  std::uint64_t servers() const { return live_.size() + terminated_.size(); }

 private:
  struct Add;
  Found<State> state_before(const ServerId& server);
  Outcome add_server(const messages::ServerEvent& logged, eventstore::Sequence sequence);
  Outcome add_clock(const messages::ClockLogged& logged, const LogChunk::Entry& entry);
  Outcome count(Version& last, Version version, const std::string& whose,
                eventstore::Sequence sequence) const;

  eventstore::EventStore& events_;
  std::unordered_map<ServerId, State> live_;
  std::unordered_map<ServerId, eventstore::Sequence> terminated_;
  std::map<Region, Pool> pools_;
  std::map<Region, BillingWatermark> watermarks_;
  SimClock clock_;
};

/// "server.status: expected RUNNING, found STOPPED": the first member in which two JSON objects
/// differ; empty when none does.
std::string first_difference(const std::string& expected, const std::string& found);

}  // namespace vsim::vsimctl
