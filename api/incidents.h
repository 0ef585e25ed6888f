#pragma once

// Incidents of regions: set and lifted by commands, and the list of those that there were. D92

#include "api/command_gateway.h"
#include "api/read_side.h"
#include "api/simulated_clock.h"
#include "domain/catalogue.h"
#include "schema/read_model/regions.h"

namespace vsim::api {

inline constexpr std::uint64_t incidents_limit_default = 50;

/// Any thread.
class Incidents {
 public:
  /// All outlive it.
  Incidents(const Catalogue& catalogue, CommandGateway& gateway, ReadSide& read_side,
            SimulatedClock& clock)
      : catalogue_(catalogue), gateway_(gateway), read_side_(read_side), clock_(clock) {}

  Answer set(const Call& call);   // PUT /regions/{region}/incident
  Answer lift(const Call& call);  // DELETE /regions/{region}/incident
  Answer list(const Call& call);  // GET /regions/{region}/incidents

 private:
  Reply<Region> read_region(const Call& call) const;
  Answer submit(const Call& call, const WriteTerms& terms, const Region& region,
                const RegionAction& action);
  /// The newest incident of the region before that number.
  Reply<std::optional<read_model::IncidentRow>> find_before(const Region& region, Version number);

  const Catalogue& catalogue_;
  CommandGateway& gateway_;
  ReadSide& read_side_;
  SimulatedClock& clock_;
};

}  // namespace vsim::api
