#pragma once

// Incidents of regions: set and lifted by commands. D92

#include "api/command_gateway.h"
#include "api/read_side.h"
#include "domain/catalogue.h"
#include "schema/read_model/regions.h"

namespace vsim::api {

/// Any thread.
class Incidents {
 public:
  /// All outlive it.
  Incidents(const Catalogue& catalogue, CommandGateway& gateway, ReadSide& read_side)
      : catalogue_(catalogue), gateway_(gateway), read_side_(read_side) {}

  Answer set(const Call& call);   // PUT /regions/{region}/incident
  Answer lift(const Call& call);  // DELETE /regions/{region}/incident

 private:
  template <typename ReadAction>
  Answer change(const Call& call, ReadAction read_action);
  Answer submit(const Call& call, const WriteTerms& terms, const Region& region,
                const RegionAction& action);
  /// The newest incident of the region before that number.
  Reply<std::optional<read_model::IncidentRow>> find_before(const Region& region, Version number);

  const Catalogue& catalogue_;
  CommandGateway& gateway_;
  ReadSide& read_side_;
};

}  // namespace vsim::api
