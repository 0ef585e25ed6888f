#pragma once

// The DevTools protocol over two pipes: JSON messages with a zero byte behind each. A pipe needs no
// port that somebody else could take or talk to. Threads: one.

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/harness/json.h"

namespace browser {

/// The browser said no, or nothing within the time.
struct BrowserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class DevTools {
 public:
  /// Takes both descriptors over.
  DevTools(int to_browser, int from_browser) : to_(to_browser), from_(from_browser) {}
  ~DevTools();
  DevTools(const DevTools&) = delete;
  DevTools& operator=(const DevTools&) = delete;

  /// Sends a command with its parameters as JSON and waits for its result; what happens meanwhile
  /// is kept as events.
  harness::Json call(const std::string& method, const std::string& parameters = "{}");

  /// From now on commands go to this session (of a page), not to the browser.
  void attach(const std::string& session) { session_ = session; }

  /// The events that came with the calls so far, each given once.
  std::vector<harness::Json> take_events();

 private:
  void send(const std::string& message);
  /// The next message; `method` is the command that waits for it.
  harness::Json receive(const std::string& method, std::chrono::steady_clock::time_point give_up);

  int to_;
  int from_;
  std::int64_t last_id_ = 0;
  std::string session_;
  std::string received_;
  std::vector<harness::Json> events_;
};

}  // namespace browser
