#pragma once

// What incidents of regions must do, by their events alone: the audit's own account, beside that of
// domain/region.cpp and domain/server_deadlines.cpp.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/region.h"
#include "domain/server.h"

namespace vsim::simulation {

class OutageWatch {
 public:
  /// Reads an event at that place of the log. What is behind `commands_end` in the queue was sent
  /// after it was stored.
  void read(const RegionEvent& event, StreamSequence place, StreamSequence commands_end);

  /// What an outage does to a server next.
  struct Touch {
    Instant due;
    bool stops = false;
    bool impairs = false;  // neither: it recovers
    Version incident = 0;
    StreamSequence since = 0;  // where the event stands by which it is known
    StreamSequence commands_end = 0;

    bool heals() const { return !stops && !impairs; }
  };
  std::optional<Touch> next(const Region& region, Status status, std::optional<Version> impaired_by,
                            Instant at) const;

  /// Why a create or start may not succeed, where its command was sent after the incident that is
  /// in force; nothing where it may.
  std::optional<std::string> refusal(const Region& region, const std::string& type, Instant at,
                                     StreamSequence command) const;

 private:
  struct Window {
    Version incident = 0;
    Instant from;
    std::optional<Instant> to;
    OutageEffect effect{};
    StreamSequence place = 0;
    StreamSequence commands_end = 0;
  };
  struct Open {
    Incident incident;
    StreamSequence commands_end = 0;
  };

  void end(const Region& region, Instant at, StreamSequence place, StreamSequence commands_end);

  std::map<Region, std::vector<Window>> windows_;
  std::map<Region, Open> open_;
};

}  // namespace vsim::simulation
