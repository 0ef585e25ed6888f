#pragma once

// What `vsimctl rebuild` does once the log is open.

#include <string>

#include <tl/expected.hpp>

#include "domain/catalogue.h"
#include "eventstore/event_store.h"
#include "ops/process/settings.h"
#include "ops/vsimctl/terminal/consent.h"

namespace vsim::vsimctl {

/// Makes new read models of `events` beside the live ones and swaps them in; prints what is done.
/// The error is one line.
tl::expected<void, std::string> rebuild_from(const process::CommonSettings& settings,
                                             eventstore::EventStore& events,
                                             const std::string& owner_url,
                                             const Catalogue& catalogue, const Consent& consent);

}  // namespace vsim::vsimctl
