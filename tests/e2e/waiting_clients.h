#pragma once

// Answers with how long they took, of one caller or of hundreds at once, while something that they
// depend on does not answer.

#include <chrono>
#include <string>
#include <vector>

#include "tests/harness/fleet.h"

namespace e2e {

/// "about 5 s" of a read or write whose dependency is silent, on a machine that is busy.
inline constexpr std::chrono::milliseconds silent_answer_max{8000};
/// "at once": what a probe waits for, and what a caller waits who comes during a known silence.
inline constexpr std::chrono::milliseconds prompt_answer_max{2500};

struct TimedAnswer {
  harness::HttpAnswer answer;
  std::chrono::milliseconds took{};
};

/// GET by a client of its own.
TimedAnswer timed_get(std::uint16_t port, const std::string& path);
TimedAnswer timed_post(std::uint16_t port, const std::string& path, const std::string& body,
                       const harness::HttpHeaders& headers = {});

/// Tells the server to stop.
TimedAnswer timed_stop(std::uint16_t port, const std::string& id,
                       const harness::HttpHeaders& headers = {});

/// So many callers at once, each with a connection of its own.
std::vector<TimedAnswer> timed_gets(std::uint16_t port, const std::string& path,
                                    std::size_t callers);

/// That it is 503 unavailable, says when to come again, and came in time.
void check_unavailable_within(const TimedAnswer& timed, std::chrono::milliseconds most);

/// That all three probes of the API and of the workers answer at once.
void check_probes_are_prompt(harness::Fleet& fleet);

/// Threads of a process, as the kernel counts them.
std::size_t threads_of(const harness::ChildProcess& process);

}  // namespace e2e
