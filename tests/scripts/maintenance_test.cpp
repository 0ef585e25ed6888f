// Goal: ops/down and ops/up bring back what was, ops/reset alone forgets, and only what it was
// asked to to; addresses and settings mean to ops/up what they mean to the programs (issue 12,
// points 14 and 20; issue 20, point 1). Method: the environment of the processes that run is
// compared before and after.

#include <regex>
#include <set>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/certificates.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/runbook/shipped_system.h"

using runbook::ShippedSystem;

namespace {

std::string done(ShippedSystem& system, const std::string& script) {
  const harness::Output said = system.run(script);
  REQUIRE_MESSAGE(said.ending.clean(), script, ":\n", said.text);
  return said.text;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// What every program was started with.
std::string environments(ShippedSystem& system) {
  return done(system,
              "for f in .run/pid/{api,worker-*}.pid; do echo \"$f\"; "
              "tr '\\0' '\\n' <\"/proc/$(<$f)/environ\" | sort; done");
}

/// Somebody else's server.
class Occupied {
 public:
  explicit Occupied(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_, 1) == 0);
  }
  ~Occupied() { ::close(socket_); }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;

 private:
  int socket_;
};

}  // namespace

TEST_CASE("ops/down and ops/up bring back every setting, all workers and all addresses") {
  ShippedSystem system({.workers = 3});
  const harness::Authority authority(system.checkout(), "ca");
  const harness::CertificatePair pair = authority.issue("api");
  done(system,
       fmt::format("TLS_CERT_FILE={} TLS_KEY_FILE={} RATE_LIMIT=50 RATE_BURST=70 IDLE_TIMEOUT=45m "
                   "TRUSTED_PROXIES='10.0.0.0/8, ::1' PROFILE=instant BILLING_INTERVAL=30s "
                   "LOG_LEVEL=debug HTTP_CONNECTIONS=300 DATABASE_CONNECTIONS=5 ops/up",
                   pair.certificate, pair.key));
  const std::string before = environments(system);
  for (const char* set : {"TLS_KEY_FILE=", "RATE_BURST=70", "TRUSTED_PROXIES=10.0.0.0/8, ::1",
                          "PROFILE=instant", "DATABASE_CONNECTIONS=5", "worker-3"}) {
    CHECK_MESSAGE(holds(before, set), set);
  }
  CHECK(holds(done(system, "ops/down"), "settings and the number of workers are kept"));
  const std::string said = done(system, "ops/up");
  CHECK(environments(system) == before);
  CHECK(holds(said, "settings kept"));
  CHECK(holds(said, "RATE_LIMIT=50"));
  const std::string there = done(system, "ops/up");
  CHECK(holds(there, "All was up already"));
  // What it tells to try is right with TLS too.
  const auto list = there.find("curl -s --cacert", there.find("curl -s --cacert") + 1);
  REQUIRE(list != std::string::npos);
  CHECK(holds(done(system, there.substr(list, there.find('\n', list) - list)), "[]"));

  // Also what differs is said, and what the caller's shell holds does not count for a rotation.
  const std::string changed = done(system, "IDLE_TIMEOUT= RATE_LIMIT=60 ops/up --workers 2");
  CHECK(holds(changed, "RATE_LIMIT=60 (was 50)"));
  CHECK(holds(changed, "IDLE_TIMEOUT= (was 45m)"));
  const std::string after = environments(system);
  CHECK_FALSE(holds(after, "IDLE_TIMEOUT"));
  CHECK_FALSE(holds(after, "worker-3"));
  done(system, "RATE_LIMIT=1 HTTP_ADDR=127.0.0.1:1 ops/rotate");
  CHECK(holds(environments(system), "RATE_LIMIT=60"));
  CHECK(holds(done(system, "ops/down; ops/up"), "2 running"));
}

TEST_CASE("settings that ops/up has announced hold, also when it dies early") {
  ShippedSystem system;
  const harness::Output died = system.run("PROFILE=instant VSIM_BIN_DIR=/nowhere ops/up");
  CHECK_FALSE(died.ending.clean());
  CHECK_MESSAGE(holds(died.text, "there is no program"), died.text);
  const std::string said = done(system, "ops/up");
  CHECK(holds(said, "settings kept"));
  CHECK(holds(environments(system), "PROFILE=instant"));
  CHECK(holds(system.run("PROFILE= VSIM_BIN_DIR=/nowhere ops/up").text, "PROFILE= (was instant)"));
  done(system, "ops/up");
  CHECK_FALSE(holds(environments(system), "PROFILE=instant"));
}

TEST_CASE("a log's clock holds, whatever the first start was called with") {
  ShippedSystem system({.settings = {{"TIME_SCALE", "60"}, {"SIM_SEED", "7"}}});
  CHECK(system.api().get("/clock").json()["scale"].number() == 60);
  CHECK(system.api().post("/clock", R"({"scale":2})").status == 200);
  done(system, "ops/up");
  done(system, "ops/down && ops/up");
  CHECK(system.api().get("/clock").json()["scale"].number() == 2);
  CHECK(system.api().get("/clock").json()["seed"].number() == 7);
}

TEST_CASE("an address that is taken meanwhile is reported") {
  ShippedSystem system;
  const std::string was = system.address("api");
  done(system, "ops/down");
  const Occupied other(static_cast<std::uint16_t>(std::stoi(was.substr(was.rfind(':') + 1))));
  const std::string said = done(system, "ops/up");
  CHECK(system.address("api") != was);
  CHECK(holds(said,
              fmt::format("not as before: api is at {} (was at {})", system.address("api"), was)));
}

