#pragma once

// Requests of one caller or of hundreds at once, with the time that each answer took, while a
// dependency of the API does not answer.

#include <chrono>
#include <string>
#include <vector>

#include "tests/harness/fleet.h"

namespace e2e {

/// "about 5 s" of a read or write whose dependency is silent, on a machine that is busy.
inline constexpr std::chrono::milliseconds silent_answer_max{8000};
/// "at once": for probes, and for requests made while a dependency is known to be silent.
inline constexpr std::chrono::milliseconds prompt_answer_max{2500};

struct TimedAnswer {
  harness::HttpAnswer answer;
  std::chrono::milliseconds took{};
};

/// GET with a new client.
TimedAnswer timed_get(std::uint16_t port, const std::string& path);
TimedAnswer timed_post(std::uint16_t port, const std::string& path, const std::string& body,
                       const harness::HttpHeaders& headers = {});

/// Tells the server to stop.
TimedAnswer timed_stop(std::uint16_t port, const std::string& id,
                       const harness::HttpHeaders& headers = {});

/// That many callers at once, each with its own connection.
std::vector<TimedAnswer> timed_gets(std::uint16_t port, const std::string& path,
                                    std::size_t callers);

/// Checks that it is 503 unavailable, says when to try again, and came in time.
void check_unavailable_within(const TimedAnswer& timed, std::chrono::milliseconds most);

/// Checks that all three probes of the API and of the workers answer at once.
void check_probes_are_prompt(harness::Fleet& fleet);

/// Threads of a process, as the kernel counts them.
std::size_t threads_of(const harness::ChildProcess& process);

}  // namespace e2e
