// Goal: the sessions in the README are what a reader gets.
// Method: the lines after `$ ` of a section's console block are run by one shell, and everything
// printed is compared with what the README prints, numbers and ids aside.

#include <filesystem>
#include <regex>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"

namespace {

struct Session {
  std::string script;    // one shell for all lines
  std::string expected;  // what they print, one after the other
};

Session session_of_readme(const std::string& section) {
  const std::string text = harness::read_file(harness::source_dir() + "/README.md");
  const std::string begin = "```console\n";
  const auto heading = text.find("\n## " + section + "\n");
  REQUIRE(heading != std::string::npos);
  const auto from = text.find(begin, heading);
  REQUIRE(from != std::string::npos);
  const auto first = from + begin.size();
  Session session;
  std::istringstream lines(text.substr(first, text.find("```", first) - first));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("$ ")) {
      session.script += line.substr(2) + "\necho\n";
    } else {
      session.expected += line + "\n";
    }
  }
  return session;
}

// Without what differs from run to run: ids, numbers, blank lines, blanks at the ends of lines.
std::string essence(const std::string& text) {
  static const std::regex ids("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  static const std::regex numbers("[0-9]+(\\.[0-9]+)?");
  static const std::regex blanks("[ \t\r]+\n");
  static const std::regex empty_lines("\n\n+");
  auto result = std::regex_replace(text, ids, "ID");
  result = std::regex_replace(result, numbers, "N");
  result = std::regex_replace(result + "\n", blanks, "\n");
  result = std::regex_replace(result, empty_lines, "\n");
  const auto first = result.find_first_not_of('\n');
  return first == std::string::npos ? "" : result.substr(first);
}

std::string run_in_a_checkout(harness::Fleet& fleet, const std::string& script) {
  // A session begins with `. .run/env` in the checkout: here that file is the fleet's.
  const harness::ScratchDir folder("readme");
  const std::filesystem::path nats(harness::find_program("VSIM_NATS_CLI", "nats"));
  const std::filesystem::path vsimctl(harness::product_program("vsimctl"));
  std::filesystem::create_directory(folder.path() + "/.run");
  harness::write_file(folder.path() + "/.run/env",
                      "export NATS_URL='" + fleet.nats().url("operator") + "'\n" +
                          "export DATABASE_URL='" + fleet.database_url("vsim_operator") + "'\n" +
                          "export HTTP_ADDR=127.0.0.1:" + std::to_string(fleet.api_port()) + "\n" +
                          "export PATH='" + nats.parent_path().string() + ":" +
                          vsimctl.parent_path().string() + "':$PATH\n");
  harness::ChildOptions shell;
  shell.argv = {"/bin/bash", "-c", script};
  shell.working_directory = folder.path();
  const auto output = harness::run_program(shell);
  REQUIRE_MESSAGE(output.ending.clean(), output.text);
  return output.text;
}

/// What the session prints on a system with these settings.
std::string check_session(const std::string& section, const harness::Settings& settings = {}) {
  harness::Fleet fleet({.settings = settings});
  const auto session = session_of_readme(section);
  REQUIRE(session.script.find("curl") != std::string::npos);
  auto printed = run_in_a_checkout(fleet, session.script);
  CHECK(essence(printed) == essence(session.expected));
  return printed;
}

}  // namespace

TEST_CASE("the README's session prints what the README says") { check_session("Try it"); }

TEST_CASE("the README's month in a minute prints what the README says") {
  check_session("A month in a minute");
}

TEST_CASE("the README's bad day is the same on every fresh system of its seed") {
  const std::string section = "A bad day in a minute";
  const std::string readme = harness::read_file(harness::source_dir() + "/README.md");
  REQUIRE(readme.find("`SIM_SEED=2026 TIME_SCALE=0.000001 ops/up`") != std::string::npos);
  const harness::Settings settings = {{"SIM_SEED", "2026"}, {"TIME_SCALE", "0.000001"}};
  const auto first = check_session(section, settings);
  CHECK(check_session(section, settings) == first);
  CHECK(first.find("  -\n") != std::string::npos);  // the sum of the history
}
