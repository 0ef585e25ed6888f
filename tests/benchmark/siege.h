#pragma once

// Clients that hold connections and want no answer: idle ones, and slow ones that never come to an
// end. Each connects again a second after it was closed.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/load.h"

namespace vsim::bench {

struct SiegeOptions {
  std::size_t idle = 1000;  // every other one asks once, then is silent
  std::size_t slow = 100;   // a third each: header by header, byte by byte, a body without end
};

/// What became of its connections. Read when the siege is over.
struct SiegeResult {
  std::size_t connected = 0;
  std::size_t turned_away = 0;  // answered 503
  std::size_t cut = 0;          // slow ones, closed by the server or turned away
  std::size_t closed = 0;       // idle ones, likewise
};

class Siege {
 public:
  /// Runs on a thread of its own until lifted.
  Siege(const Target& target, const SiegeOptions& options);

  SiegeResult lift();

 private:
  enum class Kind : std::uint8_t { mute, asks_once, header_by_header, byte_by_byte, endless_body };
  struct Client {
    Kind kind;
    int socket = -1;
    std::size_t steps = 0;
    std::chrono::steady_clock::time_point next_at;
  };
  void run(const std::stop_token& stop);
  void act(Client& client);
  void connect(Client& client);
  void look(Client& client);
  static std::string next_bit(const Client& client);

  Target target_;
  std::vector<Client> clients_;
  SiegeResult result_;
  std::jthread thread_;
};

}  // namespace vsim::bench
