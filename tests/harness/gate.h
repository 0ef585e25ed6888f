#pragma once

// A door between a client and a server, on a port of loopback: it carries bytes both ways, or
// swallows them, as a network does that has lost a host: no end, no error, no answer. The kernels
// on both sides acknowledge everything.

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace harness {

/// Any thread.
class Gate {
 public:
  /// To a Unix socket, or to a port of loopback. Throws std::runtime_error.
  explicit Gate(const std::string& unix_socket);
  explicit Gate(std::uint16_t port);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  std::uint16_t port() const { return port_; }

  /// Connections that exist, and those that are made meanwhile, carry nothing more, for ever.
  void swallow();
  /// Connections that are made from now on are carried.
  void carry();

 private:
  struct Passage {
    int client;
    int server;
    bool swallowed;
  };
  void listen();
  void run(const std::stop_token& stop);
  void accept_one();
  void move(std::size_t index);

  std::function<int()> connect_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  bool swallows_ = false;
  std::vector<Passage> passages_;
  std::jthread thread_;
};

}  // namespace harness
