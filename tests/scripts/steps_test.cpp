// Goal: a script that is ended also ends the long work that it waits for, in a step or beside the
// steps; a failure beside them is known; a build says how far it is.
// Method: steps of ops/lib/steps.sh run work that starts a child of its own, as a build does.

#include <filesystem>

#include <doctest/doctest.h>
#include <signal.h>

#include "tests/harness/child_process.h"
#include "tests/harness/eventually.h"
#include "tests/harness/programs.h"
#include "tests/harness/scratch_dir.h"

using namespace std::chrono_literals;

namespace {

// In `script` $1 is the scratch folder and $2 is `argument`.
harness::ChildProcess run_script(const harness::ScratchDir& scratch, const std::string& script,
                                 const std::string& argument = "") {
  harness::ChildOptions options;
  options.argv = {
      "/bin/bash", "-c",           "set -Eeuo pipefail; source ops/lib/steps.sh; " + script,
      "--",        scratch.path(), argument};
  options.working_directory = harness::source_dir();
  options.log_path = scratch.path() + "/out.log";
  return harness::ChildProcess::spawn(options);
}

harness::ChildProcess run_step(const harness::ScratchDir& scratch, const std::string& command) {
  return run_script(scratch,
                    "work() { interruptible bash -c \"$2\" -- \"$1\" || fail 'it failed'; }; "
                    "steps_begin 1; run_step test \"$1/step.log\" work \"$1\" \"$2\"",
                    command);
}

std::string output_of(const harness::ScratchDir& scratch) {
  return harness::read_file(scratch.path() + "/out.log");
}

// Has a child, and makes its pid known in child.pid once it runs.
const std::string long_work =
    "sleep 600 & echo $! >\"$1/child.new\"; mv \"$1/child.new\" \"$1/child.pid\"; wait";

}  // namespace

TEST_CASE("a signal to a script ends the build that it waits for, with all that this has started") {
  const harness::ScratchDir scratch("steps");
  const std::string pid_file = scratch.path() + "/child.pid";
  auto script = run_step(scratch, long_work);
  REQUIRE(harness::eventually([&] { return std::filesystem::exists(pid_file); }));
  const pid_t child = std::stoi(harness::read_file(pid_file));
  CHECK(::kill(child, 0) == 0);
  script.signal(SIGTERM);
  const auto ending = script.wait(10s);
  REQUIRE(ending.has_value());
  CHECK(ending->code == 1);
  CHECK(harness::eventually([&] { return ::kill(child, 0) != 0; }));
  CHECK(output_of(scratch).find("interrupted") != std::string::npos);
}

TEST_CASE("a step ends as its long command has") {
  const harness::ScratchDir scratch("steps");
  CHECK(run_step(scratch, "exit 0").wait(10s)->code == 0);
  CHECK(run_step(scratch, "exit 3").wait(10s)->code == 1);
  CHECK(output_of(scratch).find("it failed") != std::string::npos);
}

TEST_CASE("work beside the steps ends with a script that fails, with all that it has started") {
  const harness::ScratchDir scratch("steps");
  auto script = run_script(scratch,
                           "beside() { eval \"$2\"; }; "
                           "work() { until [[ -f $1/child.pid ]]; do pause 0.01; done; false; }; "
                           "steps_begin 1; begin_beside \"$1/beside.log\" beside \"$1\" \"$2\"; "
                           "run_step test \"$1/step.log\" work \"$1\"",
                           long_work);
  const auto ending = script.wait(10s);
  REQUIRE(ending.has_value());
  CHECK(ending->code == 1);
  const pid_t child = std::stoi(harness::read_file(scratch.path() + "/child.pid"));
  CHECK(harness::eventually([&] { return ::kill(child, 0) != 0; }));
}

TEST_CASE("the end of work beside the steps is taken with its status and its output") {
  const harness::ScratchDir scratch("steps");
  const std::string script =
      "beside() { echo beside >&1; return \"$2\"; }; take() { end_beside || fail 'it failed'; }; "
      "steps_begin 1; begin_beside \"$1/beside.log\" beside \"$1\" \"$2\"; "
      "run_step test \"$1/step.log\" take";
  CHECK(run_script(scratch, script, "0").wait(10s)->code == 0);
  CHECK(output_of(scratch).find("[ 1/1] test ... ok") != std::string::npos);
  CHECK(harness::read_file(scratch.path() + "/beside.log") == "beside\n");
  CHECK(run_script(scratch, script, "3").wait(10s)->code == 1);
  CHECK(output_of(scratch).find("it failed") != std::string::npos);
}

TEST_CASE("a build's progress is the newest count of its own step, and the time left by its rate") {
  const harness::ScratchDir scratch("steps");
  const auto progress = [&](const std::string& lines, const std::string& since) {
    auto script = run_script(scratch,
                             "printf \"$2\" >\"$1/step.log\"; STEP_LOG=$1/step.log; SECONDS=40; " +
                                 since + "note_progress; printf '%s' \"$PROGRESS\" >\"$1/said\"",
                             lines);
    REQUIRE(script.wait(10s)->code == 0);
    return harness::read_file(scratch.path() + "/said");
  };
  const std::string rate = "PROGRESS_SINCE=20; PROGRESS_FROM=1; PROGRESS_ALL=62; ";
  CHECK(progress("[1/62] one\\n[31/62] two\\nwarning: [9/9\\n", rate) ==
        "31 of 62 objects, about 20 s left");
  CHECK(progress("[62/62] last\\n", rate) == "62 of 62 objects, about 0 s left");
  CHECK(progress("[1/62] one\\n", "") == "1 of 62 objects");
  CHECK(progress("[1/2] prepared\\n", rate) == "1 of 2 objects");
  CHECK(progress("[62/62] last\\n\\n== [ 5/11] starting\\n", rate) == "");
  CHECK(progress("", rate) == "");
  const std::string waits = "waiting for another ops command that builds in this checkout";
  CHECK(progress("[2/2] prepared\n" + waits + "\n", rate) == waits);
  CHECK(progress(waits + "\n[1/62] one\n", "") == "1 of 62 objects");
  CHECK(progress(waits + "\nconfigured\n", "") == "");
}
