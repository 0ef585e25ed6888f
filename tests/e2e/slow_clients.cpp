#include "tests/e2e/slow_clients.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace harness {

SlowClient::SlowClient(std::uint16_t port, Slowness slowness)
    : slowness_(slowness), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("a slow client cannot connect");
  }
}

SlowClient::~SlowClient() {
  if (socket_ >= 0) {
    ::close(socket_);
  }
}

SlowClient::SlowClient(SlowClient&& other) noexcept
    : slowness_(other.slowness_),
      socket_(std::exchange(other.socket_, -1)),
      steps_(other.steps_),
      since_(other.since_),
      closed_(other.closed_),
      lasted_(other.lasted_),
      received_(std::move(other.received_)) {}

std::string SlowClient::next_bit() const {
  switch (slowness_) {
    case Slowness::silent:
      return {};
    case Slowness::header_by_header:
      return steps_ == 0 ? "GET /regions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         : "X-Header-" + std::to_string(steps_) + ": value\r\n";
    case Slowness::byte_by_byte:
      return steps_ == 0 ? "G" : steps_ == 1 ? "E" : steps_ == 2 ? "T" : steps_ == 3 ? " /" : "a";
    case Slowness::endless_body:
      return steps_ == 0 ? "POST /servers HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                           "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                         : "1\r\n \r\n";
  }
  return {};
}

void SlowClient::step() {
  if (closed_) {
    return;
  }
  const std::string bit = next_bit();
  send(socket_, bit.data(), bit.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ++steps_;
  receive();
}

void SlowClient::receive() {
  std::array<char, 4096> some;
  while (true) {
    const ssize_t count = recv(socket_, some.data(), some.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (count <= 0) {
      closed_ = true;
      lasted_ = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - since_);
      return;
    }
    received_.append(some.data(), static_cast<std::size_t>(count));
  }
}

std::vector<SlowClient> slow_clients(std::uint16_t port, Slowness slowness, std::size_t count) {
  std::vector<SlowClient> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.emplace_back(port, slowness);
  }
  return clients;
}

void step_all(std::vector<SlowClient>& clients) {
  for (SlowClient& client : clients) {
    client.step();
  }
}

}  // namespace harness
