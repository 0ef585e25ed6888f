#pragma once

// Faults as data: a theme file says which befall a system, how often and for how long; a seed draws
// them from it. The same seed and file give the same faults. README.md says what each member
// means. D86

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace chaos {

using Milliseconds = std::chrono::milliseconds;

struct Range {
  double from = 0;
  double to = 0;
};

/// A kind of fault, with those whom it may strike.
struct Kind {
  std::string name;               // kill, stop, link, clock or expire
  double weight = 1;              // beside the other kinds
  std::vector<std::string> whom;  // parts or links, such as worker-1 or api-broker
  std::vector<std::string> how;   // of links: refuse, cut, stall, swallow, delay, slice
  Range seconds;                  // how long it lasts; for kill, until the part is started again
  Range amount;                   // milliseconds of a delay, bytes of a slice, seconds of a clock
};

struct Theme {
  std::string name;
  bool tls = false;            // callers, broker and Postgres, by certificates
  std::size_t clients = 8;     // that write
  int ack_wait_seconds = 2;    // after which the broker delivers again what was not acked
  double episode_seconds = 4;  // within which faults begin; then the system must recover
  std::size_t faults_max = 4;  // of an episode, beside each other and one after the other
  std::vector<Kind> kinds;
};

/// A file of this folder, by its path. Throws with the reason when a member is missing or unknown.
Theme read_theme(const std::string& path);

struct Fault {
  Milliseconds begins{0};  // since the episode began
  Milliseconds lasts{0};
  std::string kind;
  std::string whom;
  std::string how;
  double amount = 0;
};

/// The faults of one episode in the order of their beginning; no two of them strike the same part
/// or link at the same time.
std::vector<Fault> draw_episode(const Theme& theme, std::mt19937_64& dice);

/// Such as "1.250 s: link api-broker stall for 2.000 s".
std::string describe(const Fault& fault);

}  // namespace chaos
