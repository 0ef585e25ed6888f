#pragma once

// What a connection's bytes go through: the bare socket, or TLS over it. It never blocks in a
// system call for longer than its caller allows, whatever the socket's own settings are.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
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

  /// What has to be agreed upon before the first byte. Once, before all else; waits for the client.
  /// False when there is nobody to serve: the reason has been told to the client, where it can be.
  virtual bool open(Time until) = 0;

  /// Waits until `until` at most, and takes what is there without waiting for more.
  virtual Received receive(char* into, std::size_t size, Time until) = 0;

  /// All of it, waiting until `until` at most for the client to take it; false when it has not.
  virtual bool send(std::string_view bytes, Time until) = 0;

  /// Tells the client that nothing more will be sent; it may go on sending. Does not wait.
  virtual void end_sending() = 0;

  /// Whether receive() has something to give, or the end, though the socket need not be readable:
  /// to be asked before one waits for the socket by other means.
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

}  // namespace vsim::api
