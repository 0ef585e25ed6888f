#pragma once

// What a power cut may take: as it was chosen, and as the broker and Postgres say that they work.
// D66

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim::telemetry {

/// Either survives the end of any process at any moment.
enum class Durability : std::uint8_t {
  power,    // and a power cut: what is acknowledged is on the disk
  process,  // a power cut may take what was acknowledged in the last second
};
std::string_view to_string(Durability durability);

/// How the broker syncs its streams to the disk.
struct LogSync {
  std::chrono::nanoseconds interval{0};  // 0: before each acknowledgement

  bool before_ack() const { return interval.count() == 0; }
  bool operator==(const LogSync&) const = default;
};
/// "always", "120s", "500ms".
std::string to_string(const LogSync& sync);

/// The longest interval that `process` allows.
inline constexpr std::chrono::seconds process_sync_max{1};

/// What the parts say of themselves; nothing where one cannot be asked.
struct SyncFacts {
  std::optional<LogSync> log;
  std::optional<bool> read_models;  // Postgres' own setting `fsync`
};

/// What is on, by the part that syncs less. Nothing: what was seen does not tell.
std::optional<Durability> durability_of(const SyncFacts& seen);

/// For /readyz: "power"; "process (as told)" where what was chosen cannot be checked; "unknown".
std::string durability_fact(std::optional<Durability> chosen, const SyncFacts& seen);

}  // namespace vsim::telemetry
