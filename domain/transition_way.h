#pragma once

// Inside: how a transition will go, drawn where it begins. Pure; any thread may call.

#include "domain/lifecycle_profile.h"
#include "domain/region.h"
#include "domain/server.h"

namespace vsim {

struct Way {
  End end;
  bool at_once = false;  // only what ends as it is meant to can do so
};

/// `incident`: of the region, as of now; may be null.
Way way_of(const Draw& draw, const Terms& terms, Transition transition, Instant now,
           const Region& region, const KnownIncident* incident);

}  // namespace vsim
