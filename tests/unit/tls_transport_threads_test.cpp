// Goal: TLS over a socket waits no longer than its deadline, whatever part of a record has come,
// and knows of bytes that it has read and the socket no longer shows.
// Method: a pair of sockets, a client on the other one, and a wire in between that a test cuts into
// pieces as it likes.

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/connections/server_certificate.h"
#include "tests/harness/certificates.h"
#include "tests/harness/eventually.h"
#include "tests/harness/scratch_dir.h"
#include "tests/harness/tls_stream.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using State = Transport::State;

struct SocketPair {
  std::array<int, 2> ends{};
  SocketPair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
  ~SocketPair() {
    close(ends[0]);
    close(ends[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
};

std::string take(int socket) {
  std::array<char, 65536> bytes;
  const auto count = recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : std::string();
}

void give(int socket, std::string_view bytes) {
  REQUIRE(send(socket, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

/// A server's transport and a client, with a wire between that this class carries bytes over.
class Wire {
 public:
  Wire() : certificate_(load()), server(certificate_->make_transport(near_.ends[0])) {
    std::jthread carrier([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        carry();
        std::this_thread::sleep_for(1ms);
      }
    });
    std::jthread client_side(
        [this] { client = std::make_unique<harness::TlsStream>(far_.ends[1], trust()); });
    REQUIRE(server->open(Clock::now() + 10s));
    client_side.join();
  }

  /// What the client has sent and the server has not been given.
  std::string from_client() { return take(far_.ends[0]); }
  void to_server(std::string_view bytes) { give(near_.ends[1], bytes); }
  void carry() {
    const std::string up = take(far_.ends[0]);
    const std::string down = take(near_.ends[1]);
    give(near_.ends[1], up);
    give(far_.ends[0], down);
  }
  bool server_readable() const {
    pollfd polled{near_.ends[0], POLLIN, 0};
    return poll(&polled, 1, 0) == 1;
  }
  std::string receive(std::size_t most, std::chrono::milliseconds wait, State expected) {
    std::string bytes(most, '\0');
    const auto got = server->receive(bytes.data(), most, Clock::now() + wait);
    CHECK(got.state == expected);
    return bytes.substr(0, got.bytes);
  }

 private:
  std::unique_ptr<ServerCertificate> load() {
    const auto pair = authority_.issue("server");
    return std::move(ServerCertificate::load({pair.certificate, pair.key}).value());
  }
  harness::TlsOptions trust() const { return {.authorities = authority_.file()}; }

  harness::ScratchDir folder_{"vsim-tls"};
  harness::Authority authority_{folder_.path(), "authority"};
  std::unique_ptr<ServerCertificate> certificate_;
  SocketPair near_;  // the server's end, and ours
  SocketPair far_;   // ours, and the client's end

 public:
  std::unique_ptr<Transport> server;
  std::unique_ptr<harness::TlsStream> client;
};

TEST_CASE("what is decrypted and not taken is reported, though the socket has nothing more") {
  Wire wire;
  CHECK_FALSE(wire.server->has_buffered());
  wire.client->send("one");
  wire.client->send("two");
  wire.to_server(wire.from_client());
  CHECK(wire.receive(2, 1s, State::some) == "on");
  CHECK_FALSE(wire.server_readable());
  CHECK(wire.server->has_buffered());
  CHECK(wire.receive(9, 1s, State::some) == "e");
  CHECK(wire.server->has_buffered());  // the second record, received along with the first
  CHECK(wire.receive(9, 1s, State::some) == "two");
  CHECK_FALSE(wire.server->has_buffered());
}

TEST_CASE(
    "a part of a record is nothing to give, and its rest is waited for no longer than allowed") {
  Wire wire;
  wire.client->send("whole");
  const std::string record = wire.from_client();
  for (std::size_t i = 0; i + 1 < record.size(); ++i) {
    wire.to_server(record.substr(i, 1));
    CHECK(wire.receive(9, 0ms, State::late).empty());
    CHECK_FALSE(wire.server->has_buffered());
  }
  const auto began = Clock::now();
  CHECK(wire.receive(9, 50ms, State::late).empty());
  CHECK(Clock::now() - began >= 50ms);
  wire.to_server(record.substr(record.size() - 1));
  CHECK(wire.receive(9, 1s, State::some) == "whole");
}

TEST_CASE("bytes that no client of this connection has made end it") {
  Wire wire;
  wire.client->send("whole");
  std::string record = wire.from_client();
  record.back() = static_cast<char>(record.back() ^ 1);
  wire.to_server(record);
  CHECK(wire.receive(9, 1s, State::end).empty());
  CHECK(wire.server->has_buffered());  // the end
  CHECK_FALSE(wire.server->send("answer", Clock::now() + 1s));
}

TEST_CASE("a client that takes nothing holds up a send no longer than allowed") {
  Wire wire;
  const auto began = Clock::now();
  CHECK_FALSE(wire.server->send(std::string(8'000'000, 'x'), began + 200ms));
  CHECK(Clock::now() - began >= 200ms);
  CHECK(Clock::now() - began < 5s);
}

TEST_CASE("what is offered is taken as far as there is room, and goes on where it stopped") {
  Wire wire;
  std::string bytes;
  for (int i = 0; bytes.size() < 4'000'000; ++i) {
    bytes += std::to_string(i);
  }
  std::string got;
  std::atomic<bool> all_there{false};
  std::jthread reader([&] {
    std::array<char, 65536> some;
    while (got.size() < bytes.size()) {
      got.append(some.data(), wire.client->receive(some.data(), some.size()));
    }
    all_there = true;
  });
  std::string_view rest = bytes;
  std::size_t times_full = 0;
  while (!rest.empty()) {
    // Out of other memory each time.
    const auto taken = wire.server->offer(std::string(rest));
    REQUIRE(taken);
    times_full += *taken < rest.size() ? 1 : 0;
    rest.remove_prefix(*taken);
    wire.carry();
  }
  while (!all_there) {
    wire.carry();
  }
  CHECK(got == bytes);
  CHECK(times_full > 0);
}

TEST_CASE("after the end of sending the client reads it as an end, and may go on itself") {
  Wire wire;
  CHECK(wire.server->send("bye", Clock::now() + 1s));
  wire.server->end_sending();
  wire.carry();
  std::array<char, 16> bytes;
  CHECK(wire.client->receive(bytes.data(), bytes.size()) == 3);
  CHECK(wire.client->receive(bytes.data(), bytes.size()) == 0);
  wire.client->send("late word");
  wire.to_server(wire.from_client());
  CHECK(wire.receive(20, 1s, State::some) == "late word");
}

}  // namespace
}  // namespace vsim::api
