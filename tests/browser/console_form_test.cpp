// Goal: the console's pages can be used by everybody: on a telephone, in the dark, by keyboard and
// with a screen reader; they are light, and there at once with 10,000 servers.
// Method: each page in each form is examined by axe-core and measured.

#include <cstdlib>

#include <doctest/doctest.h>

#include "tests/browser/console.h"
#include "tests/harness/programs.h"

using browser::by;
using browser::Console;

namespace {

/// The script of axe-core: in the folder VSIM_AXE_DIR, else where ops/test puts it.
std::string axe_script() {
  const char* given = std::getenv("VSIM_AXE_DIR");
  const std::string folder = given != nullptr ? given : harness::source_dir() + "/.run/tools/axe";
  const std::string script = harness::read_file(folder + "/axe.min.js");
  REQUIRE_MESSAGE(!script.empty(), "no axe-core in " << folder << "; `ops/test` puts it there");
  return script;
}

constexpr std::int64_t bytes_max = 300'000;

/// What keeps people out of the page as it is now: a line each.
std::string faults_of(Console& console) {
  return console.browser
      .evaluate(
          "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => "
          "violations.filter(({impact}) => impact === 'serious' || impact === 'critical')"
          ".map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join()}\\n`).join(''))")
      .text();
}

}  // namespace

TEST_CASE("no page keeps people out or is too wide, in either colours and at any width") {
  Console console;
  console.create("web", 3);
  console.wait_for_text("main .head", "3 servers");
  console.browser.evaluate(axe_script() + "; 1");
  const std::string server = console.browser.evaluate(by(".c-name a") + ".hash").text();
  for (const std::string& page :
       {std::string("#/fleet"), server, std::string("#/regions"), std::string("#/queue"),
        std::string("#/bill"), std::string("#/clock"), std::string("#/health")}) {
    CAPTURE(page);
    console.browser.evaluate("location.hash = " + harness::json_quoted(page));
    console.browser.wait_until(by("main h1"));
    for (const auto& [width, colours] :
         {std::pair(1280, "light"), std::pair(1280, "dark"), std::pair(390, "dark")}) {
      CAPTURE(width);
      CAPTURE(colours);
      console.browser.show_as(width, 844, colours);
      CHECK(faults_of(console) == "");
      CHECK(console.browser.evaluate("document.documentElement.scrollWidth").integer() <= width);
    }
  }
  CHECK(console.browser.complaints() == "");
}

TEST_CASE("the console is less than 300 KB in all, and keys alone create a server") {
  Console console;
  console.browser.wait_until(by("main h1"));
  const auto loaded = console.browser.evaluate(
      "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
      ".filter(({name}) => name.includes('/console/'))"
      ".reduce((sum, {decodedBodySize}) => sum + decodedBodySize, 0)");
  CHECK(loaded.integer() > 50'000);
  CHECK(loaded.integer() < bytes_max);
  console.browser.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: 'c'}))");
  console.browser.wait_until(by("dialog[open] input[name=name]"));
  CHECK(console.browser.evaluate("document.activeElement.name").text() == "name");
}
