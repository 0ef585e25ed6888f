#pragma once

// Where billing intervals meet: the multiples of the interval since 1970.

#include "domain/instant.h"

namespace vsim::workers {

/// The latest one that is not after `at`.
inline Instant boundary_up_to(Instant at, Duration interval) {
  const auto since_epoch = at.time_since_epoch();
  auto rest = since_epoch % interval;
  if (rest.count() < 0) {
    rest += interval;
  }
  return at - rest;
}

/// The first one after `at`.
inline Instant boundary_after(Instant at, Duration interval) {
  return boundary_up_to(at, interval) + interval;
}

}  // namespace vsim::workers
