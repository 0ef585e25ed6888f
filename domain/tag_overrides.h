#pragma once

// Tags with which one server behaves otherwise than its profile says: `vsim:stop=stuck`. What they
// ask for goes into its terms at its creation, so it holds for life. Pure; any thread may call.
//
//   vsim:create               fail, terminate, stuck or delay:SECONDS
//   vsim:start                fail, terminate, stuck or delay:SECONDS
//   vsim:stop                 stuck or delay:SECONDS
//   vsim:reboot               fail, stuck or delay:SECONDS
//   vsim:terminate            stuck or delay:SECONDS
//   vsim:host_failure_after   SECONDS, from when the server is RUNNING: it is STOPPED then
//   vsim:impaired_after       SECONDS, likewise: its health is impaired
//   vsim:impaired_for         SECONDS, 600 without it
//   vsim:interruption_after   SECONDS, likewise: the notice comes

#include <map>
#include <optional>
#include <string>

#include "domain/lifecycle_profile.h"

namespace vsim {

using Tags = std::map<std::string, std::string>;

inline constexpr std::chrono::seconds override_max = std::chrono::hours(24 * 3650);

/// Why a tag that begins with `vsim:` is none of the list; nothing for all other tags.
std::optional<std::string> complaint_about_tag(const std::string& key, const std::string& value);

/// The same of the first such tag among all.
std::optional<std::string> complaint_about_tags(const Tags& tags);

/// Changes the terms as the tags ask for. Tags that are none of the list, as a log may hold, do
/// nothing.
void apply_tags(const Tags& tags, Terms& terms);

}  // namespace vsim
