#pragma once

// The files of the folder that SCHEMA_DIR names.

#include "domain/catalogue.h"
#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

/// Prices, regions and profiles; every mistake in them in one line.
tl::expected<Catalogue, std::string> read_catalogue(const process::CommonSettings& settings);

}  // namespace vsim::vsimctl
