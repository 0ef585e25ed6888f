#pragma once

// Table `servers`: one row a server, as of its last projected event. `server_counts` beside it
// holds how many there are, so that a list's total costs no scan.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/server.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct ServerRow {
  std::string id;
  std::string name;
  std::string region;
  std::string type;
  std::string status;
  std::string ip;
  std::string profile;
  std::string tags_json;  // an object of strings, as it is shown
  std::string account;
  Version version = 0;
  Version changed_version = 0;  // of the last event that changed the server: its entity tag
  Instant created_at;
  Instant updated_at;  // of that event
  std::optional<Instant> last_started_at;
  std::optional<Instant> due;                  // when something happens to it by itself
  std::optional<std::string> due_turn = {};    // what; none: a transition ends, or it is reaped
  std::optional<Instant> transition_due = {};  // when one ends, where `due_turn` comes before
  std::optional<std::string> termination_reason;
  std::optional<Failure> failure = {};
  std::string health = "ok";
  std::optional<Instant> interruption_at = {};
  std::optional<Instant> expires_at = {};  // the end of its lease
  HourlyRate hourly_rate;
  Bill bill;
  BillingPolicy billing;  // only granularity and minimum are read back
  Duration idle_timeout{};
  std::optional<std::string> warm_pool = {};  // none: it is of no pool
  std::uint64_t warm_number = 0;              // 0: of none
  std::optional<Instant> assigned_at = {};    // since when it is somebody's, of a pool's servers
  std::optional<Instant> billed_through;  // its region's last watermark; not part of its own row
};

/// When the transition or reaping under way ends, which everybody may know; other deadlines are no
/// caller's business.
inline std::optional<Instant> foreseeable_due(const ServerRow& row) {
  return row.due_turn ? row.transition_due : row.due;
}

/// The row of a server in this state; the one place where a state becomes a row. `state.server` is
/// set.
ServerRow server_row(const ServerId& id, const State& state);

/// Tags as they are written.
std::string tags_json(const std::map<std::string, std::string>& tags);

struct ServerFilter {
  std::optional<std::string> account = {};
  std::optional<std::string> region = {};
  std::optional<std::string> status = {};
  std::optional<std::string> type = {};
  std::optional<std::string> name = {};
  std::map<std::string, std::string> tags = {};
};

/// Where a page begins: behind this server in the order newest first, ties by id.
struct ServerPosition {
  Instant created_at;
  std::string id;
};

struct ServerPage {
  std::vector<ServerRow> items;
  std::uint64_t total = 0;  // of all that match the filter
};

/// How many servers of a region are in a state, over all types. A state that had some once and has
/// none now counts 0.
struct ServerCount {
  std::string region;
  std::string status;
  std::uint64_t servers = 0;
};
std::vector<ServerCount> count_servers(Transaction& tx);

/// Servers whose deadline is not after `until`; of them, the stopped ones, that wait to be reaped.
struct OverdueServers {
  std::uint64_t all = 0;
  std::uint64_t idle = 0;
};
OverdueServers count_overdue(Transaction& tx, Instant until);

/// When the oldest server that is not terminated was created, of each region that has one.
std::map<std::string, Instant> oldest_live_servers(Transaction& tx);

/// None: the read models have no such server.
DbResult<std::optional<ServerRow>> find_server(ConnectionPool& pool, const ServerId& id);

/// `after` wins over `offset`. `limit` is 1 to 200; the caller checks. One more than `limit` items
/// come when there are more pages.
DbResult<ServerPage> list_servers(ConnectionPool& pool, const ServerFilter& filter,
                                  std::uint32_t limit, std::uint64_t offset,
                                  const std::optional<ServerPosition>& after);

}  // namespace vsim::read_model
