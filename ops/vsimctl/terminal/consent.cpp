#include "ops/vsimctl/terminal/consent.h"

#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace vsim::vsimctl {
namespace {

bool can_ask() { return isatty(STDIN_FILENO) == 1; }

}  // namespace

std::shared_ptr<const Consent> add_consent_flags(CLI::App& subcommand) {
  auto consent = std::make_shared<Consent>();
  subcommand.add_flag("--yes", consent->yes, "Do not ask");
  subcommand.add_flag("--dry-run", consent->dry_run, "Only say what would be done");
  subcommand.parse_complete_callback([consent] {
    if (!consent->yes && !consent->dry_run && !can_ask()) {
      throw CLI::ValidationError(
          "there is no terminal to ask on; add --yes, or --dry-run to see "
          "what would be done");
    }
  });
  return consent;
}

tl::expected<void, std::string> confirm(const std::string& question, bool yes) {
  if (yes) {
    return {};
  }
  if (!can_ask()) {
    return tl::unexpected<std::string>("there is no terminal to ask on; add --yes");
  }
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") {
    return {};
  }
  return tl::unexpected<std::string>("not confirmed; nothing was done");
}

}  // namespace vsim::vsimctl
