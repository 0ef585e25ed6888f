// `vsimctl doctor`: the daily checklist. A line for each finding; what is not well names the entry
// of ops/runbook.md that says what to do.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/api_options.h"
#include "ops/vsimctl/doctor/examination.h"
#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {
namespace {

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::bad:
      return "bad";
  }
  return {};
}

tl::expected<void, std::string> doctor(const process::CommonSettings& settings,
                                       const std::optional<process::ApiAddress>& api) {
  const auto findings = examine(settings, api);
  int bad = 0;
  int warnings = 0;
  for (const auto& finding : findings) {
    fmt::print("{:<8} {:<15} {}\n", word_of(finding.verdict), finding.subject, finding.text);
    if (finding.verdict == Verdict::ok) {
      continue;
    }
    fmt::print("{:<8} {:<15} see ops/runbook.md: {}\n", "", "", finding.runbook);
    ++(finding.verdict == Verdict::bad ? bad : warnings);
  }
  if (bad > 0) {
    return tl::unexpected(
        fmt::format("{} of {} findings are bad; do what the runbook entries say, the first first",
                    bad, findings.size()));
  }
  fmt::print("{}\n", warnings > 0 ? fmt::format("no harm yet; {} warnings", warnings)
                                  : std::string("all is well"));
  return {};
}

}  // namespace

void add_doctor(CLI::App& app, Task& chosen) {
  auto* command = app.add_subcommand("doctor",
                                     "Looks at everything and names the runbook's entry for what "
                                     "is not well; 1 when something is bad");
  const auto options = std::make_shared<ApiOptions>();
  add_api_options(*command, *options);
  command->callback([&chosen, options] {
    chosen = [api = address_of(*options)](const process::CommonSettings& settings) {
      return doctor(settings, api);
    };
  });
}

}  // namespace vsim::vsimctl
