// Goal: ops/test installs and builds for one label, or for some names, only what these need
// (issue 20, point 12).
// Method: the script's own tables are asked, and compared with what ctest has.

#include <filesystem>
#include <regex>

#include <doctest/doctest.h>

#include "tests/harness/child_process.h"
#include "tests/harness/programs.h"

namespace {

std::string output_of(std::vector<std::string> command) {
  harness::ChildOptions options;
  options.argv = std::move(command);
  options.working_directory = harness::source_dir();
  const harness::Output said = harness::run_program(options);
  REQUIRE_MESSAGE(said.ending.clean(), said.text);
  return said.text;
}

std::string bash(const std::string& script) {
  return output_of({"/bin/bash", "-c",
                    "set -eu; ROOT=$PWD TOOLS=/nowhere; for part in packages build needs; do "
                    "source ops/lib/$part.sh; done\n" +
                        script});
}

std::string needs_of(const std::string& labels) {
  return bash("take_needs " + labels +
              "; echo \"${NEEDED_PACKAGES[*]}/${NEEDED_PARTS[*]}/${NEEDED_TARGETS[*]}\"");
}

}  // namespace

TEST_CASE("a label of ops/test needs what its tests use, and no more") {
  CHECK(needs_of("unit") == "//unit_tests\n");
  CHECK(needs_of("tidy") == "shellcheck/clang-format clang-tidy/\n");
  CHECK(needs_of("alerts") == "/promtool/\n");
  CHECK(needs_of("threads") == "//tsan_tests\n");
  CHECK(needs_of("fuzz") == bash("echo \"${FUZZ_PACKAGES[*]}//\""));
  CHECK(needs_of("integration") == bash("echo \"${RUN_PACKAGES[*]}/servers/integration_tests\""));
  CHECK(needs_of("chaos") == bash("echo \"${RUN_PACKAGES[*]} faketime/servers swagger/"
                                  "${PROGRAMS[*]} chaos_tests\""));
  CHECK(needs_of("powercut") == bash("echo \"${RUN_PACKAGES[*]} fuse3 libfuse3-dev/servers/"
                                     "${PROGRAMS[*]} powercut_tests\""));
  CHECK(needs_of("browser") ==
        bash("echo \"${RUN_PACKAGES[*]} chromium/servers swagger axe/${PROGRAMS[*]} "
             "browser_tests\""));
}

TEST_CASE("words of names lead to the labels that have such tests") {
  CHECK(bash("labels_of_names 'reaper_race|tidy.tree'") == "e2e\ntidy\n");
  CHECK(bash("labels_of_names '^unit'") == "unit\n");
  CHECK(bash("labels_of_names 'no such test'") == "");
  // Of fuzz there is nothing in this build, and docker stands in another configuration.
  const std::filesystem::path program(harness::product_program("vsim-api"));
  const std::string listed = output_of(
      {"/usr/bin/env", "ctest", "--test-dir", program.parent_path().parent_path().string(), "-N"});
  const std::regex line(R"(Test +#\d+: ([^\s]+))");
  std::string names;
  for (std::sregex_iterator match(listed.begin(), listed.end(), line), end; match != end; ++match) {
    names += (*match)[1].str() + "\n";
  }
  CHECK(names.size() > 500);
  CHECK(bash("for label in \"${LABELS[@]}\"; do names_of_label \"$label\"; done | sort") ==
        bash("sort <<'END'\n" + names + "END"));
}
