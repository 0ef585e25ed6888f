#pragma once

// Which connections are open, and which of them have a thread. One thread accepts connections and
// watches the idle ones by epoll; a connection on which bytes have arrived is given a thread until
// it is idle again. So an idle client costs a socket, and the number of those is bounded. D37

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "api/connections/connection.h"
#include "api/connections/connection_threads.h"
#include "api/connections/listening_socket.h"
#include "api/connections/open_connection.h"
#include "api/connections/transport.h"
#include "ops/process/address_range.h"

namespace vsim::api {

/// A client that has been idle for so long may be closed to make room for a new one.
inline constexpr std::chrono::seconds makes_room_after_seconds{1};
/// Clients that were refused for want of room and may still read why; for a second at most.
inline constexpr std::size_t leaving_max = 64;

/// An open connection, from its acceptance until it is closed.
struct Client {
  Descriptor socket;
  std::optional<process::IpAddress> peer;
  std::unique_ptr<Transport> transport;                // made and opened by Options::serve
  std::chrono::steady_clock::time_point silent_since;  // its last answer, or when it came
  bool leaving = false;                                // refused: there was no room for it
  std::list<Client>::iterator place;                   // in the keeper's lists
};

/// Any thread. Owns the sockets.
class ConnectionKeeper {
 public:
  struct Options {
    std::size_t connections_max = 512;
    /// Called on a thread of its own when the client has sent something; may block. True: the
    /// client is idle, and `silent_since` is up to date; false: it is to be closed.
    std::function<bool(Client&)> serve;
    /// The answer to a client that is refused for want of room; may be empty. Must not block.
    std::function<std::string()> refusal;
  };

  ConnectionKeeper(Descriptor listening, Options options);

  /// Accepts no more, closes idle connections, and returns when all requests in hand are answered.
  /// Requests that have arrived whole are still served; one that is half sent is cut off.
  ~ConnectionKeeper();
  ConnectionKeeper(const ConnectionKeeper&) = delete;
  ConnectionKeeper& operator=(const ConnectionKeeper&) = delete;

  /// Takes the connection out of the keeper's hands. Only `serve` may, for the client that it is
  /// given, and must say then that it is to be closed.
  OpenConnection release(Client& client);

  /// Any thread.
  bool stopping() const { return stopping_; }
  std::size_t open() const;

 private:
  using Clients = std::list<Client>;  // they keep their places in memory for life
  using Place = Clients::iterator;

  void run();
  void wait_for_events();
  void accept_all();
  void take(Descriptor socket, const std::optional<process::IpAddress>& peer);
  void turn_away(Descriptor socket);
  void hear(Client& client);
  void close_silent();
  bool make_room();
  void drain();
  void hand_over_or_close(Place place, bool has_sent);
  void serve(Place place);
  bool serve_guarded(Client& client);
  bool park(Place place);
  void close(Clients& from, Place place);
  void watch(Client& client, int operation, std::uint32_t events) const;
  int milliseconds_to_next_end() const;

  Options options_;
  Descriptor listening_;
  Descriptor epoll_;
  Descriptor wake_;
  Clients leaving_;
  mutable std::mutex mutex_;  // of the next two
  Clients parked_;            // the longest silent first
  Clients in_hand_;
  std::atomic<bool> stopping_{false};
  ConnectionThreads threads_;
  std::thread thread_;
};

}  // namespace vsim::api
