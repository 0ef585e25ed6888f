#pragma once

// What a connection's bytes go through: the bare socket, or TLS over it. Never blocks in a system
// call for longer than its caller allows, whatever the socket's own settings are. D33

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace vsim::api {

/// Belongs to one thread at a time. Does not own the socket.
class Transport {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class State : std::uint8_t {
    some,  // at least one byte
    end,   // no more will come, or the connection is broken
    late   // nothing came in time; may be tried again
  };
  struct Received {
    State state;
    std::size_t bytes = 0;
  };

  explicit Transport(int socket) : socket_(socket) {}
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// The handshake before the first byte. Called once, before all else; waits for the client until
  /// `until`. False when it fails: the client has been sent the reason, where that is possible.
  virtual bool open(Time until) = 0;

  /// Waits for bytes until `until`, and takes those that are there without waiting for more.
  virtual Received receive(char* into, std::size_t size, Time until) = 0;

  /// Sends all bytes; false when the client has not taken them by `until`.
  virtual bool send(std::string_view bytes, Time until) = 0;

  /// Sends as much as can be sent without waiting, and gives how many bytes; nothing when the
  /// connection is broken. Where not all was sent, the rest must come first next time.
  virtual std::optional<std::size_t> offer(std::string_view bytes) = 0;

  /// Tells the client that nothing more will be sent; it may go on sending. Does not wait.
  virtual void end_sending() = 0;

  /// Whether receive() would give something, or the end, though the socket may not be readable. To
  /// be called before the caller waits for the socket by other means, such as epoll.
  virtual bool has_buffered() = 0;

  int socket() const { return socket_; }

 protected:
  /// Until the socket can be read from, or written to; false when that takes too long.
  bool wait_readable(Time until) const;
  bool wait_writable(Time until) const;

 private:
  int socket_;
};

/// The bytes as they are.
std::unique_ptr<Transport> make_plain_transport(int socket);

/// Whether the call on a socket that has just failed (errno) found nothing to do yet.
bool would_block();

}  // namespace vsim::api
