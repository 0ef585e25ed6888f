// Goal: the programs of vsim talk to NATS and Postgres over TLS only with those who can prove that
// they are the ones that are meant, and say clearly what is wrong otherwise.
// Method: a broker and a Postgres with certificates of an authority that exists for the test alone,
// and programs that trust another one, or ask for another host.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using std::chrono::seconds;

namespace {

harness::Fleet& fleet() {
  static harness::Fleet shared({.tls = true});
  return shared;
}

/// An authority that has signed nothing that is in use.
const harness::Authority& stranger() {
  static const harness::ScratchDir folder("vsim-tls");
  static const harness::Authority authority(folder.path(), "stranger");
  return authority;
}

/// Runs a program that is expected to end by itself.
harness::Output run(const std::string& program, const std::string& user,
                    const harness::Settings& settings,
                    const std::vector<std::string>& arguments = {}) {
  harness::ChildOptions child;
  child.argv = {harness::product_program(program)};
  child.argv.insert(child.argv.end(), arguments.begin(), arguments.end());
  child.environment = fleet().environment_of(user);
  child.environment["HTTP_ADDR"] = fmt::format("127.0.0.1:{}", harness::free_port());
  child.environment["METRICS_ADDR"] = child.environment["HTTP_ADDR"];
  for (const auto& [name, value] : settings) {
    child.environment[name] = value;
  }
  return harness::run_program(child, seconds(20));
}

void check_says(const harness::Output& output, const std::string& text) {
  CHECK_FALSE(output.ending.clean());
  CHECK_MESSAGE(output.text.find(text) != std::string::npos, output.text);
}

std::string with_host(std::string url, const std::string& host) {
  return url.replace(url.find("127.0.0.1"), 9, host);
}

}  // namespace

TEST_CASE("a broker that another authority vouches for is refused by every program") {
  const harness::Settings wrong{{"NATS_CA_FILE", stranger().file()}};
  for (const auto& [program, user] : {std::pair("vsim-api", "api"), {"vsim-worker", "worker"}}) {
    const auto output = run(program, user, wrong);
    check_says(output, "unable to get local issuer certificate");
    check_says(output, "signed by an authority in NATS_CA_FILE");
  }
  const auto output = run("vsimctl", "operator", wrong, {"status"});
  check_says(output, "unable to get local issuer certificate");
}

TEST_CASE("without NATS_CA_FILE a tls:// broker must be known to the system's authorities") {
  check_says(run("vsim-api", "api", {{"NATS_CA_FILE", ""}}),
             "unable to get local issuer certificate");
  // Nor does a URL that does not ask for TLS get a connection without it.
  const std::string url = "nats" + fleet().nats().url("api").substr(3);
  check_says(run("vsim-api", "api", {{"NATS_CA_FILE", ""}, {"NATS_URL", url}}),
             "unable to get local issuer certificate");
}

TEST_CASE("a broker whose certificate names another host is refused") {
  const harness::Fleet* known = &fleet();
  const auto certificate = known->authority().issue("elsewhere", {"nats.example", "10.0.0.1"});
  harness::PrivateNats elsewhere({.certificate = certificate});
  for (const auto& [host, reason] :
       {std::pair("127.0.0.1", "IP address mismatch"), {"localhost", "hostname mismatch"}}) {
    const auto output =
        run("vsim-api", "api", {{"NATS_URL", with_host(elsewhere.url("api"), host)}});
    check_says(output, reason);
    check_says(output, fmt::format("must name {} and", host));
  }
}

TEST_CASE("TLS that is asked for and not offered is refused, not done without") {
  harness::PrivateNats plain;
  check_says(run("vsim-api", "api", {{"NATS_URL", plain.url("api")}}), "offers no TLS");
  const std::string url = "tls" + plain.url("api").substr(4);
  check_says(run("vsim-api", "api", {{"NATS_URL", url}, {"NATS_CA_FILE", ""}}), "offers no TLS");
}

