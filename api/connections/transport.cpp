#include "api/connections/transport.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;

bool wait_for(int socket, short events, Transport::Time until) {
  pollfd waited{socket, events, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now()).count();
    const int ready = poll(&waited, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    if (ready > 0) {
      return true;
    }
    if (left <= 0 || (ready < 0 && errno != EINTR)) {
      return false;
    }
  }
}

class PlainTransport : public Transport {
 public:
  using Transport::Transport;

  bool open(Time) override { return true; }

  Received receive(char* into, std::size_t size, Time until) override {
    while (true) {
      const ssize_t count = recv(socket(), into, size, MSG_DONTWAIT);
      if (count > 0) {
        return {State::some, static_cast<std::size_t>(count)};
      }
      if (count == 0 || (errno != EINTR && !would_block())) {
        return {State::end};
      }
      if (would_block() && !wait_readable(until)) {
        return {State::late};
      }
    }
  }

  bool send(std::string_view bytes, Time until) override {
    while (!bytes.empty()) {
      const ssize_t count =
          ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno != EINTR && !(would_block() && wait_writable(until))) {
        return false;
      }
    }
    return true;
  }

  std::optional<std::size_t> offer(std::string_view bytes) override {
    ssize_t count = 0;
    do {
      count = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return would_block() ? std::optional<std::size_t>(0) : std::nullopt;
    }
    return static_cast<std::size_t>(count);
  }

  void end_sending() override { shutdown(socket(), SHUT_WR); }

  bool has_buffered() override { return false; }
};

}  // namespace

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

bool Transport::wait_readable(Time until) const { return wait_for(socket_, POLLIN, until); }
bool Transport::wait_writable(Time until) const { return wait_for(socket_, POLLOUT, until); }

std::unique_ptr<Transport> make_plain_transport(int socket) {
  return std::make_unique<PlainTransport>(socket);
}

}  // namespace vsim::api
