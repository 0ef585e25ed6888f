#include "ops/process/settings.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "ops/process/setting_values.h"
#include "ops/telemetry/build_info.h"

namespace vsim::process {
namespace {

constexpr std::uint64_t rate_limit_elsewhere = 100;  // than on loopback

std::string flag_of(const std::string& variable) {
  std::string flag = "--" + variable;
  for (char& c : flag) {
    c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return flag;
}

/// Reads flags and environment as raw text, and notes what is wrong with them.
class Reader {
 public:
  Reader(const std::string& description, const std::string& program) : app_(description, program) {
    app_.allow_extras();  // reported with the other mistakes, not instead of them
    app_.set_version_flag("--version", program + " " + std::string(telemetry::build_version()));
  }

  /// Declares a setting: its variable, the flag made from it, and its meaning.
  void declare(const std::string& variable, const std::string& meaning) {
    app_.add_option(flag_of(variable), raw_[variable], meaning)->envname(variable);
  }

  /// False when help or the version was asked for, which is then in `text`.
  bool parse(int argc, const char* const* argv, std::string& text) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      text = app_.help();
      return false;
    } catch (const CLI::CallForVersion& version) {
      text = std::string(version.what()) + "\n";
      return false;
    } catch (const CLI::ParseError& error) {
      mistakes_.push_back(std::string(error.what()) + "; see --help");
    }
    for (const std::string& extra : app_.remaining()) {
      mistakes_.push_back("\"" + extra + "\" is no flag; see --help");
    }
    return true;
  }

  const std::string& raw(const std::string& variable) const { return raw_.at(variable); }
  bool given(const std::string& variable) const { return !raw(variable).empty(); }

  /// Puts the value read from the variable into `target`, or notes why there is none.
  template <typename T, typename Target, typename... Arguments>
  void take(const std::string& variable, Target& target,
            tl::expected<T, std::string> (*reader)(std::string_view, Arguments...),
            std::type_identity_t<Arguments>... arguments) {
    if (!given(variable)) {
      return;
    }
    auto value = reader(raw(variable), arguments...);
    if (value) {
      target = std::move(*value);
    } else {
      mistake(variable, value.error());
    }
  }

  void mistake(const std::string& variable, const std::string& why) {
    mistakes_.push_back(variable + ": " + why);
  }
  std::vector<std::string> mistakes() const { return mistakes_; }

