#include "tests/benchmark/listeners.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "domain/decimal.h"

namespace vsim::bench {
namespace {

constexpr std::string_view id_field = "id: ";
constexpr std::size_t id_line_max = 32;

}  // namespace

Listeners::Listeners(const Target& target, std::size_t count)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), clients_(count) {
  const std::string request = http_request("GET", "/events", {}, "Accept: text/event-stream\r\n");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  ::inet_pton(AF_INET, target.host.c_str(), &address.sin_addr);
  for (std::size_t i = 0; i < count; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char first = 0;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0 ||
        ::recv(socket, &first, 1, 0) != 1) {
      ::close(socket);
      continue;
    }
    clients_[i].socket = socket;
    ++open_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Listeners::~Listeners() {
  end();
  for (const Client& client : clients_) {
    ::close(client.socket);
  }
  ::close(epoll_);
}

std::vector<Listeners::Arrival> Listeners::end() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  return std::move(arrivals_);
}

void Listeners::run(const std::stop_token& stop) {
  std::array<epoll_event, 256> events;
  while (!stop.stop_requested()) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      read(clients_[events[static_cast<std::size_t>(i)].data.u64]);
    }
  }
}

/// Of an event only its id is looked at, which stands in a line of its own.
void Listeners::read(Client& client) {
  thread_local std::array<char, 256 * 1024> bytes;
  const ssize_t count = ::recv(client.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count <= 0) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, client.socket, nullptr);
    --open_;
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  std::string_view rest(bytes.data(), static_cast<std::size_t>(count));
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (client.line.size() < id_line_max) {
      client.line += rest.substr(0, std::min(end, id_line_max));
    }
    if (end == std::string_view::npos) {
      return;
    }
    if (client.line.starts_with(id_field)) {
      const auto sequence = read_decimal(std::string_view(client.line).substr(id_field.size()));
      arrivals_.push_back({sequence.value_or(0), now});
    }
    client.line.clear();
    rest.remove_prefix(end + 1);
  }
}

}  // namespace vsim::bench
