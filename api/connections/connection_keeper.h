#pragma once

// Which connections are open, and which of them have a thread. One thread accepts connections and
// watches those whose clients say nothing (epoll); one that has something to say is given a thread
// until it falls silent again. So a silent client costs a socket, and there is a limit on those.

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
#include "api/connections/transport.h"
#include "ops/process/address_range.h"

namespace vsim::api {

/// A client that has been silent for so long makes room for a new one when there is no other room.
inline constexpr std::chrono::seconds makes_room_after_seconds{1};
/// Clients for which there was no room, and who are let read why; for a second at most.
inline constexpr std::size_t leaving_max = 64;

/// One that is connected.
struct Client {
  Descriptor socket;
  std::optional<process::IpAddress> peer;
  std::unique_ptr<Transport> transport;                // made and opened by who serves it
  std::chrono::steady_clock::time_point silent_since;  // its last answer, or when it came
  bool leaving = false;                                // there was no room for it
  std::list<Client>::iterator place;                   // in the keeper's lists
};

class ConnectionKeeper {
 public:
  struct Options {
    std::size_t connections_max = 512;
    /// Called on a thread of its own when the client has sent something. True: it has fallen
    /// silent, `silent_since` is up to date; false: it is to be closed.
    std::function<bool(Client&)> serve;
    /// What a client reads for which there is no room; may be empty. Called when there is none.
    std::function<std::string()> refusal;
  };

  ConnectionKeeper(Descriptor listening, Options options);

  /// Accepts no more, closes what is silent, and returns when all that is in hand is answered. What
  /// has been sent before is still served; a client that is in the middle of sending is cut off.
  ~ConnectionKeeper();
  ConnectionKeeper(const ConnectionKeeper&) = delete;
  ConnectionKeeper& operator=(const ConnectionKeeper&) = delete;

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
