// Goal: a process starts only on settings that mean something, and one that does not start says
// everything that must be put right, with the fix.
// Method: read argument lists and an environment made here; nothing is started.

#include "ops/process/settings.h"

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "ops/process/setting_values.h"

namespace vsim::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const char* const variables[] = {"NATS_URL",         "DATABASE_URL",
                                 "DB_HOST",          "DB_PORT",
                                 "DB_NAME",          "DB_USER",
                                 "DB_PASSWORD",      "DB_SSLMODE",
                                 "HTTP_ADDR",        "PORT",
                                 "METRICS_ADDR",     "LOG_LEVEL",
                                 "LOG_FORMAT",       "IDLE_TIMEOUT",
                                 "BILLING_INTERVAL", "TIME_SCALE",
                                 "SIM_SEED",         "PROFILE",
                                 "SCHEMA_DIR",       "ROLES",
                                 "HTTP_CONNECTIONS", "RATE_LIMIT",
                                 "RATE_BURST",       "TRUSTED_PROXIES",
                                 "NATS_MONITOR_URL", "DATABASE_CONNECTIONS",
                                 "SWAGGER_DIR",      "NATS_CA_FILE",
                                 "NATS_CERT_FILE",   "NATS_KEY_FILE",
                                 "TLS_CERT_FILE",    "TLS_KEY_FILE",
                                 "DB_SSLROOTCERT",   "KEYS_FILE",
                                 "ALLOW_NO_KEYS",    "HTTP_HOSTS",
                                 "DURABILITY",       "LEASE_MAX",
                                 "EVENT_STREAMS"};

