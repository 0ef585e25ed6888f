#pragma once

// The catalogue that a process works with: regions, prices and profiles, and the profile of creates
// that name none.

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "domain/catalogue.h"
#include "ops/process/settings.h"

namespace vsim::process {

/// Reads it from SCHEMA_DIR, with PROFILE and IDLE_TIMEOUT as its defaults and LEASE_MAX. Called
/// once at start. The error: all mistakes of the files, each as "FILE: what is wrong"; or that
/// PROFILE is no profile.
tl::expected<Catalogue, std::vector<std::string>> load_catalogue(const CommonSettings& settings);

}  // namespace vsim::process
