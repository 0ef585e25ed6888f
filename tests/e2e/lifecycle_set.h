#pragma once

// Checks of a server's lifecycle, for one API or several: every write goes through `writer`, every
// read through `reader` (which may be the same), and no read may be older than the write before it.

#include <string>

#include "tests/harness/http_client.h"

namespace e2e {

struct Clients {
  harness::HttpClient& writer;
  harness::HttpClient& reader;
};

/// create, stop, start, reboot, terminate: each state on the way, and the address that stays.
void check_whole_life(const Clients& clients);
/// What a state does not allow is refused with 409 and names the state.
void check_refusals(const Clients& clients);
/// DELETE terminates and may be repeated; the action `terminate` may not.
void check_delete(const Clients& clients);
/// Profiles: `instant` takes no time, `seed` ends in STOPPED.
void check_profiles(const Clients& clients);
/// A stopped server is reaped after its idle timeout.
void check_reaping(const Clients& clients);
/// The log of a server: newest first, versions without a gap, one entry a step.
void check_log(const Clients& clients);
/// An address is free after terminate and is given out again. Needs a region with 2 addresses.
void check_address_reuse(const Clients& clients, const std::string& region);

/// All of the above.
void check_lifecycle(const Clients& clients, const std::string& region_with_2_addresses);

}  // namespace e2e
