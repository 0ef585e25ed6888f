#pragma once

// Load for chaos tests: clients that write continuously, each write with its own Idempotency-Key
// and X-Request-Id, and repeat a write under the same key until it is answered, whichever processes
// are killed meanwhile. Afterwards every answer is compared with the log.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/event_log.h"
#include "tests/harness/fleet.h"

namespace e2e {

/// A write and what its answer promised.
struct Write {
  std::string request_id;  // also its Idempotency-Key
  std::string server_id;   // empty: a create that did not tell it
  int status = 0;          // of the answer; 0: never answered
  std::string code;        // of a problem
  bool repeated = false;   // an earlier attempt got no answer, or a 5xx
  std::chrono::steady_clock::time_point begun = {};
  std::chrono::steady_clock::time_point ended = {};
};

/// What a storm and the checks after it need of a system. Any thread may call `writer`.
struct Target {
  std::function<harness::HttpClient()> writer;  // one for each client of the storm
  std::function<harness::HttpClient()> reader;  // for the checks
  NatsCli nats_cli;
  std::function<std::string()> database_url;
  std::function<void()> wait_until_ready;
};

Target target_of(harness::Fleet& fleet);

class Storm {
 public:
  /// Starts the clients. The same seed makes the same writes, as far as the answers are the same.
  Storm(Target target, std::uint64_t seed, std::size_t clients);
  Storm(harness::Fleet& fleet, std::uint64_t seed, std::size_t clients);
  ~Storm();
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  /// Writes answered so far.
  std::size_t answered() const { return answered_; }
  /// Waits until `count` more writes are answered; false when that takes longer.
  bool wait_for_more(std::size_t count,
                     std::chrono::seconds wait_max = std::chrono::seconds(60)) const;
  /// Stops the clients, each after the write in progress; returns all writes.
  std::vector<Write> finish();

 private:
  class Client;
  Target target_;
  std::atomic<std::size_t> answered_{0};
  std::mutex mutex_;
  std::vector<Write> writes_;
  std::vector<std::jthread> threads_;
};

/// Waits until the queue is empty and no transition is under way, then compares: every promise has
/// exactly one outcome in the log, versions have no gap, each server that is not terminated holds
/// one address and nobody else holds it, and the read model says the same. CHECKs of doctest.
void check_truth(const Target& target, const std::vector<Write>& writes);
void check_truth(harness::Fleet& fleet, const std::vector<Write>& writes);

}  // namespace e2e