 private:
  CLI::App app_;
  std::map<std::string, std::string> raw_;
  std::vector<std::string> mistakes_;
};

struct Declaration {
  const char* variable;
  const char* meaning;
};
constexpr Declaration common_declarations[] = {
    {"NATS_URL", "the broker, such as nats://127.0.0.1:4222"},
    {"NATS_MONITOR_URL", "the broker's monitor, such as http://127.0.0.1:8222"},
    {"NATS_CA_FILE", "TLS to NATS: the authorities that may vouch for it, PEM (the system's)"},
    {"NATS_CERT_FILE", "TLS to NATS: our certificate, where it asks for one, PEM"},
    {"NATS_KEY_FILE", "the key of that certificate, PEM"},
    {"DATABASE_URL", "Postgres, such as postgresql://vsim@127.0.0.1:5432/vsim"},
    {"DB_HOST", "Postgres in parts, instead of DATABASE_URL: its host"},
    {"DB_PORT", "its port (5432)"},
    {"DB_NAME", "the database (vsim)"},
    {"DB_USER", "the user (vsim)"},
    {"DB_PASSWORD", "the password"},
    {"DB_SSLMODE", "disable, allow, prefer, require, verify-ca or verify-full"},
    {"DB_SSLROOTCERT", "the authorities that may vouch for Postgres, PEM"},
    {"LOG_LEVEL", "debug, info, warn or error (info)"},
    {"LOG_FORMAT", "text or json (text on a terminal, else json)"},
    {"IDLE_TIMEOUT", "simulated time in STOPPED until a server is reaped, such as 30m; 0s: never"},
    {"LEASE_MAX", "simulated time from now to the end of a lease, at most (24h)"},
    {"BILLING_INTERVAL", "simulated time between bills (60s)"},
    {"TIME_SCALE", "simulated seconds per second, for the first clock event (1)"},
    {"SIM_SEED", "the seed of all delays, for the first clock event"},
    {"PROFILE", "lifecycle profile of servers that name none (standard)"},
    {"SCHEMA_DIR", "the folder of prices.json, regions.json and profiles/"},
    {"DURABILITY", "power or process: how NATS and Postgres were told to sync; for reports only"},
};

void declare_common(Reader& reader) {
  for (const auto& [variable, meaning] : common_declarations) {
    reader.declare(variable, meaning);
  }
}

/// A certificate and its key, both or neither, that fit each other.
void take_certificate(Reader& reader, const std::string& certificate_variable,
                      const std::string& key_variable, CertificateFiles& files) {
  files = {reader.raw(certificate_variable), reader.raw(key_variable)};
  if (files.certificate.empty() != files.key.empty()) {
    const bool lacks_key = files.key.empty();
    reader.mistake(lacks_key ? key_variable : certificate_variable,
                   "is missing, though " + (lacks_key ? certificate_variable : key_variable) +
                       " is given; give both or neither");
  } else if (files.given()) {
    if (const auto mistake = check_certificate(files)) {
      reader.mistake(mistake->in_key ? key_variable : certificate_variable, mistake->why);
    }
  }
}

void check_authorities_of(Reader& reader, const std::string& variable) {
  if (!reader.given(variable)) {
    return;
  }
  if (const auto why = check_authorities(reader.raw(variable))) {
    reader.mistake(variable, *why);
  }
}

void check_database_tls(Reader& reader) {
  std::string mode;
  reader.take("DB_SSLMODE", mode, read_ssl_mode);
  check_authorities_of(reader, "DB_SSLROOTCERT");
  if (reader.given("DB_SSLROOTCERT") && !mode.starts_with("verify")) {
    reader.mistake("DB_SSLROOTCERT", "has no effect with DB_SSLMODE \"" + reader.raw("DB_SSLMODE") +
                                         "\"; give DB_SSLMODE=verify-full");
  }
}

std::string database_url(Reader& reader) {
  static const char* const parts[] = {"DB_HOST",     "DB_PORT",    "DB_NAME",       "DB_USER",
                                      "DB_PASSWORD", "DB_SSLMODE", "DB_SSLROOTCERT"};
  static const char* const names[] = {"host",     "port",    "dbname",     "user",
                                      "password", "sslmode", "sslrootcert"};
  static const char* const defaults[] = {"127.0.0.1", "5432", "vsim", "vsim", "", "", ""};
  bool any_part = false;
  std::string url;
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    any_part = any_part || reader.given(parts[i]);
    const std::string value = reader.given(parts[i]) ? reader.raw(parts[i]) : defaults[i];
    if (value.empty()) {
      continue;
    }
    url += (url.empty() ? "" : " ") + std::string(names[i]) + "=" + quote_connection_value(value);
  }
  std::uint16_t port = 0;
  reader.take("DB_PORT", port, read_port);
  check_database_tls(reader);
  if (reader.given("DATABASE_URL") && any_part) {
    reader.mistake("DATABASE_URL", "is given and DB_* too; give one of the two");
  }
  if (reader.given("DATABASE_URL")) {
    return reader.raw("DATABASE_URL");
  }
  if (!any_part) {
    reader.mistake("DATABASE_URL",
                   "is missing; give it or DB_HOST, DB_NAME and DB_USER (for the fleet of "
                   "ops/up: \". .run/env\")");
  }
  return url;
}

/// The ports of "scheme://[user@]host[:port][/...]", or of several of them by commas.
void check_ports_of(Reader& reader, const std::string& variable) {
  std::string_view urls = reader.raw(variable);
  while (!urls.empty()) {
    std::string_view rest = urls.substr(0, urls.find(','));
    urls.remove_prefix(std::min(rest.size() + 1, urls.size()));
    const std::size_t scheme = rest.find("//");
    if (scheme == std::string_view::npos) {
      continue;
    }
    const std::size_t user = rest.rfind('@');
    rest.remove_prefix(user == std::string_view::npos ? scheme + 2 : user + 1);
    rest = rest.substr(0, rest.find('/'));
    const std::size_t colon = rest.find(':', rest.find(']') + 1);  // IPv6 has brackets
    if (colon == std::string_view::npos) {
      continue;
    }
    if (const auto port = read_port(rest.substr(colon + 1)); !port) {
      reader.mistake(variable, "the port " + port.error());
    }
  }
}

