#include "tests/harness/gate.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace harness {
namespace {

constexpr int look_interval_ms = 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

template <typename Address>
int connect_to(int family, const Address& address) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

}  // namespace

Gate::Gate(const std::string& unix_socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, unix_socket.c_str(), sizeof address.sun_path - 1);
  connect_ = [address] { return connect_to(AF_UNIX, address); };
  listen();
}

Gate::Gate(std::uint16_t port) {
  connect_ = [port] { return connect_to(AF_INET, loopback(port)); };
  listen();
}

void Gate::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 512) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("the gate cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Gate::~Gate() {
  thread_.request_stop();
  thread_.join();
  for (const Passage& passage : passages_) {
    ::close(passage.client);
    ::close(passage.server);
  }
  ::close(listener_);
}

void Gate::swallow() {
  const std::lock_guard lock(mutex_);
  swallows_ = true;
  for (Passage& passage : passages_) {
    passage.swallowed = true;
  }
}

void Gate::carry() {
  const std::lock_guard lock(mutex_);
  swallows_ = false;
}

void Gate::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
    for (const Passage& passage : passages_) {
      waiting.push_back({passage.client, POLLIN, 0});
      waiting.push_back({passage.server, POLLIN, 0});
    }
    if (::poll(waiting.data(), waiting.size(), look_interval_ms) <= 0) {
      continue;
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = passages_.size(); i-- > 0;) {
      if ((waiting[2 * i + 1].revents | waiting[2 * i + 2].revents) != 0) {
        move(i);
      }
    }
    if (waiting[0].revents != 0) {
      accept_one();
    }
  }
}

void Gate::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const int server = client < 0 ? -1 : connect_();
  if (server < 0) {
    ::close(client);
    return;
  }
  passages_.push_back({client, server, swallows_});
}

/// What can be read on either side goes to the other one, or nowhere.
void Gate::move(std::size_t index) {
  const Passage passage = passages_[index];
  for (const auto& [from, to] :
       {std::pair(passage.client, passage.server), std::pair(passage.server, passage.client)}) {
    char bytes[64 * 1024];
    const ssize_t got = ::recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) {
      continue;
    }
    const bool ends =
        got == 0 ||
        (!passage.swallowed && ::send(to, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0);
    if (!ends) {
      continue;
    }
    ::close(passage.client);
    ::close(passage.server);
    passages_.erase(passages_.begin() + static_cast<std::ptrdiff_t>(index));
    return;
  }
}

}  // namespace harness
