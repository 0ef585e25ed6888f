#pragma once

// The settings of a process: environment variables, and flags of the same meaning, which take
// precedence. All are checked before anything starts, and all mistakes are reported at once.
// After reading, settings are plain values that never change; any thread may read them.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "domain/lease.h"
#include "ops/process/address_range.h"
#include "ops/process/certificate_files.h"
#include "ops/telemetry/durability.h"
#include "ops/telemetry/log.h"

namespace vsim::process {

inline constexpr std::chrono::milliseconds billing_interval_min = std::chrono::seconds(1);
inline constexpr std::chrono::milliseconds billing_interval_max = std::chrono::hours(24);
inline constexpr std::chrono::milliseconds lease_max_min = std::chrono::seconds(1);
inline constexpr std::size_t http_connections_max = 4096;
inline constexpr std::size_t event_streams_max = 10'000;
inline constexpr std::size_t database_connections_max = 100;
inline constexpr std::uint64_t rate_limit_max = 1'000'000;  // requests a second
inline constexpr std::uint64_t rate_burst_max = 1'000'000;
inline constexpr std::size_t trusted_proxies_max = 64;
inline constexpr std::size_t http_hosts_max = 64;

/// Where a server listens.
struct ListenAddress {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;
  std::string to_string() const;  // host:port, with brackets where the host holds colons
  bool is_loopback() const;       // reached from this machine alone
};

/// How many requests one caller may send.
struct RateLimit {
  std::uint64_t per_second = 0;  // on average; 0: as many as it likes
  std::uint64_t burst = 0;       // at once, after a pause
  bool off() const { return per_second == 0; }
  bool operator==(const RateLimit&) const = default;
};

/// What every process of vsim reads.
struct CommonSettings {
  std::string nats_url;          // NATS_URL
  std::string nats_monitor_url;  // NATS_MONITOR_URL: may be empty; for NATS's syncing and storage
  // TLS to NATS: with a tls:// URL or any of these files; else without.
  std::string nats_authorities;       // NATS_CA_FILE; empty: the system's
  CertificateFiles nats_certificate;  // NATS_CERT_FILE, NATS_KEY_FILE: ours, if NATS asks for one
  std::string database_url;  // DATABASE_URL, or made of the DB_* parts; anything libpq takes
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::json;
  std::optional<std::chrono::milliseconds> idle_timeout;  // IDLE_TIMEOUT; simulated; 0: never
  std::chrono::milliseconds lease_max = lease_max_usual;  // LEASE_MAX, simulated
  std::chrono::milliseconds billing_interval{60'000};     // BILLING_INTERVAL, simulated
  // Unset means: as the log's clock says. A set one that differs from it refuses the start.
  std::optional<double> time_scale;       // TIME_SCALE: simulated seconds per wall second
  std::optional<std::uint64_t> sim_seed;  // SIM_SEED
  std::string profile = "standard";       // PROFILE: of creates that name none
  std::string schema_dir;                 // SCHEMA_DIR: prices, regions, profiles
  // DURABILITY: as chosen for broker and Postgres; what is on, they say themselves. D66
  std::optional<telemetry::Durability> durability;
};

struct ApiSettings : CommonSettings {
  ListenAddress http;                         // HTTP_ADDR or PORT
  CertificateFiles certificate;               // TLS_CERT_FILE, TLS_KEY_FILE; none: plain HTTP
  std::size_t http_connections = 512;         // HTTP_CONNECTIONS: open at once
  std::size_t event_streams = 1000;           // EVENT_STREAMS: open at once, beside those
  std::string swagger_dir;                    // SWAGGER_DIR: Swagger UI's files; may be empty
  std::size_t database_connections = 8;       // DATABASE_CONNECTIONS
  RateLimit rate_limit;                       // RATE_LIMIT and RATE_BURST
  std::vector<AddressRange> trusted_proxies;  // TRUSTED_PROXIES: whose X-Forwarded-For is believed
  std::string keys_file;                // KEYS_FILE: may be empty, or name what is not there yet
  bool allow_no_keys = false;           // ALLOW_NO_KEYS: serve others than this machine without
  std::vector<std::string> http_hosts;  // HTTP_HOSTS: names that may be asked for without keys
};

/// The roles of a worker, all on unless --roles picks some.
struct Roles {
  bool commands = true;
  bool timekeeper = true;
  bool billing = true;
  bool projector = true;
  bool janitor = true;
  bool replenisher = true;
  bool operator==(const Roles&) const = default;
};

struct WorkerSettings : CommonSettings {
  ListenAddress metrics;  // METRICS_ADDR
  Roles roles;            // --roles or ROLES
};

/// Why a process does not start: help was asked for, or a setting is wrong.
struct NotStarted {
  std::string text;                   // of --help or --version
  std::vector<std::string> mistakes;  // each with the fix; empty when help was asked for

  /// Prints the text to stdout, or the mistakes to stderr; gives main's exit status, 0 or 2.
  int report() const;
};

tl::expected<ApiSettings, NotStarted> read_api_settings(int argc, const char* const* argv);
tl::expected<WorkerSettings, NotStarted> read_worker_settings(int argc, const char* const* argv);

/// For a tool with arguments of its own: only the common settings; common_flags() has their flags,
/// so that the tool can tell them from its own.
tl::expected<CommonSettings, NotStarted> read_common_settings(int argc, const char* const* argv);

struct SettingFlag {
  std::string flag;  // "--nats-url"; takes a value
  std::string meaning;
};
std::vector<SettingFlag> common_flags();

}  // namespace vsim::process
