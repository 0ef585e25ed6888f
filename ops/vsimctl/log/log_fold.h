#pragma once

// The fold of EVENTS, checked against its messages: each version follows the one before it, each
// state equals evolve() of the state before it and the event (D25), each address is one living
// server's at most (D6), and what has fallen due is there where the log says so (D84).

#include <map>
#include <string>
#include <unordered_map>

#include "ops/vsimctl/log/address_fold.h"
#include "ops/vsimctl/log/deadline_fold.h"
#include "ops/vsimctl/log/log_reader.h"
#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {

/// Takes the events from the first one on. Keeps the states of live servers in memory, and of each
/// terminated one the sequence of its last event; beside them what AddressFold keeps. One thread.
class LogFold {
 public:
  /// `events` outlives it; a terminated server's state is read from it when needed again, unless it
  /// is one of the newest, of which up to `ended_states_max` are kept: such an event most often
  /// comes soon, and an old message costs the broker the reading of its whole block.
  explicit LogFold(eventstore::EventStore& events, std::size_t ended_states_max = 20'000)
      : events_(events), ended_states_max_(ended_states_max) {}

  /// The error is the first difference, in one line.
  tl::expected<void, std::string> add(const LogChunk::Entry& entry);

  std::uint64_t servers() const { return live_.size() + terminated_.size(); }

 private:
  struct Add;
  bool has_events(const ServerId& server) const {
    return live_.contains(server) || terminated_.contains(server);
  }
  tl::expected<State, std::string> state_before(const ServerId& server);
  void keep_ended(const ServerId& server, const State& state);
  tl::expected<void, std::string> add_server(const messages::ServerLogged& logged,
                                             eventstore::Sequence sequence);
  tl::expected<void, std::string> add_clock(const messages::ClockLogged& logged,
                                            const LogChunk::Entry& entry);
  template <typename Logged, typename State>
  tl::expected<void, std::string> add_single(State& state, const Logged& logged,
                                             const std::string& whose,
                                             eventstore::Sequence sequence) const;
  tl::expected<void, std::string> count(Version& last, Version version, const std::string& whose,
                                        eventstore::Sequence sequence) const;

  eventstore::EventStore& events_;
  std::unordered_map<ServerId, State> live_;
  std::unordered_map<ServerId, eventstore::Sequence> terminated_;
  std::size_t ended_states_max_;
  std::unordered_map<ServerId, State> newly_ended_;   // half of them
  std::unordered_map<ServerId, State> ended_before_;  // the half before
  AddressFold addresses_;
  DeadlineFold deadlines_;

  std::map<Region, Pool> pools_;
  DoorFaults faults_;
  std::map<Region, RegionState> regions_;
  std::map<WarmPoolId, WarmPool> warm_pools_;
  std::map<Region, BillingWatermark> watermarks_;
  SimClock clock_;
};

/// "server.status: expected RUNNING, found STOPPED": the first member in which two JSON objects
/// differ; empty when none does.
std::string first_difference(const std::string& expected, const std::string& found);

}  // namespace vsim::vsimctl
