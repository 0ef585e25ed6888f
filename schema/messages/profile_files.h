#pragma once

// Reads a lifecycle profile from its file, as a person wrote it: every mistake is reported, with
// the member that it is in.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "domain/lifecycle_profile.h"

namespace vsim::messages {

/// What is wrong with a profile: `delays.create[1]: "weight" must be 1000000 at most`.
struct ProfileMistake {
  std::string path;  // of the object that it is in; empty: the whole, or what is no JSON
  std::string what;
  std::size_t line = 0;  // of the file, from 1

  std::string text() const { return path.empty() ? what : path + ": " + what; }
};
using ProfileMistakes = std::vector<ProfileMistake>;

/// The longest delay and idle timeout: an advance may end in the year 9000, and deadlines behind it
/// must still have a time as RFC 3339, which ends with the year 9999.
inline constexpr std::chrono::seconds profile_span_max = std::chrono::days(36'525);  // 100 years

inline constexpr std::size_t courses_max = 16;                  // of a transition
inline constexpr std::size_t failure_code_characters_max = 64;  // a-z, 0-9, _, . and -
inline constexpr std::size_t failure_detail_characters_max = 256;

/// One profile from the text of its file, or all that is wrong with it, in the order of lines.
tl::expected<LifecycleProfile, ProfileMistakes> read_profile(std::string_view json,
                                                             std::string name);

}  // namespace vsim::messages
