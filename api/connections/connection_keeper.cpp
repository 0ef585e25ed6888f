#include "api/connections/connection_keeper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "api/connections/transport.h"
#include "ops/process/last_words.h"
#include "ops/telemetry/log.h"

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::chrono::seconds leaving_seconds_max{1};
constexpr int accepted_at_once_max = 64;  // then connections that are open get their turn
constexpr std::chrono::milliseconds pause_without_descriptors{10};
constexpr std::uint32_t heard = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
constexpr std::uint32_t heard_of_the_leaving = EPOLLRDHUP | EPOLLONESHOT;

enum class Waiting : std::uint8_t { bytes, nothing, end };

/// What is to be read from the socket.
Waiting waiting_at(int socket) {
  char byte = 0;
  const ssize_t count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) {
    return Waiting::bytes;
  }
  const bool none = count < 0 && (would_block() || errno == EINTR);
  return none ? Waiting::nothing : Waiting::end;
}

bool has_sent(int socket) { return waiting_at(socket) == Waiting::bytes; }

epoll_event event_of(std::uint32_t events, void* about) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = about;
  return event;
}

}  // namespace

ConnectionKeeper::ConnectionKeeper(Descriptor listening, Options options)
    : options_(std::move(options)),
      listening_(std::move(listening)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event connections = event_of(EPOLLIN, &listening_);
  epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, listening_.number(), &connections);
  epoll_event wake = event_of(EPOLLIN, &wake_);
  epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, wake_.number(), &wake);
  thread_ = std::thread([this] { run(); });
}

ConnectionKeeper::~ConnectionKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_.number(), 1);
  thread_.join();
  threads_.shutdown();
}

OpenConnection ConnectionKeeper::release(Client& client) {
  watch(client, EPOLL_CTL_DEL, 0);
  const std::lock_guard lock(mutex_);  // drain() looks at the sockets in hand
  return {std::move(client.socket), std::move(client.transport)};
}

std::size_t ConnectionKeeper::open() const {
  const std::lock_guard lock(mutex_);
  return parked_.size() + in_hand_.size();
}

void ConnectionKeeper::run() {
  while (!stopping_) {
    wait_for_events();
    close_silent();
  }
  drain();
}

/// New connections come last: to make room for them, clients may be closed that earlier events of
/// the same batch are about.
void ConnectionKeeper::wait_for_events() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()),
                               milliseconds_to_next_end());
  bool someone_connects = false;
  for (int i = 0; i < count; ++i) {
    void* const about = events[static_cast<std::size_t>(i)].data.ptr;
    if (about == &listening_) {
      someone_connects = true;
    } else if (about != &wake_) {
      hear(*static_cast<Client*>(about));
    }
  }
  if (someone_connects) {
    accept_all();
  }
}