void take_common(Reader& reader, CommonSettings& settings) {
  settings.nats_url = reader.given("NATS_URL") ? reader.raw("NATS_URL") : "nats://127.0.0.1:4222";
  if (!settings.nats_url.starts_with("nats://") && !settings.nats_url.starts_with("tls://")) {
    reader.mistake("NATS_URL", "\"" + settings.nats_url +
                                   "\" does not begin with nats:// or tls://; \"nats://" +
                                   settings.nats_url + "\"?");
  }
  check_ports_of(reader, "NATS_URL");
  settings.nats_authorities = reader.raw("NATS_CA_FILE");
  check_authorities_of(reader, "NATS_CA_FILE");
  take_certificate(reader, "NATS_CERT_FILE", "NATS_KEY_FILE", settings.nats_certificate);
  settings.nats_monitor_url = reader.raw("NATS_MONITOR_URL");
  if (reader.given("NATS_MONITOR_URL") && !settings.nats_monitor_url.starts_with("http://")) {
    reader.mistake("NATS_MONITOR_URL",
                   "\"" + settings.nats_monitor_url + "\" does not begin with http://");
  }
  check_ports_of(reader, "NATS_MONITOR_URL");
  settings.database_url = database_url(reader);
  settings.log_format = isatty(STDERR_FILENO) == 1 ? log::Format::text : log::Format::json;
  reader.take("LOG_LEVEL", settings.log_level, read_log_level);
  reader.take("LOG_FORMAT", settings.log_format, read_log_format);
  reader.take("IDLE_TIMEOUT", settings.idle_timeout, read_duration, "m");
  reader.take("LEASE_MAX", settings.lease_max, read_lease_max);
  reader.take("BILLING_INTERVAL", settings.billing_interval, read_billing_interval);
  reader.take("TIME_SCALE", settings.time_scale, read_time_scale);
  reader.take("SIM_SEED", settings.sim_seed, read_whole_number, 0, UINT64_MAX);
  if (reader.given("PROFILE")) {
    settings.profile = reader.raw("PROFILE");
  }
  reader.take("DURABILITY", settings.durability, read_durability);
  settings.schema_dir = reader.given("SCHEMA_DIR") ? reader.raw("SCHEMA_DIR") : VSIM_SCHEMA_DIR;
  if (access(settings.schema_dir.c_str(), R_OK | X_OK) != 0) {
    reader.mistake("SCHEMA_DIR", "\"" + settings.schema_dir +
                                     "\" is no readable folder; name the repository's schema/");
  }
}

void take_http_address(Reader& reader, ListenAddress& address) {
  address = {"127.0.0.1", 8080};
  std::uint16_t port = 0;
  reader.take("HTTP_ADDR", address, read_listen_address);
  reader.take("PORT", port, read_port);
  if (port == 0) {
    return;
  }
  if (reader.given("HTTP_ADDR") && address.port != port) {
    reader.mistake("PORT", "\"" + reader.raw("PORT") + "\" and HTTP_ADDR \"" +
                               reader.raw("HTTP_ADDR") + "\" differ; give one of the two");
  }
  address.port = port;
}

/// Off on loopback, where tests and benches are; elsewhere strangers may come.
void take_rate_limit(Reader& reader, ApiSettings& settings) {
  RateLimit& limit = settings.rate_limit;
  limit.per_second = settings.http.is_loopback() ? 0 : rate_limit_elsewhere;
  reader.take("RATE_LIMIT", limit.per_second, read_rate_limit);
  limit.burst = std::min(2 * limit.per_second, rate_burst_max);
  reader.take("RATE_BURST", limit.burst, read_whole_number, 1, rate_burst_max);
  if (limit.off() && reader.given("RATE_BURST")) {
    reader.mistake("RATE_BURST", "is given and RATE_LIMIT is off; give both or neither");
  }
}

}  // namespace

bool ListenAddress::is_loopback() const {
  const auto address = IpAddress::parse(host);
  return address ? address->is_loopback() : host == "localhost";
}

std::string ListenAddress::to_string() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

int NotStarted::report() const {
  if (mistakes.empty()) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  std::fputs("not started; to be put right first:\n", stderr);
  for (const std::string& mistake : mistakes) {
    std::fprintf(stderr, "  %s\n", mistake.c_str());
  }
  return 2;
}

