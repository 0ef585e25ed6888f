// Goal: a script that is ended also ends the long command that it waits for.
// Method: a step of ops/lib/steps.sh runs one that starts a child of its own, as a build does.

#include <filesystem>

#include <doctest/doctest.h>
#include <signal.h>

#include "tests/harness/child_process.h"
#include "tests/harness/eventually.h"
#include "tests/harness/programs.h"
#include "tests/harness/scratch_dir.h"

using namespace std::chrono_literals;

namespace {

harness::ChildProcess run_step(const harness::ScratchDir& scratch, const std::string& command) {
  harness::ChildOptions options;
  options.argv = {"/bin/bash",
                  "-c",
                  "set -euo pipefail; source ops/lib/steps.sh; "
                  "work() { interruptible bash -c \"$2\" -- \"$1\" || fail 'it failed'; }; "
                  "steps_begin 1; run_step test \"$1/step.log\" work \"$1\" \"$2\"",
                  "--",
                  scratch.path(),
                  command};
  options.working_directory = harness::source_dir();
  options.log_path = scratch.path() + "/out.log";
  return harness::ChildProcess::spawn(options);
}

}  // namespace

TEST_CASE("a signal to a script ends the build that it waits for, with all that this has started") {
  const harness::ScratchDir scratch("steps");
  const std::string pid_file = scratch.path() + "/child.pid";
  auto script = run_step(scratch,
                         "sleep 600 & echo $! >\"$1/child.new\"; "
                         "mv \"$1/child.new\" \"$1/child.pid\"; wait");
  REQUIRE(harness::eventually([&] { return std::filesystem::exists(pid_file); }));
  const pid_t child = std::stoi(harness::read_file(pid_file));
  CHECK(::kill(child, 0) == 0);
  script.signal(SIGTERM);
  const auto ending = script.wait(10s);
  REQUIRE(ending.has_value());
  CHECK(ending->code == 1);
  CHECK(harness::eventually([&] { return ::kill(child, 0) != 0; }));
  CHECK(harness::read_file(scratch.path() + "/out.log").find("interrupted") != std::string::npos);
}

TEST_CASE("a step ends as its long command has") {
  const harness::ScratchDir scratch("steps");
  CHECK(run_step(scratch, "exit 0").wait(10s)->code == 0);
  CHECK(run_step(scratch, "exit 3").wait(10s)->code == 1);
  CHECK(harness::read_file(scratch.path() + "/out.log").find("it failed") != std::string::npos);
}
