#pragma once

// Clients that connect and then send nothing, or never finish a request. A server that gives each
// connection a thread for as long as it lasts runs out of threads with them.
// Threads: one.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace harness {

enum class Slowness : std::uint8_t {
  silent,            // connects and sends nothing
  header_by_header,  // a whole header now and then, for ever
  byte_by_byte,      // of the request line
  endless_body       // chunk after chunk
};

class SlowClient {
 public:
  SlowClient(std::uint16_t port, Slowness slowness);
  ~SlowClient();
  SlowClient(SlowClient&& other) noexcept;
  SlowClient& operator=(SlowClient&&) = delete;

  /// Sends the next part and reads what has arrived; does not block.
  void step();

  bool closed() const { return closed_; }                       // by the server
  std::chrono::milliseconds lasted() const { return lasted_; }  // when closed
  const std::string& received() const { return received_; }

 private:
  std::string next_bit() const;
  void receive();

  Slowness slowness_;
  int socket_ = -1;
  std::size_t steps_ = 0;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  bool closed_ = false;
  std::chrono::milliseconds lasted_{0};
  std::string received_;
};

std::vector<SlowClient> slow_clients(std::uint16_t port, Slowness slowness, std::size_t count);

/// One step of each.
void step_all(std::vector<SlowClient>& clients);

}  // namespace harness
