#pragma once

// When a lease ends, and how long it may be. Pure; any thread may call. D91

#include <optional>
#include <variant>

#include "domain/instant.h"
#include "domain/rejection.h"

namespace vsim {

inline constexpr std::chrono::hours lease_max_usual{24};

/// The end of a lease that is lengthened by `length`, from its present end on, or from now where
/// there is none yet. Rejected where that is later than `longest` from now.
std::variant<Instant, Rejection> lease_ending(std::optional<Instant> present, Duration length,
                                              Instant now, Duration longest);

}  // namespace vsim