/// An environment that holds just these, and the caller's own again afterwards.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const char*, const char*>> values) {
    for (const char* name : variables) {
      if (const char* value = std::getenv(name)) {
        before_.emplace_back(name, value);
      }
      unsetenv(name);
    }
    for (const auto& [name, value] : values) {
      setenv(name, value, 1);
    }
  }
  ~Environment() {
    for (const char* name : variables) {
      unsetenv(name);
    }
    for (const auto& [name, value] : before_) {
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::vector<std::pair<std::string, std::string>> before_;
};

auto read_api(std::vector<const char*> flags = {}) {
  flags.insert(flags.begin(), "vsim-api");
  return read_api_settings(static_cast<int>(flags.size()), flags.data());
}

auto read_worker(std::vector<const char*> flags = {}) {
  flags.insert(flags.begin(), "vsim-worker");
  return read_worker_settings(static_cast<int>(flags.size()), flags.data());
}

constexpr const char* database = "postgresql://vsim@127.0.0.1:5432/vsim";

TEST_CASE("only the database must be set; the rest has defaults") {
  const Environment environment{{"DATABASE_URL", database}};
  const auto settings = read_api();
  REQUIRE(settings);
  CHECK(settings->nats_url == "nats://127.0.0.1:4222");
  CHECK(settings->database_url == database);
  CHECK(settings->http.to_string() == "127.0.0.1:8080");
  CHECK(settings->billing_interval == seconds(60));
  CHECK(settings->lease_max == std::chrono::hours(24));
  CHECK_FALSE(settings->idle_timeout);
  CHECK_FALSE(settings->time_scale);
  CHECK_FALSE(settings->sim_seed);
  CHECK(settings->profile == "standard");
  CHECK(settings->http_connections == 512);
  CHECK(settings->event_streams == 1000);
  CHECK(settings->swagger_dir.empty());
  CHECK_FALSE(settings->durability);
}

TEST_CASE("the longest lease is a second or more, 3650 days at most") {
  const auto with = [](const char* value) {
    const Environment environment{{"DATABASE_URL", database}, {"LEASE_MAX", value}};
    return read_worker();
  };
  CHECK(with("1s")->lease_max == seconds(1));
  CHECK(with("3650d")->lease_max == std::chrono::hours(24 * 3650));
  CHECK(with("999ms").error().mistakes ==
        std::vector<std::string>{"LEASE_MAX: \"999ms\" is out of range; give 1s to 3650d"});
  CHECK_FALSE(with("3651d"));
  CHECK_FALSE(with("24"));
}

TEST_CASE("durability is power or process") {
  const Environment environment{{"DATABASE_URL", database}, {"DURABILITY", "process"}};
  CHECK(read_worker()->durability == vsim::telemetry::Durability::process);
  CHECK(read_api({"--durability", "power"})->durability == vsim::telemetry::Durability::power);
}

TEST_CASE("a flag wins over the environment") {
  const Environment environment{{"DATABASE_URL", database}, {"HTTP_ADDR", "127.0.0.1:9000"}};
  const auto settings = read_api({"--http-addr", "[::1]:9001"});
  REQUIRE(settings);
  CHECK(settings->http.host == "::1");
  CHECK(settings->http.to_string() == "[::1]:9001");
}

TEST_CASE("all mistakes are reported at once, each with its fix") {
  const Environment environment{
      {"IDLE_TIMEOUT", "30"},     {"BILLING_INTERVAL", "60"},     {"TIME_SCALE", "0"},
      {"SIM_SEED", "-1"},         {"LOG_LEVEL", "loud"},          {"LOG_FORMAT", "xml"},
      {"HTTP_ADDR", "localhost"}, {"NATS_URL", "127.0.0.1:4222"}, {"SCHEMA_DIR", "/nowhere/at/all"},
      {"DURABILITY", "fsync"}};
  const auto settings = read_api({"--colour"});
  REQUIRE_FALSE(settings);
  const std::vector<std::string> expected = {
      "\"--colour\" is no flag; see --help",
      "NATS_URL: \"127.0.0.1:4222\" does not begin with nats:// or tls://; "
      "\"nats://127.0.0.1:4222\"?",
      "DATABASE_URL: is missing; give it or DB_HOST, DB_NAME and DB_USER (for the fleet of ops/up: "
      "\". .run/env\")",
      "LOG_LEVEL: \"loud\" is no log level; give debug, info, warn or error",
      "LOG_FORMAT: \"xml\" is no log format; give text or json",
      "IDLE_TIMEOUT: \"30\" has no unit; \"30m\"?",
      "BILLING_INTERVAL: \"60\" has no unit; \"60s\"?",
      "TIME_SCALE: \"0\" is no time scale; give simulated seconds per second, 0.000001 to "
      "1000000, such as 1, 60 or 0.5",
      "SIM_SEED: \"-1\" is no whole number (digits, without zeros in front) from 0 to "
      "18446744073709551615",
      "DURABILITY: \"fsync\" is no durability; give power or process",
      "SCHEMA_DIR: \"/nowhere/at/all\" is no readable folder; name the repository's schema/",
      "HTTP_ADDR: \"localhost\" has no port; give host:port, such as 127.0.0.1:8080 or [::1]:8080"};
  CHECK(settings.error().mistakes == expected);
}

TEST_CASE("the database may come in parts, each quoted") {
  const Environment environment{
      {"DB_HOST", "db"}, {"DB_PASSWORD", "it's a \\ word"}, {"DB_SSLMODE", "require"}};
  const auto settings = read_api();
  REQUIRE(settings);
  CHECK(settings->database_url ==
        "host='db' port='5432' dbname='vsim' user='vsim' password='it\\'s a \\\\ word' "
        "sslmode='require'");
}

TEST_CASE("a database set in both ways is refused") {
  const Environment environment{{"DATABASE_URL", database}, {"DB_HOST", "db"}};
  const auto settings = read_api();
  REQUIRE_FALSE(settings);
  CHECK(settings.error().mistakes ==
        std::vector<std::string>{"DATABASE_URL: is given and DB_* too; give one of the two"});
}

TEST_CASE("PORT alone moves the API to that port, and may not contradict HTTP_ADDR") {
  {
    const Environment environment{{"DATABASE_URL", database}, {"PORT", "9000"}};
    const auto settings = read_api();
    REQUIRE(settings);
    CHECK(settings->http.to_string() == "127.0.0.1:9000");
  }
  const Environment environment{
      {"DATABASE_URL", database}, {"PORT", "9000"}, {"HTTP_ADDR", "127.0.0.1:8080"}};
  CHECK_FALSE(read_api());
}

TEST_CASE("requests are limited where strangers may come, unless set otherwise") {
  const auto limit = [](std::initializer_list<std::pair<const char*, const char*>> more) {
    const Environment environment(more);
    const auto settings = read_api({"--database-url", database});
    return settings ? settings->rate_limit : RateLimit{99, 99};
  };
  for (const char* address : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80"}) {
    CHECK(limit({{"HTTP_ADDR", address}}).off());
  }
  for (const char* address : {"0.0.0.0:80", ":80", "[::]:80", "10.0.0.1:80", "api.example:80"}) {
    CHECK(limit({{"HTTP_ADDR", address}}) == RateLimit{100, 200});
  }
  CHECK(limit({{"HTTP_ADDR", ":80"}, {"RATE_LIMIT", "off"}}).off());
  CHECK(limit({{"HTTP_ADDR", ":80"}, {"RATE_LIMIT", "0"}}).off());
  CHECK(limit({{"RATE_LIMIT", "5"}}) == RateLimit{5, 10});
  CHECK(limit({{"RATE_LIMIT", "5"}, {"RATE_BURST", "1"}}) == RateLimit{5, 1});
  CHECK(limit({{"RATE_LIMIT", "1000000"}}) == RateLimit{1'000'000, 1'000'000});
}

TEST_CASE("limits of requests and trusted proxies are refused with the fix") {
  const Environment environment{{"DATABASE_URL", database},
                                {"RATE_LIMIT", "1000001"},
                                {"RATE_BURST", "0"},
                                {"TRUSTED_PROXIES", "10.0.0.0/8, gateway"}};
  const auto settings = read_api({"--http-addr", ":80"});
  REQUIRE_FALSE(settings);
  CHECK(
      settings.error().mistakes ==
      std::vector<std::string>{
          "RATE_LIMIT: \"1000001\" is no whole number (digits, without zeros in front) from 0 to "
          "1000000 requests a second; \"off\" for no limit",
          "RATE_BURST: \"0\" is no whole number (digits, without zeros in front) from 1 to 1000000",
          "TRUSTED_PROXIES: \"gateway\" is no address or range; give such as 10.0.0.1, "
          "10.0.0.0/8 or 2001:db8::/32"});
  CHECK(read_api({"--rate-limit", "off", "--rate-burst", "5", "--trusted-proxies", "::1"})
            .error()
            .mistakes == std::vector<std::string>{
                             "RATE_BURST: is given and RATE_LIMIT is off; give both or neither"});
}

TEST_CASE("as many connections and streams as allowed may be asked for, and not one more or none") {
  struct Bounded {
    const char* name;
    std::size_t ApiSettings::* member;
    std::size_t most;
  };
  for (const Bounded& bounded :
       {Bounded{"HTTP_CONNECTIONS", &ApiSettings::http_connections, http_connections_max},
        Bounded{"EVENT_STREAMS", &ApiSettings::event_streams, event_streams_max}}) {
    CAPTURE(bounded.name);
    const auto taken = [&](const std::string& text) {
      const Environment environment{{"DATABASE_URL", database}, {bounded.name, text.c_str()}};
      const auto settings = read_api();
      return settings ? (*settings).*bounded.member : 0;
    };
    CHECK(taken("1") == 1);
    CHECK(taken(std::to_string(bounded.most)) == bounded.most);
    for (const std::string& text : {std::string("0"), std::to_string(bounded.most + 1)}) {
      CHECK(taken(text) == 0);
    }
  }
}

TEST_CASE("as many trusted proxies as allowed are taken, and one more is refused") {
  std::string many = "10.0.0.1";
  for (std::size_t i = 1; i < trusted_proxies_max; ++i) {
    many += ", ::1";
  }
  CHECK(read_address_ranges(many).value().size() == trusted_proxies_max);
  CHECK_FALSE(read_address_ranges(many + ",::1"));
}

TEST_CASE("the time scale is taken up to its limit and refused past it") {
  CHECK(read_time_scale("1000000").value() == 1'000'000);
  CHECK_FALSE(read_time_scale("1000000.1"));
  CHECK(read_time_scale("0.000001").value() == 0.000001);
  CHECK_FALSE(read_time_scale("0.0000009"));
  for (const char* text : {"", "0", "-1", "nan", "inf", "1x", "1e999", "060", "+60", " 60", "60 ",
                           "0x10", "1e3", ".5", "5."}) {
    CHECK_FALSE(read_time_scale(text));
  }
}

TEST_CASE("the billing interval is taken from a second to a day, and refused outside of it") {
  for (const char* text : {"1s", "1000ms", "60s", "24h", "1d"}) {
    const Environment environment{{"DATABASE_URL", database}, {"BILLING_INTERVAL", text}};
    CHECK(read_worker());
  }
  for (const char* text : {"0s", "999ms", "86401s", "24h1ms"}) {
    const Environment environment{{"DATABASE_URL", database}, {"BILLING_INTERVAL", text}};
    const auto settings = read_worker();
    REQUIRE_FALSE(settings);
    CHECK(settings.error().mistakes ==
          std::vector<std::string>{"BILLING_INTERVAL: \"" + std::string(text) +
                                   "\" is out of range; give 1s to 24h"});
  }
}

TEST_CASE("durations carry their unit") {
  CHECK(read_duration("1h30m", "m").value() == std::chrono::minutes(90));
  CHECK(read_duration("500ms", "m").value() == milliseconds(500));
  CHECK(read_duration("0s", "m").value() == milliseconds(0));
  CHECK(read_duration("3650d", "m").value() == std::chrono::hours(3650 * 24));
  for (const char* text :
       {"", "m", "30", "30 m", "-30m", "1.5h", "30min", "3651d", "3650d1ms", "030m", "1h05m",
        "+30m", " 30m", "00s", "99999999999999999999h", "1h30"}) {
    CHECK_FALSE(read_duration(text, "m"));
  }
}

TEST_CASE("the port in a URL is a decimal number, as elsewhere: issue 12, 4") {
  for (const char* url : {"nats://127.0.0.1:4222", "nats://127.0.0.1",
                          "nats://me:se@127.0.0.1:4222", "nats://me:04222@broker",
                          "tls://[::1]:4222", "tls://[::1]", "nats://a:4222,nats://b:4223"}) {
    CAPTURE(url);
    const Environment environment{{"DATABASE_URL", database}, {"NATS_URL", url}};
    CHECK(read_worker());
  }
  for (const char* url :
       {"nats://127.0.0.1:04222", "nats://me:se@127.0.0.1:+4222", "tls://[::1]:0",
        "nats://broker:65536", "nats://broker: 4222", "nats://a:4222,nats://b:04223"}) {
    CAPTURE(url);
    const Environment environment{{"DATABASE_URL", database}, {"NATS_URL", url}};
    const auto settings = read_worker();
    REQUIRE_FALSE(settings);
    CHECK(settings.error().mistakes.front().starts_with("NATS_URL: the port "));
  }
}

TEST_CASE("addresses are a host and a port") {
  CHECK(read_listen_address(":80").value().to_string() == "0.0.0.0:80");
  CHECK(read_listen_address("[::1]:80").value().host == "::1");
  CHECK(read_listen_address("localhost:65535").value().port == 65535);
  for (const char* text : {"", "80", "a:0", "a:080", "a:+80", "a: 80", "a:65536", "a:b", "::1:80",
                           "http://a:80", "a b:80"}) {
    CHECK_FALSE(read_listen_address(text));
  }
}

TEST_CASE("roles are all on unless some are picked") {
  const Environment environment{{"DATABASE_URL", database}};
  const auto all = read_worker();
  REQUIRE(all);
  CHECK(all->roles == Roles{});
  CHECK(all->metrics.to_string() == "127.0.0.1:9091");
  const auto some = read_worker({"--roles", "projector,commands"});
  REQUIRE(some);
  CHECK(some->roles == Roles{true, false, false, true, false, false});
  const auto billing = read_worker({"--roles", "billing"});
  REQUIRE(billing);
  CHECK(billing->roles == Roles{false, false, true, false, false, false});
  CHECK_FALSE(read_worker({"--roles", "projector,comands"}));
  CHECK_FALSE(read_worker({"--roles", "projector,"}));
}

TEST_CASE("help and version are no mistakes") {
  const Environment environment{};
  const auto help = read_api({"--help"});
  REQUIRE_FALSE(help);
  CHECK(help.error().mistakes.empty());
  CHECK(help.error().text.find("--http-addr") != std::string::npos);
  const auto version = read_worker({"--version"});
  REQUIRE_FALSE(version);
  CHECK(version.error().text.starts_with("vsim-worker "));
}

TEST_CASE("an address is this machine's own, or others may reach it") {
  for (const char* own :
       {"127.0.0.1:80", "127.255.0.9:80", "[::1]:80", "localhost:80", "[::ffff:127.0.0.1]:80"}) {
    INFO(own);
    CHECK(read_listen_address(own).value().is_loopback());
  }
  for (const char* open :
       {":80", "0.0.0.0:80", "[::]:80", "128.0.0.1:80", "126.255.255.255:80", "192.168.1.1:80",
        "[::2]:80", "[::ffff:10.0.0.1]:80", "[fe80::1]:80", "no-such-name.invalid:80"}) {
    INFO(open);
    CHECK_FALSE(read_listen_address(open).value().is_loopback());
  }
}

TEST_CASE("hosts are names by commas, 64 at most") {
  const Environment environment{{"DATABASE_URL", database}};
  CHECK(read_api().value().http_hosts.empty());
  CHECK(read_host_names("vsim.example.org, Api_1").value() ==
        std::vector<std::string>{"vsim.example.org", "Api_1"});
  CHECK(read_host_names(std::string(253, 'a')));
  for (const std::string& no_name :
       {std::string(), std::string("a,"), std::string("a:80"), std::string("http://a"),
        std::string("a b"), std::string("[::1]"), std::string("*"), std::string(254, 'a')}) {
    INFO(no_name);
    CHECK_FALSE(read_host_names(no_name));
  }
  std::string many = "a";
  for (std::size_t i = 1; i < http_hosts_max; ++i) {
    many += ",a";
  }
  CHECK(read_host_names(many).value().size() == http_hosts_max);
  CHECK(read_host_names(many + ",a").error() == "are 65; give 64 at most");
  CHECK(read_api({"--http-hosts=api"}).value().http_hosts == std::vector<std::string>{"api"});
}

TEST_CASE("keys are off unless a file is named, and doing without them is said in so many words") {
  {
    const Environment environment{{"DATABASE_URL", database}};
    CHECK(read_api().value().keys_file.empty());
    CHECK_FALSE(read_api().value().allow_no_keys);
    CHECK(read_api({"--keys-file=/a/b"}).value().keys_file == "/a/b");
    CHECK(read_api({"--allow-no-keys=yes"}).value().allow_no_keys);
  }
  const Environment environment{{"DATABASE_URL", database}, {"ALLOW_NO_KEYS", "1"}};
  REQUIRE_FALSE(read_api());
  CHECK(read_api().error().mistakes.front() == "ALLOW_NO_KEYS: \"1\" is neither yes nor no");
}

}  // namespace
}  // namespace vsim::process
