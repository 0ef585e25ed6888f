// Goal: each fault of a gate is what its name says, and is over with carry().
// Method: a client and a server that are the test's own sockets, with a gate between them.

#include "tests/harness/gate.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/eventually.h"
#include "tests/harness/loopback.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using harness::loopback;

constexpr std::chrono::milliseconds silence = 150ms;  // what has not come by then does not come
constexpr std::chrono::milliseconds patience = 5s;    // by then comes some of what is to come

/// Waits until a socket can be read or written; false when it cannot within that time.
bool waits_for(int socket, short what, std::chrono::milliseconds within = patience) {
  pollfd waiting{socket, what, 0};
  return ::poll(&waiting, 1, static_cast<int>(within.count())) == 1;
}

/// A connected socket.
class Line {
 public:
  explicit Line(int socket) : socket_(socket) {}
  explicit Line(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = loopback(port);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Line() { ::close(socket_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void say(const std::string& text) { REQUIRE(offer(text)); }
  /// False when it is not taken.
  bool offer(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = waits_for(socket_, POLLOUT) ? ::send(socket_, text.data(), text.size(),
                                                                MSG_NOSIGNAL | MSG_DONTWAIT)
                                                       : 0;
      if (sent <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end() { ::shutdown(socket_, SHUT_RDWR); }
  /// What comes next: a part of it, "" for the end, "(reset)", or "(nothing)" within that time.
  std::string next(std::chrono::milliseconds within = patience) {
    if (!waits_for(socket_, POLLIN, within)) {
      return "(nothing)";
    }
    char bytes[4096];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    return got < 0 ? "(reset)" : std::string(bytes, static_cast<std::size_t>(got));
  }
  /// So many bytes; fewer when the stream ends or is silent before.
  std::string next_bytes(std::size_t count) {
    std::string all;
    while (all.size() < count) {
      const std::string part = next();
      if (part.empty() || part == "(reset)" || part == "(nothing)") {
        break;
      }
      all += part;
    }
    return all;
  }

 private:
  int socket_;
};

class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), length) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~Server() { ::close(listener_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  int accept() {
    REQUIRE(waits_for(listener_, POLLIN));
    return ::accept(listener_, nullptr, nullptr);
  }

 private:
  int listener_;
  std::uint16_t port_ = 0;
};

/// A client and a server who are connected through a gate.
struct Connected {
  Server server;
  harness::Gate gate{server.port()};
  Line client{gate.port()};
  Line far{server.accept()};
};

void check_carries_newcomers(Connected& two) {
  Line again(two.gate.port());
  Line far(two.server.accept());
  again.say("again");
  CHECK(far.next() == "again");
}

}  // namespace

TEST_CASE("a gate carries bytes both ways, and the end of a stream") {
  Connected two;
  two.client.say("there");
  CHECK(two.far.next() == "there");
  two.far.say("back");
  CHECK(two.client.next() == "back");
  auto short_lived = std::make_unique<Line>(two.gate.port());
  Line far(two.server.accept());
  short_lived->say("last");
  short_lived.reset();
  CHECK(far.next() == "last");
  CHECK(far.next() == "");
}

TEST_CASE("what is cut is reset, and who comes anew is carried") {
  Connected two;
  two.gate.cut();
  CHECK(two.client.next() == "(reset)");
  CHECK(two.far.next() == "(reset)");
  check_carries_newcomers(two);
}

TEST_CASE("who comes to a gate that refuses is reset, and the others go on") {
  Connected two;
  two.gate.refuse();
  Line late(two.gate.port());
  CHECK(late.next() == "(reset)");
  two.client.say("on");
  CHECK(two.far.next() == "on");
  two.gate.carry();
  check_carries_newcomers(two);
}

TEST_CASE("what is stalled comes later, and whole") {
  Connected two;
  two.gate.stall();
  two.client.say("late");
  two.far.say("later");
  CHECK(two.far.next(silence) == "(nothing)");
  CHECK(two.client.next(silence) == "(nothing)");
  two.gate.carry();
  CHECK(two.far.next() == "late");
  CHECK(two.client.next() == "later");
}

TEST_CASE("what is swallowed never comes, and the connection stays") {
  Connected two;
  two.gate.swallow();
  two.client.say("gone");
  CHECK(two.far.next(silence) == "(nothing)");
  two.gate.carry();
  two.client.say("gone too");
  CHECK(two.far.next(silence) == "(nothing)");
  check_carries_newcomers(two);
}

TEST_CASE("the end of what is swallowed does not come, until a kernel would notice it") {
  Connected two;
  two.gate.swallow(3 * silence);
  two.client.end();
  CHECK(two.far.next(silence) == "(nothing)");
  CHECK(two.far.next() == "(reset)");
}

TEST_CASE("what is delayed comes after that time, in order") {
  Connected two;
  two.gate.delay(200ms);
  const auto begun = Clock::now();
  two.client.say("a");
  CHECK(two.far.next() == "a");
  CHECK(Clock::now() - begun >= 200ms);
  two.client.say("b");
  two.gate.carry();
  two.client.say("c");
  std::string rest;
  CHECK(harness::eventually([&] { return (rest += two.far.next()) == "bc"; }));
}

TEST_CASE("what is sliced comes in pieces, and whole") {
  Connected two;
  two.gate.slice(10);
  const std::string text(300, 'x');
  const auto begun = Clock::now();
  two.client.say(text);
  CHECK(two.far.next_bytes(text.size()) == text);
  CHECK(Clock::now() - begun >= 25ms);  // 30 pieces, one each millisecond
}

TEST_CASE("a client that reads nothing holds up its own connection and no other") {
  Connected two;
  Line other(two.gate.port());
  Line far(two.server.accept());
  const std::string much(8 << 20, 'x');
  bool taken = false;
  std::jthread writer([&] { taken = two.far.offer(much); });
  other.say("quick");
  CHECK(far.next() == "quick");
  CHECK((two.client.next_bytes(much.size()) == much));
  writer.join();
  CHECK(taken);
}
