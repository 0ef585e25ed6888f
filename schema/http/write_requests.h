#pragma once

// What the bodies of writes ask for, checked as far as their form goes: members that are not known,
// and names given twice at any depth, are refused (D42). Errors are sentences that say what to
// change.

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "domain/door_faults.h"
#include "domain/server.h"
#include "domain/sim_clock.h"

namespace vsim::http {

inline constexpr std::size_t body_bytes_max = 64 * 1024;
inline constexpr std::size_t request_id_characters_max = 128;

struct CreateRequest {
  Region region;
  Create create;
};

/// {"name", "region", "type", "profile"?, "tags"?, "idle_timeout_seconds"?, "lease_seconds"?}
tl::expected<CreateRequest, std::string> read_create_request(std::string_view body);

/// {"action"}: start, stop, reboot or terminate, in upper or lower case.
tl::expected<Action, std::string> read_action_request(std::string_view body);

/// {"extend_seconds"}: whole ones.
tl::expected<ExtendLease, std::string> read_lease_request(std::string_view body);

/// {"lease_seconds"?, "name"?, "tags"?}, or nothing at all.
tl::expected<Acquire, std::string> read_acquire_request(std::string_view body);

/// Why this is not the body of a release, which is empty or {}; nothing when it is.
std::optional<std::string> find_wrong_in_release_request(std::string_view body);

/// Exactly one of {"scale"} and {"advance_seconds"}, in range; fractions count, to the millisecond.
tl::expected<ClockAction, std::string> read_clock_request(std::string_view body);

/// {"rules", "seed"?}: faults of the door.
tl::expected<SetFaults, std::string> read_faults_request(std::string_view body);

/// 1 to `most` printable ASCII characters: what may travel in a header of ours.
bool is_header_word(std::string_view text, std::size_t most);

}  // namespace vsim::http