void ConnectionKeeper::accept_all() {
  for (int i = 0; i < accepted_at_once_max; ++i) {
    sockaddr_storage address{};
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    Descriptor socket(accept4(listening_.number(), generic, &size, SOCK_CLOEXEC));
    if (socket.is_open()) {
      const int yes = 1;
      setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      take(std::move(socket), process::IpAddress::of(*generic));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      log::error("no connection can be accepted", {{"error", std::strerror(errno)}});
      std::this_thread::sleep_for(pause_without_descriptors);  // epoll reports it again at once
    }
    if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void ConnectionKeeper::take(Descriptor socket, const std::optional<process::IpAddress>& peer) {
  if (open() >= options_.connections_max && !make_room()) {
    turn_away(std::move(socket));
    return;
  }
  const std::lock_guard lock(mutex_);
  Client& client = parked_.emplace_back();
  client.socket = std::move(socket);
  client.peer = peer;
  client.silent_since = Steady::now();
  client.place = std::prev(parked_.end());
  watch(client, EPOLL_CTL_ADD, heard);
}

/// Keeps the socket for a moment: closed at once, with its request unread, the connection would be
/// reset and the answer lost.
void ConnectionKeeper::turn_away(Descriptor socket) {
  const std::string text = options_.refusal();
  if (text.empty()) {
    return;
  }
  send(socket.number(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  shutdown(socket.number(), SHUT_WR);
  if (leaving_.size() >= leaving_max) {
    leaving_.pop_front();
  }
  Client& client = leaving_.emplace_back();
  client.socket = std::move(socket);
  client.silent_since = Steady::now();
  client.leaving = true;
  client.place = std::prev(leaving_.end());
  watch(client, EPOLL_CTL_ADD, heard_of_the_leaving);
}

/// A connection that epoll cannot watch is closed with the idle ones in time.
void ConnectionKeeper::watch(Client& client, int operation, std::uint32_t events) const {
  epoll_event event = event_of(events, &client);
  epoll_ctl(epoll_.number(), operation, client.socket.number(), &event);
}

void ConnectionKeeper::hear(Client& client) {
  if (client.leaving) {
    leaving_.erase(client.place);
    return;
  }
  const Waiting waiting = waiting_at(client.socket.number());
  if (waiting == Waiting::nothing) {
    watch(client, EPOLL_CTL_MOD, heard);
  } else {
    hand_over_or_close(client.place, waiting == Waiting::bytes);
  }
}

void ConnectionKeeper::hand_over_or_close(Place place, bool has_sent) {
  if (!has_sent) {
    close(parked_, place);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    in_hand_.splice(in_hand_.end(), parked_, place);
  }
  threads_.run_soon([this, place] { serve(place); });
}

void ConnectionKeeper::close(Clients& from, Place place) {
  Clients closed;
  {
    const std::lock_guard lock(mutex_);
    closed.splice(closed.end(), from, place);
  }
  if (place->transport) {
    place->transport->end_sending();
  }
}

/// Catches what `serve` throws: a bug, which closes this connection and no other.
bool ConnectionKeeper::serve_guarded(Client& client) {
  try {
    return options_.serve(client);
  } catch (...) {
    log::error("a connection failed: a bug; it is closed", {{"error", process::what_was_thrown()}});
    return false;
  }
}

void ConnectionKeeper::serve(Place place) {
  do {
    if (!serve_guarded(*place)) {
      close(in_hand_, place);
      return;
    }
  } while (!park(place));
}

/// Puts an idle connection back under watch. False when it is to be served once more instead: the
/// keeper stops, and the client has sent something.
bool ConnectionKeeper::park(Place place) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      // Nearly always at the end: only connections that woke up and sent no request are older.
      auto next = parked_.end();
      while (next != parked_.begin() && std::prev(next)->silent_since > place->silent_since) {
        --next;
      }
      parked_.splice(next, in_hand_, place);
      watch(*place, EPOLL_CTL_MOD, heard);  // from now on it may be woken, and served
      return true;
    }
  }
  if (has_sent(place->socket.number())) {
    return false;
  }
  close(in_hand_, place);
  return true;
}

void ConnectionKeeper::close_silent() {
  const auto now = Steady::now();
  const auto longest_silent = [&]() -> std::optional<Place> {
    const std::lock_guard lock(mutex_);
    const bool over = !parked_.empty() && parked_.front().silent_since + idle_seconds_max <= now;
    return over ? std::optional(parked_.begin()) : std::nullopt;
  };
  for (auto place = longest_silent(); place; place = longest_silent()) {
    hand_over_or_close(*place, has_sent((*place)->socket.number()));
  }
  while (!leaving_.empty() && leaving_.front().silent_since + leaving_seconds_max <= now) {
    leaving_.pop_front();
  }
}

/// Closes the connection that has been idle for longest. Only the keeper's own thread takes out of
/// `parked_`, so a place found there stays valid without the lock.
bool ConnectionKeeper::make_room() {
  const auto now = Steady::now();
  std::optional<Place> found;
  {
    const std::lock_guard lock(mutex_);
    for (auto place = parked_.begin();
         place != parked_.end() && place->silent_since + makes_room_after_seconds <= now; ++place) {
      if (!has_sent(place->socket.number())) {
        found = place;
        break;
      }
    }
  }
  if (found) {
    close(parked_, *found);
  }
  return found.has_value();
}

/// At the stop: serves what clients have sent, and closes the other connections.
void ConnectionKeeper::drain() {
  accept_all();
  listening_ = Descriptor();
  leaving_.clear();
  const auto next = [&]() -> std::optional<Place> {
    const std::lock_guard lock(mutex_);
    return parked_.empty() ? std::nullopt : std::optional(parked_.begin());
  };
  for (auto place = next(); place; place = next()) {
    hand_over_or_close(*place, has_sent((*place)->socket.number()));
  }
  const std::lock_guard lock(mutex_);
  for (const Client& client : in_hand_) {
    shutdown(client.socket.number(), SHUT_RD);  // what has come can still be read
  }
}

int ConnectionKeeper::milliseconds_to_next_end() const {
  auto end = Steady::now() + 1s;  // a connection that becomes idle meanwhile stays for longer
  if (!leaving_.empty()) {
    end = std::min(end, leaving_.front().silent_since + leaving_seconds_max);
  }
  const std::lock_guard lock(mutex_);
  if (!parked_.empty()) {
    end = std::min(end, parked_.front().silent_since + idle_seconds_max);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace vsim::api
