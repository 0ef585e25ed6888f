#pragma once

// Clients of GET /events that read all they are sent, and note when each event came.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/load.h"

namespace vsim::bench {

class Listeners {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Arrival {
    std::uint64_t sequence = 0;
    Time at;
  };

  /// Connects them all and waits until each has the head of its answer; reads on a thread of its
  /// own from then on.
  Listeners(const Target& target, std::size_t count);
  ~Listeners();
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  /// Reads no more; all that came, of every client.
  std::vector<Arrival> end();
  std::size_t open() const { return open_; }

 private:
  struct Client {
    int socket = -1;
    std::string line;  // what has come of one
  };
  void run(const std::stop_token& stop);
  void read(Client& client);

  int epoll_ = -1;
  std::vector<Client> clients_;
  std::vector<Arrival> arrivals_;
  std::atomic<std::size_t> open_{0};
  std::jthread thread_;
};

}  // namespace vsim::bench
