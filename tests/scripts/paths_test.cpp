// Goal: a checkout may have any path: it works there, or is refused at once with a sentence
// (issue 12, point 22).
// Method: systems in folders of such names, spoken to by a POSIX shell; names that cannot be.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/runbook/shipped_system.h"

using runbook::ShippedSystem;

namespace {

/// All that people do from a shell, in one that is not bash.
const std::string as_in_dash = R"(LC_ALL=C dash -euc '. .run/env
  command -v nats vsimctl >/dev/null
  nats stream ls --names | grep -x EVENTS
  psql "$DATABASE_URL" -Atc "SELECT 1"
  curl -fsS "http://$HTTP_ADDR/readyz" >/dev/null
  vsimctl status >/dev/null && echo well')";

void check_it_works_in(const std::string& folder) {
  CAPTURE(folder);
  ShippedSystem system({.folder = folder});
  const harness::Output seen = system.run(as_in_dash);
  CHECK(seen.text == "EVENTS\n1\nwell\n");
  const harness::Output rotated = system.run("ops/rotate");
  CHECK_MESSAGE(rotated.ending.clean(), rotated.text);
  const harness::Output restarted = system.run("LC_ALL=C ops/down && LC_ALL=C ops/up");
  CHECK_MESSAGE(restarted.ending.clean(), restarted.text);
  CHECK(system.run(as_in_dash).text == "EVENTS\n1\nwell\n");
}

void check_refused(ShippedSystem& system, const std::string& run_dir, const std::string& why) {
  const harness::Output said = system.run(fmt::format("VSIM_RUN_DIR={} ops/up", run_dir));
  CAPTURE(run_dir);
  CHECK(said.ending.code == 1);
  CHECK_MESSAGE(said.text.find(why) != std::string::npos, said.text);
  CHECK(said.text.find("[ 1/") == std::string::npos);
}

}  // namespace

TEST_CASE("a path may hold blanks, quotes, dollars, ampersands, backslashes, commas and umlauts") {
  check_it_works_in("a b \"c\" it's $HOME $(id) `id` & \\n ü, ;*[x]{y}<z>|");
}

TEST_CASE("a path may be longer than a Unix socket's, also when only its bytes are too many") {
  const std::string scratch =
      std::filesystem::temp_directory_path().string() + "/vsim-runbook-XXXXXX/";
  std::string folder;
  while (scratch.size() + folder.size() < 149) {
    folder += "ü";
  }
  check_it_works_in(folder + std::string(150 - scratch.size() - folder.size(), 'x'));
  // With the rest of a socket's path more than 107 bytes, but fewer characters.
  folder.clear();
  while (scratch.size() + folder.size() < 85) {
    folder += "ü";
  }
  check_it_works_in(folder);
}

TEST_CASE("a path that is no text in the locale's encoding will do") {
  check_it_works_in("latin \xE4");
}

TEST_CASE("a path that a part of vsim cannot bear is refused before anything is made") {
  ShippedSystem system;
  check_refused(system, "$PWD/a:b", "holds a colon");
  check_refused(system, "$PWD/$'a\\nb'", "holds a control character");
  check_refused(system, "$PWD/$'ab\\n'", "holds a control character");
  check_refused(system, "$PWD/$'a\\tb'", "holds a control character");
  CHECK(system.run("ls -d a* 2>/dev/null").text == "");

  // A checkout that cannot be built in, or where the nats CLI does not work.
  const std::string made = system.checkout() + "/elsewhere";
  const auto up_in = [&](const std::string& folder) {
    std::filesystem::create_directories(made + "/" + folder);
    return system.run(
        "cd elsewhere/*; cp -r ../../ops ../../schema .; VSIM_BIN_DIR= ops/up; "
        "s=$?; rm -rf \"$PWD\"; exit $s");
  };
  for (const char* folder : {"a\"b", "a$b", "a&b", "it's", "a;b", "a\\b"}) {
    CAPTURE(folder);
    const harness::Output said = up_in(folder);
    CHECK(said.ending.code == 1);
    CHECK_MESSAGE(said.text.find("vsim cannot be built in") != std::string::npos, said.text);
    CHECK(said.text.find("[ 1/") == std::string::npos);
  }
  for (const char* folder : {"a#b", "a?b", "50%"}) {
    CAPTURE(folder);
    const harness::Output said = up_in(folder);
    CHECK(said.ending.code == 1);
    CHECK_MESSAGE(said.text.find("the nats CLI does not work in") != std::string::npos, said.text);
  }
}
