#include "tests/harness/gate.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness/loopback.h"

namespace harness {
namespace {

constexpr int look_interval_ms = 20;
constexpr int piece_interval_ms = 1;
constexpr std::size_t held_max = 256 * 1024;  // of one direction; then its sender waits

/// Does not wait: a server that is frozen accepts nothing.
template <typename Address>
int connect_to(int family, const Address& address) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EINPROGRESS) {
    return socket;
  }
  ::close(socket);
  return -1;
}

/// Closes it so that the peer sees a reset, not an end.
void reset(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

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
    ::close(passage.up.from);
    ::close(passage.up.to);
  }
  ::close(listener_);
}

void Gate::change(const Weather& weather) {
  const std::lock_guard lock(mutex_);
  weather_ = weather;
  if (!weather.swallows) {
    return;
  }
  for (Passage& passage : passages_) {
    passage.swallowed = true;
    for (Flow* flow : {&passage.up, &passage.down}) {
      flow->pieces.clear();
      flow->held = 0;
    }
  }
}

void Gate::carry() { change({}); }

void Gate::swallow(std::chrono::milliseconds noticed_after) {
  {
    const std::lock_guard lock(mutex_);
    noticed_after_ = noticed_after;
  }
  change({.swallows = true});
}

void Gate::refuse() { change({.refuses = true}); }
void Gate::stall() { change({.stalls = true}); }
void Gate::delay(std::chrono::milliseconds by) { change({.delay = by}); }
void Gate::slice(std::size_t bytes) { change({.slice = bytes}); }

void Gate::cut() {
  const std::lock_guard lock(mutex_);
  for (const Passage& passage : passages_) {
    reset(passage.up.from);
    reset(passage.up.to);
  }
  passages_.clear();
}

void Gate::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool somebody_comes = wait_for_bytes() != 0;
    const std::lock_guard lock(mutex_);
    if (!weather_.stalls) {
      std::erase_if(passages_, [this](Passage& passage) {
        take(passage, passage.up);
        take(passage, passage.down);
        return !goes_on(passage);
      });
    }
    if (somebody_comes) {
      accept_one();
    }
  }
}

/// Waits until there is something to do, for a moment at most; returns what the listener has.
int Gate::wait_for_bytes() {
  std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
  int wait_ms = look_interval_ms;
  {
    const std::lock_guard lock(mutex_);
    for (const Passage& passage : passages_) {
      for (const Flow* flow : {&passage.up, &passage.down}) {
        if (!weather_.stalls && !flow->pieces.empty()) {
          wait_ms = piece_interval_ms;
        }
        const bool takes = !weather_.stalls && !flow->ended && flow->held < held_max;
        waiting.push_back({takes ? flow->from : -1, POLLIN, 0});
      }
    }
  }
  ::poll(waiting.data(), waiting.size(), wait_ms);
  const std::lock_guard lock(mutex_);
  auto polled = waiting.begin() + 1;
  for (Passage& passage : passages_) {  // the same as before, or none after cut()
    passage.up.readable = (polled++)->revents != 0;
    passage.down.readable = (polled++)->revents != 0;
  }
  return waiting[0].revents;
}

void Gate::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) {
    return;
  }
  const int server = weather_.refuses ? -1 : connect_();
  if (server < 0) {
    reset(client);
    return;
  }
  passages_.push_back({weather_.swallows, {client, server}, {server, client}});
}

void Gate::take(Passage& passage, Flow& flow) {
  if (!flow.readable) {
    return;
  }
  char bytes[64 * 1024];
  const ssize_t got = ::recv(flow.from, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && would_block()) {
    return;
  }
  const std::size_t count = got > 0 ? static_cast<std::size_t>(got) : 0;
  flow.ended = count == 0;
  if (passage.swallowed) {
    return;
  }
  flow.pieces.push_back({Clock::now() + weather_.delay, std::string(bytes, count)});
  flow.held += count;
}

/// False when it is over, and its sockets are closed.
bool Gate::goes_on(Passage& passage) {
  if (passage.swallowed && (passage.up.ended || passage.down.ended) && !passage.noticed_at) {
    passage.noticed_at = Clock::now() + noticed_after_;
  }
  const bool lost = passage.noticed_at && *passage.noticed_at <= Clock::now();
  if (!lost && pass_on(passage.up) && pass_on(passage.down)) {
    return true;
  }
  for (const int socket : {passage.up.from, passage.up.to}) {
    lost ? reset(socket) : static_cast<void>(::close(socket));
  }
  return false;
}

/// False when the stream has come to its end.
bool Gate::pass_on(Flow& flow) {
  while (!flow.pieces.empty() && flow.pieces.front().due <= Clock::now()) {
    Piece& piece = flow.pieces.front();
    if (piece.bytes.empty()) {
      return false;
    }
    const std::size_t wanted =
        weather_.slice == 0 ? piece.bytes.size() : std::min(weather_.slice, piece.bytes.size());
    const ssize_t sent = ::send(flow.to, piece.bytes.data(), wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      return would_block();
    }
    const auto count = static_cast<std::size_t>(sent);
    flow.held -= count;
    if (count == piece.bytes.size()) {
      flow.pieces.pop_front();
    } else {
      piece.bytes.erase(0, count);
    }
    if (weather_.slice != 0) {
      return true;
    }
  }
  return true;
}

}  // namespace harness
