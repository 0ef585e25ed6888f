// Goal: a silent client costs no thread and goes when its time is over; there is room for so many
// and no more; the end of the server loses nothing that was asked.
// Method: a server that says what it understood, raw sockets, and threads counted in /proc.

#include <filesystem>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "api/connections/connection.h"
#include "api/connections/connection_keeper.h"
#include "tests/unit/echo_server_fixture.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string get = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string answered = "GET /next 0";
const std::string no_room = "fault " + std::to_string(static_cast<int>(Fault::no_room));

std::ptrdiff_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

/// Until it holds, 10 s at most.
bool eventually(const std::function<bool()>& holds) {
  const auto give_up = Clock::now() + 10s;
  while (!holds() && Clock::now() < give_up) {
    std::this_thread::sleep_for(1ms);
  }
  return holds();
}

using Crowd = std::vector<std::unique_ptr<RawClient>>;

Crowd crowd(const EchoServer& server, std::size_t count) {
  Crowd clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
  }
  return clients;
}

TEST_CASE("silent clients have no thread, before their first request and after one") {
  EchoServer server(500);
  const auto before = threads_of_this_process();
  const Crowd silent = crowd(server, 400);
  CHECK(eventually(
      [&] { return server.metrics().find("vsim_http_connections 400") != std::string::npos; }));
  CHECK(threads_of_this_process() <= before + 1);
  for (const auto& client : silent) {
    CHECK(client->ask(get) == answered);
  }
  // Those that still stay, and some that have not had their turn to leave.
  CHECK(threads_of_this_process() <= before + 3 * static_cast<int>(staying_threads_max));
}

TEST_CASE(
    "a client that asks now and then is served each time, whether its thread has left or not") {
  EchoServer server;
  std::vector<std::jthread> clients;
  std::atomic<int> answers{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      RawClient client(server.port());
      for (int asked = 0; asked < 40; ++asked) {
        answers += client.ask(get) == answered ? 1 : 0;
        std::this_thread::sleep_for(8ms + std::chrono::microseconds(100 * i + 50 * asked));
      }
    });
  }
  clients.clear();
  CHECK(answers == 8 * 40);
}

TEST_CASE("requests that come together, in pieces or behind empty lines are all answered") {
  EchoServer server;
  RawClient client(server.port());
  client.send(get + get + "\r\n");
  CHECK(client.answer() == answered);
  CHECK(client.answer() == answered);
  std::this_thread::sleep_for(30ms);  // parked, with an empty line more
  client.send("\r\n");
  std::this_thread::sleep_for(30ms);
  client.send("GET /ne");
  std::this_thread::sleep_for(30ms);
  CHECK(client.ask("xt HTTP/1.1\r\nHost: a\r\n\r\n") == answered);
}

TEST_CASE("as many connections as allowed are served; one past it gets 503 and is closed") {
  std::latch let_go(1);
  EchoServer server(3, [&] { let_go.wait(); });
  const Crowd busy = crowd(server, 3);
  for (const auto& client : busy) {
    client->send(get);
  }
  REQUIRE(eventually([&] { return server.requests() == 3; }));
  for (int i = 0; i < 100; ++i) {  // more than may be leaving at once
    RawClient one_more(server.port());
    one_more.send(get);
    const std::string refusal = one_more.rest();
    CHECK(refusal.starts_with("HTTP/1.1 503 "));
    CHECK(refusal.find("Connection: close\r\n") != std::string::npos);
    CHECK(refusal.ends_with(no_room));
  }
  CHECK(server.metrics().find("vsim_http_connections_refused_total 100") != std::string::npos);
  let_go.count_down();
  for (const auto& client : busy) {
    CHECK(client->answer() == answered);
  }
}

TEST_CASE("the longest silent client makes room, once it has been silent for a second") {
  EchoServer server(3);
  RawClient first(server.port());
  RawClient second(server.port());
  RawClient third(server.port());
  CHECK(first.ask(get) == answered);
  CHECK(second.ask(get) == answered);
  CHECK(third.ask(get) == answered);
  CHECK(RawClient(server.port()).ask(get) == no_room);
  constexpr auto half = std::chrono::milliseconds(makes_room_after_seconds) / 2;
  std::this_thread::sleep_for(half);
  CHECK(first.ask(get) == answered);
  std::this_thread::sleep_for(half + 100ms);
  RawClient fourth(server.port());
  CHECK(fourth.ask(get) == answered);
  // One of two that fell silent in the same millisecond, and not the first, which has asked since.
  CHECK(second.closed_by_server() != third.closed_by_server());
  CHECK(first.ask(get) == answered);
  CHECK((second.closed_by_server() ? third : second).ask(get) == answered);
}

TEST_CASE("a client goes when it has asked nothing for five seconds, whatever else it sends") {
  EchoServer server;
  RawClient mute(server.port());
  RawClient served(server.port());
  RawClient trickling(server.port());
  RawClient busy(server.port());
  CHECK(served.ask(get) == answered);
  const auto since = Clock::now();
  const auto lines_until = since + idle_seconds_max - 500ms;
  while (Clock::now() < lines_until) {
    trickling.send("\r\n");
    CHECK(busy.ask(get) == answered);
    std::this_thread::sleep_for(100ms);
  }
  CHECK_FALSE(mute.closed_by_server());
  CHECK_FALSE(served.closed_by_server());
  CHECK_FALSE(trickling.closed_by_server());
  CHECK(eventually([&] {
    return mute.closed_by_server() && served.closed_by_server() && trickling.closed_by_server();
  }));
  CHECK(Clock::now() - since < idle_seconds_max + 2s);
  CHECK(busy.ask(get) == answered);
}

TEST_CASE("the end of the server waits for what is in hand, and lets idle connections go") {
  EchoServer server(64, [] { std::this_thread::sleep_for(300ms); });
  RawClient idle(server.port());
  CHECK(idle.ask(get) == answered);
  std::atomic<int> answers{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&] {
      RawClient client(server.port());
      answers += client.ask(get) == answered ? 1 : 0;
    });
  }
  REQUIRE(eventually([&] { return server.requests() == 17; }));
  const auto began = Clock::now();
  server.stop();
  CHECK(Clock::now() - began < 3s);
  clients.clear();
  CHECK(answers == 16);
  CHECK(idle.answer().empty());
}

TEST_CASE("a request that throws costs its own connection, and nobody else anything") {
  std::atomic<bool> fails = false;
  EchoServer server(64, [&] {
    if (fails) {
      throw std::runtime_error("a bug");
    }
  });
  RawClient before(server.port());
  CHECK(before.ask(get) == answered);
  fails = true;
  RawClient unlucky(server.port());
  CHECK(unlucky.ask(get).empty());
  CHECK(unlucky.closed_by_server());
  fails = false;
  CHECK(before.ask(get) == answered);
  CHECK(eventually(
      [&] { return server.metrics().find("vsim_http_connections 1\n") != std::string::npos; }));
}

TEST_CASE("what was sent before the end is answered, also by a server that had not looked yet") {
  for (int round = 0; round < 20; ++round) {
    EchoServer server;
    const Crowd clients = crowd(server, 20);
    for (const auto& client : clients) {
      client->send(get);
    }
    server.stop();
    for (const auto& client : clients) {
      CHECK(client->answer() == answered);
    }
  }
}

}  // namespace
}  // namespace vsim::api
