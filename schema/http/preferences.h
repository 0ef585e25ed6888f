#pragma once

// What a request would rather have: the header Prefer (RFC 7240), as far as vsim knows it, and of
// Accept the choices that there are.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace vsim::http {

inline constexpr std::chrono::seconds wait_default{10};
inline constexpr std::chrono::seconds wait_max{60};

struct Preferences {
  bool respond_async = false;
  std::optional<std::chrono::seconds> wait;

  /// How long a write waits for its outcome. With both, as the RFC has it: asynchronously if it
  /// takes longer than that.
  std::chrono::seconds patience() const {
    return wait.value_or(respond_async ? std::chrono::seconds(0) : wait_default);
  }
  /// What Preference-Applied says; empty when nothing was preferred.
  std::string applied() const;
};

/// Unknown preferences are ignored, as the RFC says, and of a repeated one the first holds. A wait
/// that is no whole number from 0 to `wait_max` is refused. Several header lines come joined with
/// commas.
tl::expected<Preferences, std::string> read_preferences(std::string_view header);

/// Whether Accept names text/csv, and does not rate application/json above it. Wildcards get JSON.
bool prefers_csv(std::string_view accept);

/// Whether Accept names application/json, and rates it above text/event-stream. Wildcards get the
/// stream.
bool prefers_json_to_stream(std::string_view accept);

}  // namespace vsim::http
