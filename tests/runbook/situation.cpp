#include "tests/runbook/situation.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/runbook/runbook.h"
#include "tests/runbook/second_run.h"

namespace runbook {
namespace {

constexpr std::chrono::seconds change_wait_max{30};

void check_all_done(const Runbook& runbook, const Entry& entry, const std::string& printed) {
  for (const auto* blocks : {&runbook.preparation, &entry.blocks}) {
    for (const Block& block : *blocks) {
      CHECK_MESSAGE(printed.find(fmt::format("done {}\n", block.line)) != std::string::npos,
                    "the block at line ", block.line, " was not done");
    }
  }
}

}  // namespace

void follow(const Situation& situation) {
  follow(doctest::getContextOptions()->currentTest->m_name, situation);
}

void follow(const std::string& heading, const Situation& situation) {
  const Runbook runbook = shipped_runbook();
  const Entry& entry = runbook.entry(heading);
  ShippedSystem system(situation.system);
  situation.set_up(system);
  REQUIRE_MESSAGE(harness::eventually([&] { return situation.symptom(system); }, change_wait_max),
                  "the symptom does not show");
  if (situation.meanwhile) {
    situation.meanwhile(system);
  }
  const harness::Output done = system.run(script_of(runbook, entry));
  INFO(done.text);
  REQUIRE(done.ending.clean());
  check_all_done(runbook, entry, done.text);
  CHECK_MESSAGE(harness::eventually([&] { return !situation.symptom(system); }, change_wait_max),
                "the symptom is still there");
  if (situation.after) {
    situation.after(system);
  }
  check_second_run(system, entry);
}

}  // namespace runbook