TEST_CASE(
    "a broker that asks for a certificate gets NATS_CERT_FILE's, and refuses whoever is silent") {
  const auto& authority = fleet().authority();
  harness::PrivateNats strict(
      {.certificate = authority.issue("strict"), .client_authorities = authority.file()});
  const auto ours = authority.issue("vsimctl", {"vsimctl"});
  const harness::Settings known{{"NATS_URL", strict.url("admin")},
                                {"NATS_CERT_FILE", ours.certificate},
                                {"NATS_KEY_FILE", ours.key}};
  const std::vector<std::string> history{"history", harness::random_uuid()};
  // It gets as far as the streams, which this broker does not have.
  check_says(run("vsimctl", "admin", known, history), "No responders");
  check_says(run("vsimctl", "admin", {{"NATS_URL", strict.url("admin")}}, history),
             "give NATS_CERT_FILE and NATS_KEY_FILE");
  check_says(run("vsimctl", "admin", {{"NATS_CERT_FILE", ours.certificate}}, {"status"}),
             "NATS_KEY_FILE: is missing");
}

// The client library and OpenSSL used to free the same list at the exit, every other time fatally.
TEST_CASE("a program that has spoken TLS to NATS ends as it should") {
  for (int i = 0; i < 12; ++i) {
    const auto output = run("vsimctl", "operator", {}, {"journal", "list"});
    CHECK(output.ending.signal == 0);
    CHECK_MESSAGE(output.ending.code == 0, output.text);
  }
}

TEST_CASE("the broker comes back under a new certificate of its authority, and all go on") {
  harness::HttpClient client = fleet().client();
  harness::create_server(client, {.profile = "instant"});
  fleet().authority().issue("nats");  // in the place of the old one
  fleet().nats().restart();
  fleet().wait_until_ready();
  harness::HttpClient after = fleet().client();
  CHECK(harness::create_server(after, {.profile = "instant"})["status"].text() == "RUNNING");
}

TEST_CASE("with verify-full and another authority Postgres is not used, and /readyz says why") {
  const std::string url = fleet().postgres().tls_url(
      fleet().database(), "vsim_api", "sslmode=verify-full&sslrootcert=" + stranger().file());
  fleet().api().terminate();
  fleet().start_api(0, {{"DATABASE_URL", url}});
  harness::HttpAnswer answer;
  harness::eventually([&] {
    answer = fleet().client().get("/readyz");
    return true;
  });
  CHECK(answer.status == 503);
  CHECK_MESSAGE(answer.body.find("certificate verify failed") != std::string::npos, answer.body);
  CHECK(fleet().client().get("/regions").status == 503);

  const auto listed = run("vsimctl", "operator", {{"DATABASE_URL", url}}, {"status"});
  CHECK_MESSAGE(listed.text.find("certificate verify failed") != std::string::npos, listed.text);

  fleet().api().terminate();
  fleet().start_api();
  fleet().wait_until_ready();
}

TEST_CASE("Postgres given in parts, with DB_SSLMODE and DB_SSLROOTCERT, is verified likewise") {
  harness::Settings parts{{"DATABASE_URL", ""},
                          {"DB_HOST", "127.0.0.1"},
                          {"DB_PORT", std::to_string(fleet().postgres().port())},
                          {"DB_NAME", fleet().database()},
                          {"DB_USER", "vsim_operator"},
                          {"DB_PASSWORD", "secret-of-vsim_operator"},
                          {"DB_SSLMODE", "verify-full"},
                          {"DB_SSLROOTCERT", fleet().authority().file()}};
  const auto right = run("vsimctl", "operator", parts, {"status"});
  CHECK_MESSAGE(right.ending.clean(), right.text);

  parts["DB_SSLROOTCERT"] = stranger().file();
  check_says(run("vsimctl", "operator", parts, {"status"}), "certificate verify failed");

  parts["DB_SSLROOTCERT"] = "/nowhere/ca.pem";
  parts["DB_SSLMODE"] = "verify";
  const auto wrong = run("vsimctl", "operator", parts, {"status"});
  check_says(wrong, "DB_SSLROOTCERT: \"/nowhere/ca.pem\" cannot be read");
  check_says(wrong, "DB_SSLMODE: \"verify\" is no mode");
}
