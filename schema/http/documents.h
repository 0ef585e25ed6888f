#pragma once

// The JSON of everything the API shows. Fixed order of members; times are RFC 3339 UTC; money is US
// dollars (money_text.h); what is not known is null.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/catalogue.h"
#include "domain/door_faults.h"
#include "domain/instant.h"
#include "schema/messages/json_writer.h"
#include "schema/read_model/clock.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/regions.h"
#include "schema/read_model/server_events.h"
#include "schema/read_model/servers.h"
#include "schema/read_model/warm_pools.h"

namespace vsim::http {

/// `accrued_*` is what has been billed by the region's last watermark, `live_*` what it comes to at
/// simulated time `now`, by the same formula and the server's own billing policy; of a server whose
/// deadline has passed and is not applied yet, at that deadline.
/// `live_uptime_seconds` are the billed seconds.
void write_server(messages::JsonWriter& json, const read_model::ServerRow& server, Instant now);
std::string render_server(const read_model::ServerRow& server, Instant now);

/// A server whose create is still in the queue: PENDING, and nothing else decided.
struct QueuedServer {
  std::string id;
  std::string region;
  std::string account;
  Create create;
};
std::string render_queued_server(const QueuedServer& server);

/// {items, total, limit, offset, next_cursor}. `page.items` holds one more than `limit` when more
/// follow; it is not shown.
std::string render_server_page(const read_model::ServerPage& page, std::uint64_t limit,
                               std::uint64_t offset, Instant now);

/// An array, newest first.
std::string render_server_log(const std::vector<read_model::ServerEventRow>& events);

/// The detail of a command whose end was asked for and never came.
inline constexpr std::string_view superseded_detail =
    "the command was carried out, but another one ended the server before it had settled; look at "
    "the server, and ask anew if it is wanted";

/// An operation up to its end: not only the command, but what it began.
struct OperationView {
  read_model::OperationRow operation;
  /// When nothing of it was left to come, and how; nothing before that.
  std::optional<read_model::Settled> settled;
  /// Asked for with until=settled: it counts as PENDING until it has settled, and as SUPERSEDED
  /// where another command has ended the server before.
  bool until_settled = false;

  std::string_view status() const;
};
std::string render_operation(const OperationView& view);

/// {items, limit, next_before}; as with servers, one more than `limit` may come. Without
/// `settled_at`, which costs a look at each.
std::string render_operation_page(const std::vector<read_model::OperationRow>& operations,
                                  std::uint64_t limit);

/// With the incident that is in force at that time.
std::string render_region(const read_model::RegionRow& region, Instant now);
std::string render_regions(const std::vector<read_model::RegionRow>& regions,
                           Instant now);  // {items}

/// {number, began, ended, set_by, ended_by, content}: as it was known at that time.
std::string render_incident(const read_model::IncidentRow& incident, Instant now);
/// {items, limit, next_before}; as with servers, one more than `limit` may come.
std::string render_incident_page(const std::vector<read_model::IncidentRow>& incidents,
                                 std::uint64_t limit, Instant now);
/// A warm pool, with what the process that is asked has counted itself.
struct WarmPoolView {
  read_model::WarmPoolRow pool;
  std::uint64_t misses = 0;
  std::optional<std::chrono::duration<double>> acquire_p50 = {};
  std::optional<std::chrono::duration<double>> acquire_p99 = {};
};
std::string render_warm_pool(const WarmPoolView& view);
/// {items, limit, next_after}; as with servers, one more than `limit` may come.
std::string render_warm_pool_page(const std::vector<WarmPoolView>& pools, std::uint64_t limit);
/// What next_after says: behind this pool. Nothing when it is no such text.
std::optional<WarmPoolId> read_warm_pool_position(std::string_view text);

std::string render_types(const std::vector<read_model::InstanceTypeRow>& types);  // {items}

/// A lifecycle profile as its file has it, with its name, and whether creates that name none get
/// it.
std::string render_profile(const LifecycleProfile& profile, const Catalogue& catalogue);
std::string render_profiles(const Catalogue& catalogue);  // {items}

/// {now, scale, seed, deadlines_applied}. What has been applied has been reached: a `now` that is
/// earlier, from a machine whose clock lags, is not shown.
std::string render_clock(const read_model::ClockRow& clock, Instant now);

/// {rules, seed, changed_at, changed_by}; each rule with its number and whether it is in force.
std::string render_faults(const DoorFaults& faults, Instant now);

}  // namespace vsim::http