TEST_CASE("ops/reset forgets all, and deletes only the data that was named") {
  ShippedSystem system({.workers = 2, .settings = {{"PROFILE", "instant"}}});
  done(system, "VSIM_RUN_DIR=$PWD/.run-drill ops/up");
  // The drill is ended, and ended again in a shell that has forgotten it.
  const std::string ended = done(system, "VSIM_RUN_DIR=$PWD/.run-drill ops/reset --yes");
  CHECK(holds(ended, "the system in " + system.checkout() + "/.run-drill: every server"));
  CHECK(holds(done(system, "VSIM_RUN_DIR=$PWD/.run-drill ops/reset --yes"), "no data"));
  for (const char* command : {"ops/reset --yes", "ops/reset", "ops/reset --yes=.run-drill",
                              "ops/reset --yes=", "VSIM_RUN_DIR= ops/reset --yes",
                              "VSIM_RUN_DIR=.run-drill/x ops/reset --yes=.run; "
                              "ops/reset --yes=.run/x"}) {
    CAPTURE(command);
    const harness::Output refused = system.run(command);
    CHECK(refused.ending.code == 2);
    CHECK_MESSAGE(holds(refused.text, "ops/reset"), refused.text);
    CHECK(system.ready("api"));
  }
  done(system, "ops/reset --yes=.run");
  const std::string said = done(system, "ops/up");
  CHECK_FALSE(holds(said, "settings kept"));
  CHECK(holds(said, "1 running"));
  CHECK_FALSE(holds(environments(system), "PROFILE"));
}

TEST_CASE("ops/up takes the addresses that the programs take, and no others") {
  ShippedSystem system;
  const std::uint16_t port = harness::free_port();
  for (const std::string host : {"[::1]", "localhost", "127.0.0.1"}) {
    const std::string address = fmt::format("{}:{}", host, port);
    done(system, fmt::format("HTTP_ADDR={} ops/up", address));
    CHECK(system.address("api") == address);
    CHECK(holds(system.shell("curl -fsS http://$HTTP_ADDR/readyz"), "ready"));
  }
  done(system, fmt::format("METRICS_ADDR=[::1]:{} ops/up", harness::free_port()));
  CHECK(system.shell("curl -fsS http://$METRICS_ADDR/metrics | grep -c ^vsim_build_info") == "1");
  for (const char* wrong : {"::1:8080", "[::1]", "[::1]:0", "[::1]:65536", "127.0.0.1:08080",
                            "[x]:80", "a b:80", "127.0.0.1"}) {
    CAPTURE(wrong);
    const harness::Output refused = system.run(fmt::format("HTTP_ADDR='{}' ops/up", wrong));
    CHECK_FALSE(refused.ending.clean());
    CHECK_MESSAGE(holds(refused.text, "is no address; write it like"), refused.text);
    CHECK_MESSAGE(holds(refused.text, "running now: api nats postgres worker-1; "), refused.text);
  }
  CHECK(system.ready("api"));

  // One that the API refuses is not asked for again by a plain start.
  const harness::Output open =
      system.run(fmt::format("HTTP_ADDR=0.0.0.0:{} ops/up", harness::free_port()));
  CHECK_FALSE(open.ending.clean());
  CHECK_MESSAGE(holds(open.text, "api has ended while starting"), open.text);
  done(system, "unset HTTP_ADDR; ops/up");
  CHECK(system.address("api").starts_with("127.0.0.1:"));
  CHECK(system.ready("api"));
}

TEST_CASE("a setting of the programs is handed on by ops/up, or said to have no effect") {
  ShippedSystem system;
  CHECK(holds(environments(system), "SCHEMA_DIR=" + system.checkout() + "/schema\n"));
  done(system,
       "cp -r schema prices; sed -i 's/: 100,/: 700,/' prices/prices.json; SCHEMA_DIR=prices "
       "ops/up");
  const auto made = system.api().post(
      "/servers", R"({"name":"dear","region":"us-east-1","type":"t2.micro","profile":"instant"})");
  CHECK(made.json()["hourly_rate"].number() == 0.07);
  CHECK(holds(environments(system), "SCHEMA_DIR=" + system.checkout() + "/prices"));
  CHECK(holds(done(system, "PORT=81 ROLES=billing ops/up"), "ROLES has no effect here"));

  // What ops/up makes itself; .run/env has them too.
  const std::set<std::string> own = {"NATS_URL", "DATABASE_URL", "NATS_MONITOR_URL", "KEYS_FILE"};
  const std::string known = done(system, "ops/up --help; cat ops/lib/settings.sh");
  for (const char* program : {"vsim-api", "vsim-worker"}) {
    const std::string help = done(system, fmt::format("programs/{} --help", program));
    const std::regex variable(R"(\(Env:([A-Z_]+)\))");
    std::size_t count = 0;
    for (std::sregex_iterator match(help.begin(), help.end(), variable), end; match != end;
         ++match, ++count) {
      const std::string name = (*match)[1];
      CHECK_MESSAGE(
          (own.count(name) == 1 || std::regex_search(known, std::regex("\\b" + name + "\\b"))),
          name);
    }
    CHECK(count > 15);
  }
}
