#pragma once

// The client's side of TLS over a connected socket. The server's certificate must be issued by a
// trusted authority and name the host. Throws std::runtime_error.
// Threads: one.

#include <memory>
#include <string>
#include <string_view>

namespace harness {

struct TlsOptions {
  std::string authorities;         // a file: the authorities that are trusted
  std::string host = "127.0.0.1";  // the name that its certificate must have
  std::string version_max = {};    // "1.1" and so on; empty: the newest
};

class TlsStream {
 public:
  /// Does the handshake on the socket, which it does not own.
  TlsStream(int socket, const TlsOptions& options);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  void send(std::string_view bytes);
  /// Blocks until some bytes have arrived and gives their number; 0 at the end of the stream.
  std::size_t receive(char* into, std::size_t size);
  /// Whether the server has ended the connection. Does not block.
  bool ended();

  /// The common name in the server's certificate, and the protocol version, such as "TLSv1.3".
  std::string server_name() const;
  std::string version() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace harness
