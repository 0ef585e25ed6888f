#pragma once

// Sends raw bytes to the API and reads all answers until it closes the connection, so that a test
// sees how many requests the API has found in them. Threads: any.

#include <cstdint>
#include <string>
#include <vector>

namespace harness {

struct RawAnswers {
  std::string bytes;
  bool closed = false;  // by the API; false: the time limit ended the wait

  /// The statuses of the answers, 100 too, in their order.
  std::vector<int> statuses() const;
};

/// Sends the bytes and reads until the API closes the connection or has said nothing for
/// `silence_milliseconds`.
RawAnswers exchange_raw(std::uint16_t port, const std::string& bytes,
                        int silence_milliseconds = 10'000);

}  // namespace harness
