#pragma once

// The place of a server in a warm pool. Plain values. D95

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim {

/// A pool's name within an account.
struct WarmPoolId {
  std::string account;
  std::string name;  // 1 to 40 of a-z, 0-9 and inner dashes
  auto operator<=>(const WarmPoolId&) const = default;
};

/// What becomes of a server that is given back.
enum class OnRelease : std::uint8_t {
  terminate,  // the pool fills up with a new one
  reset       // rebooted, and ready again
};

/// Which of a pool's servers it is: the pool's account is the server's.
struct WarmPlace {
  std::string pool;          // its name
  std::uint64_t number = 0;  // from 1: the pool's servers in the order in which they were asked for
  OnRelease on_release = OnRelease::terminate;
  bool operator==(const WarmPlace&) const = default;
};

/// More than a pool ever comes to by itself.
inline constexpr std::uint64_t warm_number_max = 1'000'000'000'000;

/// 1 to 40 of a-z, 0-9 and inner dashes: what fits a subject's token and a path.
bool is_warm_pool_name(std::string_view text);

std::string_view to_string(OnRelease way);  // "terminate"
std::optional<OnRelease> on_release_from(std::string_view name);

}  // namespace vsim
