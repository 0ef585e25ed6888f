#pragma once

// Every subject vsim uses, written and read in one place. Operators type these: they are public.

#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "domain/warm_place.h"

namespace vsim::messages {

inline constexpr std::string_view commands_stream = "COMMANDS";
inline constexpr std::string_view commands_consumer = "commands";
inline constexpr std::string_view journal_stream = "JOURNAL";
inline constexpr std::string_view advisories_stream = "ADVISORIES";
inline constexpr std::string_view events_stream = "EVENTS";
inline constexpr std::string_view dead_letters_stream = "DEAD_LETTERS";

inline constexpr std::string_view command_prefix = "vsim.cmd.";
inline constexpr std::string_view journal_prefix = "vsim.journal.";
inline constexpr std::string_view server_event_prefix = "vsim.evt.server.";
inline constexpr std::string_view address_prefix = "vsim.evt.ip.";
inline constexpr std::string_view pool_prefix = "vsim.evt.pool.";
inline constexpr std::string_view region_prefix = "vsim.evt.region.";
inline constexpr std::string_view all_region_events = "vsim.evt.region.>";
inline constexpr std::string_view billing_prefix = "vsim.evt.billing.";
/// The clock has no region: this stands for one, in its subject and where operations name theirs.
inline constexpr std::string_view clock_region = "_sim";
inline constexpr std::string_view clock_command_subject = "vsim.cmd._sim.clock";
inline constexpr std::string_view clock_subject = "vsim.evt.clock";
/// The door's faults stand beside the clock; where operations name a region, this stands for one.
inline constexpr std::string_view faults_region = "_faults";
inline constexpr std::string_view faults_command_subject = "vsim.cmd._sim.faults";
inline constexpr std::string_view faults_subject = "vsim.evt.faults";
inline constexpr std::string_view warm_pool_prefix = "vsim.evt.warm_pool.";
/// What processes tell of their machines' clocks; no stream takes it.
inline constexpr std::string_view clock_report_subject = "vsim.report.clock";

std::string server_command(const Region& region, const ServerId& server);  // vsim.cmd.R.ID
std::string any_command_of(const ServerId& server);                        // vsim.cmd.*.ID
std::string pool_command(const Region& region);                            // vsim.cmd.R._pool
std::string region_command(const Region& region);                          // vsim.cmd.R._region
std::string server_events(const Region& region, const ServerId& server);   // vsim.evt.server.R.ID
std::string any_events_of(const ServerId& server);                         // vsim.evt.server.*.ID
std::string address_events(const Region& region, Ipv4 ip);                 // vsim.evt.ip.R.a-b-c-d
std::string pool_events(const Region& region);                             // vsim.evt.pool.R
std::string region_events(const Region& region);                           // vsim.evt.region.R
std::string billing_events(const Region& region);                          // vsim.evt.billing.R
std::string warm_pool_command(const WarmPoolId& pool);  // vsim.cmd._warm.NAME, or ACCOUNT:NAME
std::string warm_pool_events(const WarmPoolId& pool);   // vsim.evt.warm_pool.ACCOUNT.NAME

/// What stands for a region where operations name theirs: `_warm.NAME`, or `_warm.ACCOUNT:NAME`
/// where the account is not the default one. Behind `vsim.cmd.` it is the command's subject.
std::string warm_pool_region(const WarmPoolId& pool);
/// Nothing when it is none.
std::optional<WarmPoolId> parse_warm_pool_region(std::string_view region);
/// Of an event's subject.
std::optional<WarmPoolId> parse_warm_pool_events_subject(std::string_view subject);

/// Where a command that came under this subject is buried: vsim.dlq.R.ID, or vsim.dlq._other.
std::string dead_letter(std::string_view command_subject);

/// Where a command's subject points.
struct CommandTarget {
  enum class Kind { server, pool, region, clock, faults, warm_pool };
  Kind kind{};
  Region region;              // as operations name it, also where something else stands for one
  ServerId server;            // of servers
  WarmPoolId warm_pool = {};  // of warm pools
};
/// Nothing when the subject has none of these shapes; ids must be in canonical form.
std::optional<CommandTarget> parse_command_subject(std::string_view subject);

struct ServerTarget {
  Region region;
  ServerId server;
};
std::optional<ServerTarget> parse_server_events_subject(std::string_view subject);

}  // namespace vsim::messages
