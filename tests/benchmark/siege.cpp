#include "tests/benchmark/siege.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds round{20};
constexpr std::chrono::milliseconds between_bits{100};
constexpr std::chrono::seconds before_reconnecting{1};

}  // namespace

Siege::Siege(const Target& target, const SiegeOptions& options) : target_(target) {
  for (std::size_t i = 0; i < options.idle; ++i) {
    clients_.push_back(
        {.kind = i % 2 == 0 ? Kind::mute : Kind::asks_once, .next_at = Clock::now()});
  }
  constexpr std::array slow{Kind::header_by_header, Kind::byte_by_byte, Kind::endless_body};
  for (std::size_t i = 0; i < options.slow; ++i) {
    clients_.push_back({.kind = slow[i % slow.size()], .next_at = Clock::now()});
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

SiegeResult Siege::lift() {
  thread_.request_stop();
  thread_.join();
  for (const Client& client : clients_) {
    if (client.socket >= 0) {
      ::close(client.socket);
    }
  }
  return result_;
}

void Siege::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    for (Client& client : clients_) {
      if (client.socket >= 0) {
        look(client);
      }
      if (client.next_at <= Clock::now()) {
        act(client);
      }
    }
    std::this_thread::sleep_for(round);
  }
}

void Siege::act(Client& client) {
  if (client.socket < 0) {
    connect(client);
  }
  const std::string bit = next_bit(client);
  if (!bit.empty() && client.socket >= 0) {
    ::send(client.socket, bit.data(), bit.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  ++client.steps;
  client.next_at = Clock::now() + between_bits;
}

void Siege::connect(Client& client) {
  client.steps = 0;
  client.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  ::inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr);
  if (::connect(client.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    ++result_.connected;
  }
}

/// Takes what has come, and the end.
void Siege::look(Client& client) {
  std::array<char, 4096> bytes;
  const ssize_t count = ::recv(client.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (count > 0) {
    const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
    result_.turned_away += text.substr(0, 12) == "HTTP/1.1 503" ? 1 : 0;
    return;
  }
  ::close(client.socket);
  client.socket = -1;
  client.next_at = Clock::now() + before_reconnecting;
  const bool idle = client.kind == Kind::mute || client.kind == Kind::asks_once;
  ++(idle ? result_.closed : result_.cut);
}

std::string Siege::next_bit(const Client& client) {
  const bool first = client.steps == 0;
  switch (client.kind) {
    case Kind::mute:
      return {};
    case Kind::asks_once:
      return first ? http_request("GET", "/healthz") : std::string();
    case Kind::header_by_header:
      return first ? "GET /regions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                   : "X-Header-" + std::to_string(client.steps) + ": value\r\n";
    case Kind::byte_by_byte:
      return first ? "GET /" : "a";
    case Kind::endless_body:
      return first ? "POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                   : "1\r\n \r\n";
  }
  return {};
}

}  // namespace vsim::bench
