#pragma once

// A closed-loop load generator: N keep-alive connections, each sends its next request as soon as
// its answer is there. One thread, epoll and plain sockets, because it shares the processors with
// what it measures. A workload says what to send and looks at the answers.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/benchmark/samples.h"

namespace vsim::bench {

struct Target {
  std::string host;  // an IPv4 address
  std::uint16_t port = 0;
};

/// Valid during Workload::answered only.
struct Answer {
  int status = 0;
  std::string_view head;  // status line and headers
  std::string_view body;
  /// A header's value; the name as the server spells it, in lower or upper case.
  std::string_view header(std::string_view name) const;
};

/// What a group of clients does. Called from the generator's one thread.
class Workload {
 public:
  virtual ~Workload() = default;
  /// Writes the client's next request; false: it has nothing more to do.
  virtual bool next(std::size_t client, std::string& bytes) = 0;
  /// Looks at the answer to that request. Gives the name under which its latency counts, or, when
  /// the answer is not what was expected, an empty name and the error that counts instead.
  virtual std::string_view answered(std::size_t client, const Answer& answer,
                                    std::string& error) = 0;
};

struct Group {
  Workload* workload = nullptr;
  std::size_t clients = 1;
};

/// The answers that count under one name.
struct Series {
  Samples samples;
  double seconds = 0;  // from the start of all until the last of these answers

  double per_second() const;
};

struct LoadResult {
  std::map<std::string, Series, std::less<>> series;  // by name
  std::map<std::string, std::size_t> errors;          // by text
  double seconds = 0;                                 // until the last answer
  double seconds_to_outcome = 0;  // until all accepted writes had their outcome, if waited for

  double per_second(const std::string& name) const;  // 0 without answers
};

/// Runs all groups at once for `duration`, then waits for the answers under way.
LoadResult run_load(const Target& target, const std::vector<Group>& groups,
                    std::chrono::milliseconds duration);

/// A whole request. An empty body is left out, with its headers.
std::string http_request(std::string_view method, std::string_view path, std::string_view body = {},
                         std::string_view more_headers = {});

}  // namespace vsim::bench
