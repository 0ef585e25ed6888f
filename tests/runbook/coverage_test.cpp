// Goal: the runbook and its tests cover each other, so that neither can rot.
// Method: read the runbook, ask this very program which cases it has, and compare.

#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/harness/child_process.h"
#include "tests/harness/programs.h"
#include "tests/runbook/runbook.h"

using Names = std::set<std::string>;

namespace {

Names headings() {
  Names names;
  for (const runbook::Entry& entry : runbook::shipped_runbook().entries) {
    CHECK_MESSAGE(names.insert(entry.heading).second, "two entries: ", entry.heading);
  }
  return names;
}

/// The cases that follow entries: all but those of this file and of single recipes.
Names cases() {
  const harness::Output listed = harness::run_program(
      {.argv = {"/proc/self/exe", "--list-test-cases", "--no-colors=true", "--no-version=true",
                "--source-file-exclude=*coverage_test.cpp,*recipes_test.cpp"},
       .environment = {},
       .unset = {},
       .log_path = {},
       .working_directory = {}});
  REQUIRE(listed.ending.clean());
  Names names;
  std::istringstream lines(listed.text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("[doctest]") && !line.starts_with("===")) {
      names.insert(line);
    }
  }
  return names;
}

Names missing(const Names& wanted, const Names& there) {
  Names result;
  for (const std::string& name : wanted) {
    if (there.count(name) == 0) {
      result.insert(name);
    }
  }
  return result;
}

Names names_in(const std::string& text, const std::string& pattern) {
  const std::regex name(pattern);
  Names names;
  for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
    names.insert(match->str());
  }
  return names;
}

/// The rest of a line that holds this word.
std::optional<std::string> text_behind(const std::string& word, const std::string& line) {
  const std::size_t at = line.find(word);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  return line.substr(at + word.size());
}

std::string listed(const Names& names) {
  std::string text;
  for (const std::string& name : names) {
    text += "\n  " + name;
  }
  return text;
}

}  // namespace

TEST_CASE("every entry is followed by a test, and every test follows an entry") {
  REQUIRE(headings().size() > 10);
  const Names untested = missing(headings(), cases());
  CHECK_MESSAGE(untested.empty(), "entries without a test:", listed(untested));
  const Names unwritten = missing(cases(), headings());
  CHECK_MESSAGE(unwritten.empty(), "tests without an entry:", listed(unwritten));
}

TEST_CASE("every entry has the five parts, and blocks to look, to do and to see that it worked") {
  const std::vector<std::string> parts = {"Symptom", "What it means", "How to look", "What to do",
                                          "How to see that it worked"};
  for (const runbook::Entry& entry : runbook::shipped_runbook().entries) {
    CAPTURE(entry.heading);
    CHECK(entry.parts == parts);
    CHECK(entry.blocks.size() >= 3);
  }
}

TEST_CASE("each alert is a symptom of the entry that it names") {
  const std::string rules =
      harness::read_file(harness::source_dir() + "/ops/prometheus/vsim.rules.yml");
  const runbook::Runbook book = runbook::shipped_runbook();
  Names alerts;
  std::istringstream lines(rules);
  std::string alert;
  for (std::string line; std::getline(lines, line);) {
    alert = text_behind("alert: ", line).value_or(alert);
    const auto heading = text_behind("runbook: ", line);
    if (!heading) {
      continue;
    }
    CAPTURE(alert);
    CHECK(book.entry(*heading).symptom.find(alert) != std::string::npos);
    alerts.insert(alert);
  }
  CHECK(alerts.size() >= 20);
  for (const runbook::Entry& entry : book.entries) {
    const Names unknown = missing(names_in(entry.symptom, "Vsim[A-Z][A-Za-z]+"), alerts);
    CHECK_MESSAGE(unknown.empty(), entry.heading,
                  " names alerts that there are not:", listed(unknown));
  }
}

TEST_CASE("each metric that a symptom names is one that is served") {
  const Names served = names_in(
      harness::read_file(harness::source_dir() + "/ops/prometheus/README.md"), "vsim_[a-z_]+");
  for (const runbook::Entry& entry : runbook::shipped_runbook().entries) {
    const Names unknown = missing(names_in(entry.symptom, "vsim_[a-z_]+"), served);
    CHECK_MESSAGE(unknown.empty(), entry.heading,
                  " names metrics that there are not:", listed(unknown));
  }
}

TEST_CASE("entries call the API by vsimctl alone, and their loops end (issue 20, number 7)") {
  // What would lack scheme, certificate or key; and loops over what may never come true.
  const std::regex bare_call(
      R"(\bcurl\b(?!.*(\$W/|\$ADDRESS/|\.address"?\)/readyz|nats-monitor)))");
  const std::regex endless(R"((^|[;&|{])\s*(until|while) (?!(MESSAGE=|IFS= read)))");
  for (const runbook::Entry& entry : runbook::shipped_runbook().entries) {
    CAPTURE(entry.heading);
    for (const runbook::Block& block : entry.blocks) {
      CAPTURE(block.line);
      CHECK(block.commands.find("HTTP_ADDR") == std::string::npos);
      std::istringstream lines(block.commands);
      for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK_FALSE(std::regex_search(line, bare_call));
        CHECK_FALSE(std::regex_search(line, endless));
      }
    }
  }
}

TEST_CASE("a runbook that cannot be read as one is refused") {
  CHECK_THROWS(runbook::parse_runbook("## Entry\n```sh\ntrue\n"));
  CHECK_THROWS(runbook::parse_runbook("## Entry\n```bash\ntrue\n```\n"));
  CHECK_THROWS(runbook::parse_runbook("## Entry\n  ```sh\ntrue\n```\n"));
}

TEST_CASE("following an entry stops at the first block that does not end as it should") {
  const auto printed = [](const std::string& blocks) {
    const runbook::Runbook book = runbook::parse_runbook("## Entry\n" + blocks);
    return harness::run_program(
        {.argv = {"/bin/bash", "-c", runbook::script_of(book, book.entry("Entry"))},
         .environment = {},
         .unset = {},
         .log_path = {},
         .working_directory = {}});
  };
  const harness::Output good =
      printed("```sh\nA=1\n```\n```sh refused\nfalse\n```\n```sh\necho $A\n```\n");
  CHECK(good.ending.clean());
  CHECK(good.text == "done 2\ndone 5\n1\ndone 8\n");
  const harness::Output choice = printed(
      "```sh if needed\n: \"${NONE:?}\"\necho harm\n```\n```sh if needed\necho done\n```\n");
  CHECK(choice.ending.clean());
  CHECK(choice.text.find("harm") == std::string::npos);
  CHECK(choice.text.find("line 2: this was not needed\ndone 2\ndone\ndone 6\n") !=
        std::string::npos);
  for (const std::string bad :
       {"```sh\nfalse\n```\n", "```sh\nfalse | true\n```\n", "```sh\necho $NO_SUCH\n```\n",
        "```sh refused\ntrue\n```\n", "```sh\nX=$(false)\ntrue\n```\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(printed(bad).ending.clean());
    CHECK(printed(bad).text.find("done") == std::string::npos);
  }
}
