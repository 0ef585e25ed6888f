#pragma once

// What will happen to a server by itself, by what its events say alone: the audit's own account,
// beside that of domain/server_evolve.cpp.

#include <cstdint>
#include <map>
#include <optional>

#include "domain/server.h"

namespace vsim::simulation {

class LifePlan {
 public:
  struct Next {
    Instant due;
    Turn turn{};
  };

  /// Reads an event that leads the server to that state, at that place of the log.
  void read(const Event& event, Status to, Duration idle_timeout, StreamSequence place);

  std::optional<Next> next() const;
  std::optional<Instant> due() const;
  std::optional<Instant> expires_at() const;  // the end of its lease
  /// Where the event stands that planned what is next; 0: nothing is.
  StreamSequence since() const;

 private:
  struct Planned {
    Instant due;
    StreamSequence since = 0;
  };

  void end_running_life(Status to);
  void add(const std::vector<Deadline>& hazards, StreamSequence place);

  std::map<Turn, Planned> planned_;  // each turn is planned once at most
};

}  // namespace vsim::simulation
