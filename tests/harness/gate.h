#pragma once

// A proxy between a client and a server, on a loopback port. It forwards bytes both ways, or does
// to them what networks do: refuses, cuts, stalls, delays, slices, or drops them as one does that
// has lost a host: then the connection neither ends nor fails, and nothing is answered. The kernels
// on both sides acknowledge what they receive.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
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

  /// Forwards all bytes as they come, but those of connections that were swallowed.
  void carry();
  /// Drops all bytes of connections that exist or are made before the next carry(), for ever. The
  /// end of one side is dropped too: the other is reset after that time, as by a kernel whose
  /// keepalives nobody answers (5 s idle and 3 of 3 s, as vsim sets them).
  void swallow(std::chrono::milliseconds noticed_after = std::chrono::seconds(14));
  /// Resets each new connection before the next carry(). Those that exist go on.
  void refuse();
  /// Resets all connections that exist. New ones are as before.
  void cut();
  /// Keeps all bytes, also those of new connections, until the next carry(). None is lost.
  void stall();
  /// Each byte arrives later by this, until the next carry().
  void delay(std::chrono::milliseconds by);
  /// Bytes arrive in pieces of at most this size, one each millisecond, until the next carry().
  void slice(std::size_t bytes);

 private:
  using Clock = std::chrono::steady_clock;
  struct Piece {
    Clock::time_point due;
    std::string bytes;  // none: the end of the stream
  };
  struct Flow {
    int from;
    int to;
    std::deque<Piece> pieces = {};
    std::size_t held = 0;  // bytes in them
    bool readable = false;
    bool ended = false;  // its sender says no more
  };
  struct Passage {
    bool swallowed;
    Flow up;
    Flow down;
    std::optional<Clock::time_point> noticed_at = {};  // that one side of a swallowed one has gone
  };
  struct Weather {
    bool swallows = false;
    bool refuses = false;
    bool stalls = false;
    std::chrono::milliseconds delay{0};
    std::size_t slice = 0;  // 0: whole
  };
  void listen();
  void run(const std::stop_token& stop);
  int wait_for_bytes();
  void accept_one();
  void take(Passage& passage, Flow& flow);
  bool goes_on(Passage& passage);
  bool pass_on(Flow& flow);
  void change(const Weather& weather);

  std::function<int()> connect_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  Weather weather_;
  std::chrono::milliseconds noticed_after_{0};
  std::vector<Passage> passages_;
  std::jthread thread_;
};

}  // namespace harness