tl::expected<ApiSettings, NotStarted> read_api_settings(int argc, const char* const* argv) {
  Reader reader("vsim's HTTP API. Each flag may be given as an environment variable.", "vsim-api");
  reader.declare("HTTP_ADDR", "where to listen (127.0.0.1:8080)");
  reader.declare("PORT", "its port alone");
  reader.declare("TLS_CERT_FILE",
                 "HTTPS: the certificate, its issuers behind it, PEM (plain HTTP)");
  reader.declare("TLS_KEY_FILE", "the key of that certificate, PEM; SIGHUP reads both again");
  reader.declare("HTTP_CONNECTIONS", "connections that may be open at once (512)");
  reader.declare("EVENT_STREAMS", "streams of GET /events that may be open at once (1000)");
  reader.declare("SWAGGER_DIR", "the folder of Swagger UI's files, for /swagger/index.html (none)");
  reader.declare("DATABASE_CONNECTIONS", "connections to Postgres at most (8)");
  reader.declare("RATE_LIMIT",
                 "requests a second of one caller, or off (off on loopback, else 100)");
  reader.declare("RATE_BURST", "requests of one caller at once (twice RATE_LIMIT)");
  reader.declare("TRUSTED_PROXIES",
                 "whose X-Forwarded-For is believed, such as 10.0.0.0/8,::1 (none)");
  reader.declare("KEYS_FILE",
                 "the keys, written by vsimctl keys; requests need one if the file exists (none)");
  reader.declare("ALLOW_NO_KEYS", "yes: listen elsewhere than on loopback without keys (no)");
  reader.declare("HTTP_HOSTS",
                 "host names, by commas, accepted without keys beside addresses and localhost");
  declare_common(reader);
  NotStarted stop;
  if (!reader.parse(argc, argv, stop.text)) {
    return tl::unexpected(stop);
  }

  ApiSettings settings;
  take_common(reader, settings);
  take_http_address(reader, settings.http);
  take_certificate(reader, "TLS_CERT_FILE", "TLS_KEY_FILE", settings.certificate);
  reader.take("HTTP_CONNECTIONS", settings.http_connections, read_whole_number, 1,
              http_connections_max);
  reader.take("EVENT_STREAMS", settings.event_streams, read_whole_number, 1, event_streams_max);
  settings.swagger_dir = reader.raw("SWAGGER_DIR");
  reader.take("DATABASE_CONNECTIONS", settings.database_connections, read_whole_number, 1,
              database_connections_max);
  take_rate_limit(reader, settings);
  reader.take("TRUSTED_PROXIES", settings.trusted_proxies, read_address_ranges);
  settings.keys_file = reader.raw("KEYS_FILE");
  reader.take("ALLOW_NO_KEYS", settings.allow_no_keys, read_yes_no);
  reader.take("HTTP_HOSTS", settings.http_hosts, read_host_names);
  stop.mistakes = reader.mistakes();
  if (!stop.mistakes.empty()) {
    return tl::unexpected(stop);
  }
  return settings;
}

tl::expected<WorkerSettings, NotStarted> read_worker_settings(int argc, const char* const* argv) {
  Reader reader("vsim's worker. Each flag may be given as an environment variable.", "vsim-worker");
  reader.declare("METRICS_ADDR", "where /metrics, /healthz and /readyz are (127.0.0.1:9091)");
  reader.declare("ROLES", "commands,timekeeper,billing,projector,janitor,replenisher (all)");
  declare_common(reader);
  NotStarted stop;
  if (!reader.parse(argc, argv, stop.text)) {
    return tl::unexpected(stop);
  }

  WorkerSettings settings;
  take_common(reader, settings);
  settings.metrics = {"127.0.0.1", 9091};
  reader.take("METRICS_ADDR", settings.metrics, read_listen_address);
  reader.take("ROLES", settings.roles, read_roles);
  stop.mistakes = reader.mistakes();
  if (!stop.mistakes.empty()) {
    return tl::unexpected(stop);
  }
  return settings;
}

std::vector<SettingFlag> common_flags() {
  std::vector<SettingFlag> flags;
  for (const auto& [variable, meaning] : common_declarations) {
    flags.push_back({flag_of(variable), meaning});
  }
  return flags;
}

tl::expected<CommonSettings, NotStarted> read_common_settings(int argc, const char* const* argv) {
  Reader reader("Each flag may be given as an environment variable.", argv[0]);
  declare_common(reader);
  NotStarted stop;
  if (!reader.parse(argc, argv, stop.text)) {
    return tl::unexpected(stop);
  }

  CommonSettings settings;
  take_common(reader, settings);
  stop.mistakes = reader.mistakes();
  if (!stop.mistakes.empty()) {
    return tl::unexpected(stop);
  }
  return settings;
}

}  // namespace vsim::process
