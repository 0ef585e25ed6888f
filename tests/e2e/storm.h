#pragma once

// Load for chaos tests: clients that write without end, each write under an Idempotency-Key and an
// X-Request-Id of its own, and that repeat a write under the same key until it is answered,
// whatever dies meanwhile. Afterwards every answer is held against the log.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/harness/fleet.h"

namespace e2e {

/// A write and what was promised of it.
struct Write {
  std::string request_id;  // also its Idempotency-Key
  std::string server_id;   // empty: a create that did not tell it
  int status = 0;          // of the answer; 0: never answered
  std::string code;        // of a problem
  bool repeated = false;   // an earlier attempt got no answer, or a 5xx
};

class Storm {
 public:
  /// Starts the clients. The same seed makes the same writes, as far as the answers are the same.
  Storm(harness::Fleet& fleet, std::uint64_t seed, std::size_t clients);
  ~Storm();
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  /// Writes answered so far.
  std::size_t answered() const { return answered_; }
  /// Waits until `count` more writes are answered; false when that takes longer than a minute.
  bool wait_for_more(std::size_t count) const;
  /// Ends the clients, each after its write under way; all that was written.
  std::vector<Write> finish();

 private:
  class Client;
  harness::Fleet& fleet_;
  std::atomic<std::size_t> answered_{0};
  std::mutex mutex_;
  std::vector<Write> writes_;
  std::vector<std::jthread> threads_;
};

/// Waits until the queue is empty and no transition is under way, then compares: every promise has
/// exactly one outcome in the log, versions have no gap, each server that is not terminated holds
/// one address and nobody else holds it, and the read model says the same. CHECKs of doctest.
void check_truth(harness::Fleet& fleet, const std::vector<Write>& writes);

}  // namespace e2e
