#pragma once

// The lifecycle's states, and the transitions between them that a command starts.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vsim {

enum class Status : std::uint8_t {
  pending,
  running,
  stopping,
  stopped,
  rebooting,
  terminating,
  terminated,
  failed  // a boot that did not succeed: start tries again, terminate ends it
};
inline constexpr std::size_t status_count = 8;

/// The transitions that a user's command can start; each has its own delay.
enum class Transition : std::uint8_t { create, start, stop, reboot, terminate };
inline constexpr std::size_t transition_count = 5;

std::string_view to_string(Status status);          // "RUNNING"
std::string_view to_string(Transition transition);  // "create"
std::optional<Status> status_from(std::string_view name);

}  // namespace vsim
