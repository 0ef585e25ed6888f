#pragma once

// The reads about regions: their pools, and what goes wrong there, now or as it was.

#include "api/log_side.h"
#include "api/read_side.h"
#include "api/simulated_clock.h"
#include "domain/catalogue.h"
#include "schema/read_model/regions.h"

namespace vsim::api {

inline constexpr std::uint64_t incidents_limit_default = 50;

/// Any thread.
class RegionQueries {
 public:
  /// All outlive it.
  RegionQueries(const Catalogue& catalogue, LogSide& log_side, ReadSide& read_side,
                SimulatedClock& clock)
      : catalogue_(catalogue), log_side_(log_side), read_side_(read_side), clock_(clock) {}

  Answer list(const Call& call);       // GET /regions
  Answer get(const Call& call);        // GET /regions/{region}
  Answer incidents(const Call& call);  // GET /regions/{region}/incidents

 private:
  /// The regions of a moment, and that moment.
  struct Seen {
    std::vector<read_model::RegionRow> regions;
    Instant at;
  };
  Reply<Seen> look(const Call& call);
  Reply<Seen> look_at(Instant at);

  const Catalogue& catalogue_;
  LogSide& log_side_;
  ReadSide& read_side_;
  SimulatedClock& clock_;
};

}  // namespace vsim::api
