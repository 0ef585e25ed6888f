#include "tests/e2e/waiting_clients.h"

#include <sstream>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/servers.h"

using harness::describe;
using harness::HttpClient;

namespace e2e {
namespace {

template <typename Ask>
TimedAnswer timed(Ask&& ask) {
  const auto began = std::chrono::steady_clock::now();
  TimedAnswer timed;
  try {
    timed.answer = ask();
  } catch (const harness::Unreachable& error) {
    timed.answer.body = error.what();
  }
  timed.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  return timed;
}

void check_prompt(std::uint16_t port, const std::string& path) {
  const TimedAnswer probe = timed_get(port, path);
  CHECK_MESSAGE(probe.answer.status != 0, path, " ", probe.answer.body);
  CHECK_MESSAGE(probe.took < prompt_answer_max, path, " ", describe(probe.answer));
}

}  // namespace

TimedAnswer timed_get(std::uint16_t port, const std::string& path) {
  return timed([&] { return HttpClient(port).get(path); });
}

TimedAnswer timed_post(std::uint16_t port, const std::string& path, const std::string& body,
                       const harness::HttpHeaders& headers) {
  return timed([&] { return HttpClient(port).post(path, body, headers); });
}

TimedAnswer timed_stop(std::uint16_t port, const std::string& id,
                       const harness::HttpHeaders& headers) {
  return timed([&] {
    HttpClient client(port);
    return harness::act(client, id, "stop", headers);
  });
}

std::vector<TimedAnswer> timed_gets(std::uint16_t port, const std::string& path,
                                    std::size_t callers) {
  std::vector<TimedAnswer> answers(callers);
  std::vector<std::jthread> threads;
  for (TimedAnswer& answer : answers) {
    threads.emplace_back([&answer, port, &path] { answer = timed_get(port, path); });
  }
  threads.clear();
  return answers;
}

void check_unavailable_within(const TimedAnswer& timed, std::chrono::milliseconds most) {
  CHECK_MESSAGE(timed.answer.status == 503, describe(timed.answer));
  CHECK(timed.answer.code() == "unavailable");
  CHECK_FALSE(timed.answer.header("Retry-After").empty());
  CHECK_MESSAGE(timed.took < most, timed.took.count(), " ms: ", describe(timed.answer));
}

void check_probes_are_prompt(harness::Fleet& fleet) {
  for (const std::string path : {"/healthz", "/readyz", "/metrics"}) {
    check_prompt(fleet.api_port(), path);
    check_prompt(fleet.worker_port(), path);
  }
}

std::size_t threads_of(const harness::ChildProcess& process) {
  std::istringstream lines(
      harness::read_file("/proc/" + std::to_string(process.pid()) + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Threads:")) {
      return std::stoul(line.substr(8));
    }
  }
  return 0;
}

}  // namespace e2e
