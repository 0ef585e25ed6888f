#pragma once

// The inside of this folder: a limit for waits inside of libpq, which has none of its own once it
// is connected. What takes too long is ended by shutting the connection down: libpq then reads the
// end of the stream, and fails as it does when a server goes away. // D44

#include <atomic>
#include <chrono>
#include <cstdint>

namespace vsim::read_model {

/// Watches one socket. One thread uses it at a time; any may ask cut(). A wait costs no system
/// call: one thread of the process looks at all watches ten times a second.
class SocketWatch {
 public:
  /// Holds a descriptor of its own, so that a number which libpq has given back cannot be meant.
  /// A negative `socket` is never cut. Throws std::system_error when no descriptor is to be had.
  explicit SocketWatch(int socket);
  ~SocketWatch();
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  /// A wait that may last so long from now; again, to prolong it.
  void begin(std::chrono::milliseconds limit);
  /// Prolongs a wait; nothing happens when there is none any more. Any thread.
  void prolong(std::chrono::milliseconds limit);
  void end();

  /// Whether a wait was too long: the connection is of no use any more.
  bool cut() const { return moment_.load() == cut_off; }

 private:
  friend class Watchers;
  static constexpr std::int64_t no_wait = 0;
  static constexpr std::int64_t cut_off = -1;

  void look(std::int64_t now);  // by the watching thread

  int socket_;
  std::atomic<std::int64_t> moment_{no_wait};  // at which the wait has been too long; steady ns
};

/// Whether end_waits_within() has come to its moment.
bool waits_are_over();

}  // namespace vsim::read_model
