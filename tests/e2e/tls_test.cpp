// Goal: with a certificate the API speaks TLS 1.2 and newer and nothing else, whatever clients do
// to it, and takes a renewed certificate without a restart.
// Method: a fleet with TLS to callers, to NATS and to Postgres, under an authority that exists for
// the test alone; clients as careful as they should be, and raw bytes for those that are not.

#include <csignal>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::TlsOptions;
using harness::Unreachable;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Clock = std::chrono::steady_clock;

harness::Fleet& fleet() {
  static harness::Fleet shared({.tls = true});
  return shared;
}

/// A client of the API with rules of its own.
HttpClient client_with(const TlsOptions& tls) {
  return HttpClient(fleet().api_port(), seconds(20), tls);
}

/// Why the client gets no answer; empty when it gets one.
std::string refusal(HttpClient client) {
  try {
    client.get("/healthz");
    return {};
  } catch (const Unreachable& reason) {
    return reason.what();
  }
}

std::string sized_request(std::size_t bytes) {
  return fmt::format(
      "POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      bytes, std::string(bytes, ' '));
}

/// The first record of a handshake, cut short: its head promises 512 bytes.
const std::string begun_handshake("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);

void copy_over(const harness::CertificatePair& from, const harness::CertificatePair& to) {
  harness::write_file(to.certificate, harness::read_file(from.certificate));
  harness::write_file(to.key, harness::read_file(from.key));
}

double reloads(HttpClient client, const std::string& result) {
  return harness::metric_sum(client.get("/metrics").body, "vsim_tls_reloads_total",
                             "result=\"" + result + "\"");
}

bool logged(const std::string& text) {
  return harness::read_file(fleet().api().log_path()).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("with TLS to callers, to NATS and to Postgres, servers are made, moved and read") {
  HttpClient client = fleet().client();
  const harness::Json server = harness::create_server(client, {.profile = "instant"});
  const std::string id = server["id"].text();
  CHECK(server["status"].text() == "RUNNING");
  CHECK(harness::act(client, id, "stop").status == 200);
  CHECK(harness::get_server(client, id)["status"].text() == "STOPPED");
  CHECK(client.tls().version() == "TLSv1.3");
  CHECK(client_with({fleet().authority().file(), "127.0.0.1", "1.2"}).get("/healthz").status ==
        200);

  const auto status = fleet().vsimctl({"status"});
  CHECK_MESSAGE(status.ending.clean(), status.text);
  const auto history = fleet().vsimctl({"history", id});
  CHECK_MESSAGE(history.text.find("server_stopped") != std::string::npos, history.text);
}

TEST_CASE("a client that trusts another authority, or asks for another host, goes no further") {
  const harness::ScratchDir folder("vsim-tls");
  const harness::Authority stranger(folder.path(), "stranger");
  const auto untrusted = refusal(client_with({stranger.file()}));
  CHECK_MESSAGE(untrusted.find("certificate verify failed") != std::string::npos, untrusted);
  const auto elsewhere = refusal(client_with({fleet().authority().file(), "vsim.example"}));
  CHECK_MESSAGE(elsewhere.find("certificate verify failed") != std::string::npos, elsewhere);
  CHECK(refusal(client_with({fleet().authority().file(), "localhost"})) == "");
}

TEST_CASE("TLS 1.1 is refused") {
  const auto old = refusal(client_with({fleet().authority().file(), "127.0.0.1", "1.1"}));
  CHECK_MESSAGE(old.find("protocol version") != std::string::npos, old);
}

TEST_CASE("plain HTTP is answered with what to do instead, whatever the method") {
  HttpClient neighbour = fleet().client();
  CHECK(neighbour.get("/healthz").status == 200);
  for (const std::string method : {"GET", "POST", "DELETE", "OPTIONS"}) {
    INFO(method);
    HttpClient plain(fleet().api_port(), seconds(10));
    const HttpAnswer answer = plain.request(method, "/servers", method == "POST" ? "{}" : "");
    CHECK(answer.status == 400);
    CHECK(answer.code() == "invalid_request");
    CHECK(answer.json()["detail"].text().find("https://") != std::string::npos);
    CHECK(answer.header("Content-Type") == "application/problem+json");
    CHECK_FALSE(plain.connected());
  }
  CHECK(neighbour.connected());
  CHECK(neighbour.get("/healthz").status == 200);
}

TEST_CASE("what is neither TLS nor HTTP is cut off at once") {
  for (const std::string& bytes : {std::string("\0\0\0\0\0\0\0\0", 8), std::string("\x80\x2e\x01"),
                                   "\x16\x03\x01" + std::string(600, '\xff')}) {
    HttpClient odd(fleet().api_port(), seconds(4));
    const auto began = Clock::now();
    CHECK_THROWS_AS(odd.raw(bytes + std::string(64, 'x')), Unreachable);
    CHECK(Clock::now() - began < seconds(3));
  }
  CHECK(fleet().client().get("/healthz").status == 200);
}

TEST_CASE("requests one behind the other, and bodies to their limit, are read as without TLS") {
  HttpClient client = fleet().client();
  const HttpAnswer most = client.raw(sized_request(64 * 1024));
  CHECK(most.status == 400);  // read whole, and found to be empty
  CHECK(most.json()["detail"].text() != "");
  CHECK(client.connected());
  const HttpAnswer more = client.raw(sized_request(64 * 1024 + 1));
  CHECK(more.status == 413);
  CHECK_FALSE(client.connected());

  // Pipelined in one write, so that several may lie in one record, and larger than one record.
  std::string requests;
  for (int i = 0; i < 40; ++i) {
    requests +=
        fmt::format("GET /regions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: {}-{}\r\n\r\n", i,
                    std::string(900, 'p').substr(0, 100));
  }
  for (int i = 0; i < 40; ++i) {
    const HttpAnswer answer = i == 0 ? client.raw(requests) : client.next_answer();
    REQUIRE(answer.status == 200);
    REQUIRE(answer.header("X-Request-Id").starts_with(std::to_string(i) + "-"));
  }
}

TEST_CASE("slow and half-open handshakes hold up nobody, and are cut in time") {
  std::vector<std::unique_ptr<HttpClient>> slow;
  const auto began = Clock::now();
  for (int i = 0; i < 60; ++i) {
    slow.push_back(std::make_unique<HttpClient>(fleet().api_port(), seconds(30)));
    if (i % 2 == 0) {
      slow.back()->send_only(begun_handshake);  // and no more
    }
  }
  // One that never stops sending, a byte at a time.
  std::jthread trickle([](const std::stop_token& stop) {
    HttpClient client(fleet().api_port(), seconds(1));
    try {
      client.send_only(begun_handshake);
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(milliseconds(200));
        client.send_only("x");
      }
    } catch (const Unreachable&) {
    }
  });
  for (int i = 0; i < 20; ++i) {
    const auto asked = Clock::now();
    REQUIRE(fleet().client().get("/regions").status == 200);
    CHECK(Clock::now() - asked < seconds(2));
  }
  // The API's own connections are those of this question and those that are not cut yet.
  const bool cut = harness::eventually(
      [] { return fleet().api_metric("vsim_http_connections") <= 1; }, seconds(25));
  CHECK(cut);
  CHECK(Clock::now() - began > seconds(3));  // not before they had had a chance
}

TEST_CASE("curl follows the log over TLS, and gets each event as it is there") {
  harness::ChildOptions curl;
  curl.argv = {"/bin/sh", "-c",
               fmt::format("curl -sN --max-time 20 --cacert {} 'https://127.0.0.1:{}"
                           "/events?from=start' | head -n 3",
                           fleet().authority().file(), fleet().api_port())};
  const harness::Output output = harness::run_program(curl);
  CAPTURE(output.text);
  CHECK(output.ending.clean());
  CHECK(output.text.starts_with("id: 1\nevent: clock_started\ndata: {\"sequence\":1,"));
}

TEST_CASE("a client that ends TLS in the middle of a request leaves nothing behind") {
  for (int i = 0; i < 20; ++i) {
    HttpClient client = fleet().client();
    client.send_only("POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{");
  }
  const bool gone = harness::eventually(
      [] { return fleet().api_metric("vsim_http_connections") <= 1; }, seconds(20));
  CHECK(gone);
}

TEST_CASE(
    "SIGHUP: new connections get the new certificate, open ones go on; a bad one is not taken") {
  const auto served = fleet().api_certificate();
  HttpClient open = fleet().client();
  CHECK(open.get("/healthz").status == 200);
  CHECK(open.tls().server_name() == "api");

  copy_over(fleet().authority().issue("renewed"), served);
  CHECK(fleet().client().tls().server_name() == "api");  // not before SIGHUP
  fleet().api().signal(SIGHUP);
  CHECK(harness::eventually([] { return fleet().client().tls().server_name() == "renewed"; }));
  CHECK(open.connected());
  CHECK(open.get("/healthz").status == 200);
  CHECK(open.tls().server_name() == "api");
  CHECK(reloads(fleet().client(), "ok") == 1);

  // The key of another certificate, then no key at all.
  harness::write_file(served.key, harness::read_file(fleet().authority().issue("other").key));
  fleet().api().signal(SIGHUP);
  CHECK(harness::eventually([] { return reloads(fleet().client(), "failed") == 1; }));
  CHECK(logged("is not the key of the certificate in"));
  std::filesystem::remove(served.key);
  fleet().api().signal(SIGHUP);
  CHECK(harness::eventually([] { return reloads(fleet().client(), "failed") == 2; }));
  CHECK(logged("No such file or directory"));
  CHECK(fleet().client().tls().server_name() == "renewed");

  copy_over(fleet().authority().issue("third"), served);
  fleet().api().signal(SIGHUP);
  CHECK(harness::eventually([] { return fleet().client().tls().server_name() == "third"; }));
}

TEST_CASE("a pair that does not fit refuses the start, with every other mistake beside it") {
  const auto one = fleet().authority().issue("one");
  const auto two = fleet().authority().issue("two");
  const auto start = [](const harness::Settings& settings) {
    harness::ChildOptions child;
    child.argv = {harness::product_program("vsim-api")};
    child.environment = fleet().environment_of("api");
    for (const auto& [name, value] : settings) {
      child.environment[name] = value;
    }
    return harness::run_program(child);
  };
  const auto mixed = start(
      {{"TLS_CERT_FILE", one.certificate}, {"TLS_KEY_FILE", two.key}, {"IDLE_TIMEOUT", "30"}});
  CHECK(mixed.ending.code == 2);
  CHECK_MESSAGE(
      mixed.text.find("TLS_KEY_FILE: \"" + two.key + "\" is not the key") != std::string::npos,
      mixed.text);
  CHECK(mixed.text.find("IDLE_TIMEOUT: \"30\" has no unit") != std::string::npos);

  const auto half = start({{"TLS_CERT_FILE", one.certificate}});
  CHECK(half.ending.code == 2);
  CHECK_MESSAGE(half.text.find("TLS_KEY_FILE: is missing") != std::string::npos, half.text);
  const auto swapped = start({{"TLS_CERT_FILE", one.key}, {"TLS_KEY_FILE", one.certificate}});
  CHECK_MESSAGE(swapped.text.find("TLS_CERT_FILE: \"" + one.key + "\" holds no certificate") !=
                    std::string::npos,
                swapped.text);
}
