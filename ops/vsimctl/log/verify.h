#pragma once

// What `vsimctl verify` does once the log is open.

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "domain/catalogue.h"
#include "eventstore/event_store.h"
#include "ops/process/settings.h"

namespace vsim::vsimctl {

/// How much was compared, without a difference.
struct Verified {
  std::uint64_t events = 0;
  std::uint64_t servers = 0;
  std::uint64_t rows = 0;
  std::uint64_t tables = 0;
};

/// Folds `events` and compares it with the states in it, and with the live read models. The error
/// is the first difference, or why none can be looked for, in one line.
tl::expected<Verified, std::string> verify_log(const process::CommonSettings& settings,
                                               eventstore::EventStore& events,
                                               const std::string& owner_url,
                                               const Catalogue& catalogue);

}  // namespace vsim::vsimctl
