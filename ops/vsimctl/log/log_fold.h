#pragma once

// The fold of EVENTS, checked against its messages: each version follows the one before it, and
// each state equals evolve() of the state before it and the event. D25

#include <map>
#include <string>
#include <unordered_map>

#include "ops/vsimctl/log/log_reader.h"
#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {

/// Takes the events from the first one on. Keeps the states of live servers in memory, and of each
/// terminated one only the sequence of its last event. One thread.
class LogFold {
 public:
  /// `events` outlives it; a terminated server's state is read from it when needed again.
  explicit LogFold(eventstore::EventStore& events) : events_(events) {}

  /// The error is the first difference, in one line.
  tl::expected<void, std::string> add(const LogChunk::Entry& entry);

  std::uint64_t servers() const { return live_.size() + terminated_.size(); }

 private:
  struct Add;
  tl::expected<State, std::string> state_before(const ServerId& server);
  tl::expected<void, std::string> add_server(const messages::ServerLogged& logged,
                                             eventstore::Sequence sequence);
  tl::expected<void, std::string> add_clock(const messages::ClockLogged& logged,
                                            const LogChunk::Entry& entry);
  tl::expected<void, std::string> count(Version& last, Version version, const std::string& whose,
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
