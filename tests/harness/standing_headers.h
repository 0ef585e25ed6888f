#pragma once

// Headers that are added to every request of every HttpClient in this process: for systems that ask
// for a key, so that tests need not know of it. Threads: construct and destroy it while no other
// thread has a client.

#include "tests/harness/http_client.h"

namespace harness {

class StandingHeaders {
 public:
  /// For as long as this lives. One at a time.
  explicit StandingHeaders(HttpHeaders headers);
  ~StandingHeaders();
  StandingHeaders(const StandingHeaders&) = delete;
  StandingHeaders& operator=(const StandingHeaders&) = delete;

  static const HttpHeaders& current();
};

}  // namespace harness
