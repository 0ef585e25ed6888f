// Goal: a process that an exception ends says in its log why.
// Method: a forked process throws where nobody catches; its exit and its stderr are read.

#include "ops/process/last_words.h"

#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops/telemetry/log.h"

namespace vsim::process {
namespace {

struct End {
  int status = 0;
  std::string said;  // on stderr
};

End run_in_a_process(const std::function<void()>& body) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);  // the test runner's own handler would speak
    log::set_up("vsim-test", log::Level::info, log::Format::json);
    leave_last_words();
    body();
    _exit(0);
  }
  close(ends[1]);
  End end;
  char part[512];
  for (auto count = read(ends[0], part, sizeof part); count > 0;
       count = read(ends[0], part, sizeof part)) {
    end.said.append(part, static_cast<std::size_t>(count));
  }
  close(ends[0]);
  REQUIRE(waitpid(child, &end.status, 0) == child);
  return end;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_told(const End& end, const std::string& reason) {
  CAPTURE(end.said);
  CHECK(WIFSIGNALED(end.status));
  CHECK(WTERMSIG(end.status) == SIGABRT);
  CHECK(holds(end.said, R"("level":"error")"));
  CHECK(holds(end.said, "\"reason\":\"" + reason + "\""));
  CHECK(end.said.find('\n') == end.said.size() - 1);  // one line
}

struct NoException {};

[[gnu::noinline]] void fail_here() { throw std::logic_error("here"); }

TEST_CASE("an exception that leaves a thread's body is logged before the process ends") {
  const End end = run_in_a_process([] {
    std::jthread([] {
      name_thread("billing");
      throw std::runtime_error("no\nsuch place");
    });
  });
  check_told(end, "no\\nsuch place");
  CHECK(holds(end.said, R"("type":"std::runtime_error")"));
  CHECK(holds(end.said, R"("thread":"billing")"));
}

TEST_CASE("so is one of no standard type, one that leaves a noexcept function, and none at all") {
  check_told(run_in_a_process([] { std::jthread([] { throw NoException(); }); }),
             "no std::exception");
  check_told(run_in_a_process([] { []() noexcept { fail_here(); }(); }), "here");
  check_told(run_in_a_process([] { std::terminate(); }), "std::terminate was called");
}

TEST_CASE("a thread's name is cut where the system's is") {
  std::string name;
  std::jthread([&] {
    name_thread("a name of many characters");
    char text[16];
    pthread_getname_np(pthread_self(), text, sizeof text);
    name = text;
  }).join();
  CHECK(name == "a name of many ");
}

}  // namespace
}  // namespace vsim::process
